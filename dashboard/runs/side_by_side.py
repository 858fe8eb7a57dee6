"""Runs side by side: overlaid curves, differing settings, and results across runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from core.config import TrainingConfig, differing
from core.errors import RunError
from core.runs.run import Run
from core.runs.summary import Summary
from dashboard.parts.vega_lite import VegaLite
from dashboard.runs import run_cache, scatter
from dashboard.runs.curves_picture import PictureFormat, curves_picture
from dashboard.runs.figures import FIGURES
from dashboard.session import address
from dashboard.session.permission import safe_text
from dashboard.training import curve_points, curves
from dashboard.training.look import AXES, MEASURES, TITLES, Look
from dashboard.training.settings import differences_from_preset
from dashboard.training.wording import SETTINGS, in_words

FIRST_RESULT = "Test accuracy"
MOST_SMOOTHING = 0.99


def look_controls() -> Look:
    """Let the visitor choose how curves are drawn; the page's address keeps the choice."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="look"):
        look, late = _look()
    address.keep(
        axis=None if look.axis == "epoch" else look.axis,
        smoothing=f"{look.smoothing:g}" if look.smoothing else None,
        log=address.switched(look.logarithmic, False),
        late=address.switched(late, True),
    )
    return look


def _look() -> tuple[Look, bool]:
    axis = st.segmented_control(
        "Horizontal axis",
        list(AXES),
        default=address.choice("axis", AXES, "epoch"),
        required=True,
        format_func=AXES.__getitem__,
        key="axis",
    )
    smoothing = st.slider(
        "Smoothing",
        0.0,
        MOST_SMOOTHING,
        address.number("smoothing", 0.0, MOST_SMOOTHING, 0.0),
        0.01,
        key="smoothing",
        width=200,
        help="Weight of earlier values in a moving average of the thin lines, as in TensorBoard. Pale lines show the "
        "measured values.",
    )
    logarithmic = st.toggle(
        "Log scale",
        address.switch("log", False),
        key="log",
        help="Shows small differences late in training. The error replaces the accuracy.",
    )
    late = st.toggle(
        "Hide the first epoch",
        address.switch("late", True),
        key="late",
        help="Its large changes flatten the rest of the curve.",
    )
    return Look(axis, smoothing, logarithmic, 1.0 if late else 0.0), late


def legend_row(legend: str, points: pd.DataFrame, look: Look, name: str, baseline: str | None = None) -> None:
    """The legend of the curves, and their download as a picture."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(legend, width="stretch")
        _picture_buttons(points, look, name, baseline)


def _picture_buttons(points: pd.DataFrame, look: Look, name: str, baseline: str | None) -> None:
    with st.popover("Picture", icon=":material/image:", key="picture"):
        kinds: tuple[PictureFormat, ...] = ("png", "svg")
        for kind in kinds:
            st.download_button(
                f"Save as {kind.upper()}",
                data=partial(curves_picture, points, look, kind, baseline),
                file_name=f"{name}.{kind}",
                mime="image/png" if kind == "png" else "image/svg+xml",
                icon=":material/download:",
                key=f"picture_{kind}",
                on_click="ignore",
            )


def draw_curves(points: pd.DataFrame, look: Look, chart: Callable[..., VegaLite]) -> None:
    """Loss and accuracy (on a logarithmic scale, the error) side by side; `chart` takes points, measure and look."""
    fitting = Look(look.axis, look.smoothing, look.logarithmic, look.first if points["epoch"].max() > 1 else 0.0)
    for place, column, measure in zip(MEASURES, st.columns(2), fitting.measures, strict=True):
        with column, st.container(key=f"overlaid_{place}"):
            st.markdown(f"**{TITLES[measure]}**")
            st.vega_lite_chart(
                chart(points, measure, fitting),
                width="stretch",
                alt=f"{TITLES[measure]} over {AXES[look.axis].lower()}",
            )


def compare(runs: dict[str, Run], look: Look, baseline: str | None = None) -> None:
    """Overlaid curves and differing settings of `runs`, by their names; `baseline` is one of these names."""
    points, configs = read(runs, look)
    if not configs:
        return
    table = pd.concat(points) if points else pd.DataFrame()
    if table.empty:
        st.caption("Nothing has been recorded for these runs yet.")
    else:
        pinned = baseline if len(configs) > 1 else None
        legend = "Dots: validation after each epoch. Thin lines: training, every few steps."
        legend_row(f"{legend} Dashed: the baseline." if pinned else legend, table, look, "curves", pinned)
        draw_curves(table, look, partial(curves.overlaid_curves, baseline=pinned))
    settings(configs)


def read(runs: dict[str, Run], look: Look) -> tuple[list[pd.DataFrame], dict[str, TrainingConfig]]:
    """Return the curves and the settings of the runs that can be read, and warn about the others."""
    points, configs, most = [], {}, curve_points.points_each(len(runs))
    for name, run in runs.items():
        try:
            configs[name] = run.config()
            points.append(run_cache.curve(run, name, look.smoothing, most, overlaid=True))
        except RunError as error:
            st.warning(safe_text(error), icon=":material/warning:")
    return points, configs


def settings(configs: dict[str, TrainingConfig]) -> None:
    """The differences of one run from its preset, or of several runs from each other."""
    if len(configs) == 1:
        st.subheader("Settings", anchor=False)
        for name, config in configs.items():
            differences_from_preset(config, name)
        return
    st.subheader("Differing settings", anchor=False)
    values = differing(list(configs.values()))
    if not values:
        st.caption("These runs have the same settings.")
        return
    st.dataframe(
        pd.DataFrame(
            [[in_words(name, value) for value in row] for name, row in values.items()],
            index=[SETTINGS[name].label for name in values],
            columns=list(configs),
        ),
        width="content",
        height="content",
        key="settings",
        alt="Settings of the selected runs",
    )


def settings_against_results(rows: Sequence[Summary], names: dict[str, str], selected: Collection[str]) -> None:
    """A chart of any setting or figure against any result, with a point for each run that has a model."""
    table = scatter.figures(rows, names)
    if len(table) < 2:
        return
    st.subheader("Results across runs", anchor=False)
    results = [name for name in FIGURES if table[name].notna().any()]
    choices = scatter.across(table)
    first = scatter.first_across(table, FIRST_RESULT)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        x = _axis_box("Horizontal axis", "across", choices, first)
        y = _axis_box("Vertical axis", "up", results, FIRST_RESULT)
    address.keep(across=None if x == first else x, up=None if y == FIRST_RESULT else y)
    st.caption("Hover over a dot to see its run. Selected runs are larger.")
    st.vega_lite_chart(
        scatter.scatter_chart(table, x, y, [names[run_id] for run_id in selected if run_id in names]),
        width="stretch",
        alt=f"{y} against {x}, a point for each run",
    )


def _axis_box(label: str, key: str, options: list[str], default: str) -> str:
    index = options.index(address.choice(key, options, default))
    return st.selectbox(label, options, index, key=key, width=240)
