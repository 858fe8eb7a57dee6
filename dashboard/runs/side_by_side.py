"""Runs laid side by side: their curves over each other, the settings in which they differ, and what settings do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from core.config import TrainingConfig, differing
from core.errors import RunError
from core.runs.run import Run
from core.runs.summary import Summary
from dashboard.parts.charts import VegaLite
from dashboard.runs import run_cache, scatter
from dashboard.runs.curves_picture import PictureFormat, curves_picture
from dashboard.runs.figures import FIGURES
from dashboard.session.permission import sentence
from dashboard.training import curve_points, curves
from dashboard.training.curves import Look
from dashboard.training.settings import differences_from_preset
from dashboard.training.wording import SETTINGS, in_words

FIRST_RESULT = "Test accuracy"


def look_controls() -> Look:
    """How curves are to be drawn; the page's address keeps it."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="look"):
        return _look()


def _look() -> Look:
    axis = st.segmented_control(
        "Over",
        list(curves.AXES),
        default="epoch",
        required=True,
        format_func=curves.AXES.__getitem__,
        key="axis",
        bind="query-params",
    )
    smoothing = st.slider(
        "Smoothing",
        0.0,
        0.99,
        0.0,
        0.01,
        key="smoothing",
        bind="query-params",
        width=200,
        help="Weight of what came before in a moving average of the thin lines, as in TensorBoard; pale lines show "
        "what was measured.",
    )
    logarithmic = st.toggle(
        "Log scale",
        key="log",
        bind="query-params",
        help="Shows small differences near the end; the error takes the accuracy's place.",
    )
    late = st.toggle(
        "Leave out the first epoch",
        True,
        key="late",
        bind="query-params",
        help="It changes so much that later ones look flat.",
    )
    return Look(axis, smoothing, logarithmic, 1.0 if late else 0.0)


def legend_row(legend: str, points: pd.DataFrame, look: Look, name: str, baseline: str | None = None) -> None:
    """What dots and lines mean, and the curves as a picture, which is drawn when it is asked for."""
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
    """Loss and accuracy (on a logarithmic scale the error) side by side; `chart` takes points, measure and look."""
    fitting = Look(look.axis, look.smoothing, look.logarithmic, look.first if points["epoch"].max() > 1 else 0.0)
    for place, column, measure in zip(curves.MEASURES, st.columns(2), fitting.measures, strict=True):
        with column, st.container(key=f"overlaid_{place}"):
            st.markdown(f"**{curves.TITLES[measure]}**")
            st.vega_lite_chart(
                chart(points, measure, fitting),
                width="stretch",
                alt=f"{curves.TITLES[measure]} over {curves.AXES[look.axis].lower()}",
            )


def compare(runs: dict[str, Run], look: Look, baseline: str | None = None) -> None:
    """Curves over each other, and the settings that differ; `runs` by their names, `baseline` is one of them."""
    points, configs = read(runs, look)
    if not configs:
        return
    table = pd.concat(points) if points else pd.DataFrame()
    if table.empty:
        st.caption("Nothing was recorded in these runs yet.")
    else:
        pinned = baseline if len(configs) > 1 else None
        legend = "Dots: validation after each epoch. Thin lines: training, every few steps."
        legend_row(f"{legend} Dashed: the baseline." if pinned else legend, table, look, "curves", pinned)
        draw_curves(table, look, partial(curves.overlaid_curves, baseline=pinned))
    settings(configs)


def read(runs: dict[str, Run], look: Look) -> tuple[list[pd.DataFrame], dict[str, TrainingConfig]]:
    """The curves and the settings of all runs that can be read; says which cannot."""
    points, configs, most = [], {}, curve_points.points_each(len(runs))
    for name, run in runs.items():
        try:
            configs[name] = run.config()
            points.append(run_cache.curve(run, name, look.smoothing, most, overlaid=True))
        except RunError as error:
            st.warning(sentence(error), icon=":material/warning:")
    return points, configs


def settings(configs: dict[str, TrainingConfig]) -> None:
    """In what one run differs from its preset, or several from each other."""
    if len(configs) == 1:
        st.subheader("Settings", anchor=False)
        for name, config in configs.items():
            differences_from_preset(config, name)
        return
    st.subheader("What differs", anchor=False)
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
        alt="Settings of the ticked runs",
    )


def settings_against_results(rows: Sequence[Summary], names: dict[str, str], ticked: Collection[str]) -> None:
    """A point for each run with a model: any setting or figure against any result."""
    table = scatter.figures(rows, names)
    if len(table) < 2:
        return
    st.subheader("Results across runs", anchor=False)
    results = [name for name in FIGURES if table[name].notna().any()]
    choices = scatter.across(table)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        x = st.selectbox(
            "Across",
            choices,
            index=choices.index(scatter.first_across(table, FIRST_RESULT)),
            key="across",
            bind="query-params",
            width=240,
        )
        y = st.selectbox("Up", results, index=results.index(FIRST_RESULT), key="up", bind="query-params", width=240)
    st.caption("Point at a dot for its run; ticked runs are larger.")
    st.vega_lite_chart(
        scatter.scatter_chart(table, x, y, [names[run_id] for run_id in ticked if run_id in names]),
        width="stretch",
        alt=f"{y} against {x}, a point for each run",
    )
