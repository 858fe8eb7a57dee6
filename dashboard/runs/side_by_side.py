"""The comparison of runs: overlaid curves, differing settings, and results across runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd
import streamlit as st

from core.config import TrainingConfig, differing_settings
from core.errors import RunError
from core.language import Message, tr
from core.runs.run import Run
from core.runs.summary import Summary
from dashboard.parts.show_chart import show_chart
from dashboard.parts.vega_lite import VegaLite
from dashboard.runs import parallel_runs, run_cache, scatter
from dashboard.runs.curves_picture import curves_picture
from dashboard.runs.parallel_coordinates import HINT, show_parallel_coordinates
from dashboard.runs.picture_buttons import picture_buttons
from dashboard.session import address
from dashboard.session.permission import safe_text
from dashboard.training import curve_points, curves
from dashboard.training.chart_options import AXES, CURVE_METRICS, TITLES, Axis, ChartOptions
from dashboard.training.settings import differences_from_preset, settings_table

DEFAULT_Y = "Test accuracy"
MAX_SMOOTHING = 0.99
_CURVE_DESCRIPTIONS: dict[Axis, Message] = {
    "epoch": Message("{metric} over epochs"),
    "step": Message("{metric} over steps"),
    "seconds": Message("{metric} over seconds"),
}


def choose_chart_options(runs: Collection[Run]) -> ChartOptions:
    """Let the visitor choose how the curves of `runs` are drawn; the choice is written to the page's URL."""
    hidden_by_default = curve_points.hides_first_epoch(map(_completed_epochs, runs))
    with st.container(horizontal=True, vertical_alignment="bottom", key="look"):
        options, hide_first_epoch = _show_chart_options(hidden_by_default)
    address.keep(
        axis=None if options.axis == "epoch" else options.axis,
        smoothing=f"{options.smoothing:g}" if options.smoothing else None,
        log=address.switch_value(options.logarithmic, False),
        late=address.switch_value(hide_first_epoch, hidden_by_default),
    )
    return options


def _completed_epochs(run: Run) -> int:
    """Return the number of completed epochs, or 0 if the run's status is damaged; other parts of a page report that."""
    try:
        return run.status().epochs_done
    except RunError:
        return 0


def _show_chart_options(hidden_by_default: bool) -> tuple[ChartOptions, bool]:
    """Return the chosen options, and True if the first epoch is hidden."""
    axis = st.segmented_control(
        tr("Horizontal axis"),
        list(AXES),
        default=address.choice("axis", AXES, "epoch"),
        required=True,
        format_func=lambda name: tr(AXES[name]),
        key="axis",
    )
    smoothing = st.slider(
        tr("Smoothing"),
        0.0,
        MAX_SMOOTHING,
        address.number("smoothing", 0.0, MAX_SMOOTHING, 0.0),
        0.01,
        key="smoothing",
        width=200,
        help=tr(
            "Weight of earlier values in the moving average of the thin lines, as in TensorBoard. Pale lines show the "
            "measured values."
        ),
    )
    logarithmic = st.toggle(
        tr("Log scale"),
        address.switch("log", False),
        key="log",
        help=tr("Makes small differences late in training visible. Plots the error instead of the accuracy."),
    )
    hide_first_epoch = st.toggle(
        tr("Hide the first epoch"),
        address.switch("late", hidden_by_default),
        # Each default has its own widget, because a widget keeps its first value.
        key="late" if hidden_by_default else "late_short",
        help=tr("The large changes in the first epoch flatten the rest of the curve."),
    )
    first_epoch = 1.0 if hide_first_epoch else 0.0
    return ChartOptions(axis, smoothing, logarithmic, first_epoch), hide_first_epoch


def legend_row(
    legend: str, points: pd.DataFrame, options: ChartOptions, name: str, baseline: str | None = None
) -> None:
    """Show the legend of the curves and a menu to save them as a picture."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(legend, width="stretch")
        with st.popover(tr("Save chart"), icon=":material/image:", key="picture"):
            picture_buttons(partial(curves_picture, points, options, baseline=baseline), name, "picture")


def draw_curves(points: pd.DataFrame, options: ChartOptions, chart: Callable[..., VegaLite]) -> None:
    """Draw the loss beside the accuracy, or beside the error on a logarithmic scale.

    `chart` is called with the points, the metric and the options.
    """
    if points["epoch"].max() <= 1:  # hiding the first epoch would leave nothing
        options = replace(options, first_epoch=0.0)
    for slot, column, metric in zip(CURVE_METRICS, st.columns(2), options.metrics, strict=True):
        with column, st.container(key=f"overlaid_{slot}"):
            title = tr(TITLES[metric])
            st.markdown(f"**{title}**")
            show_chart(
                chart(points, metric, options),
                alt=tr(_CURVE_DESCRIPTIONS[options.axis], metric=title),
            )


def compare(runs: dict[str, Run], options: ChartOptions, baseline: str | None = None) -> None:
    """Show the overlaid curves and differing settings of `runs`, keyed by name; `baseline` is one of these names."""
    points, configs = _read_runs(runs, options)
    if not configs:
        return
    table = pd.concat(points) if points else pd.DataFrame()
    if table.empty:
        st.caption(tr("Nothing has been recorded for these runs."))
    else:
        dashed_run = baseline if len(configs) > 1 else None
        legend = [tr("Dots: validation after each epoch. Thin lines: training, every few steps.")]
        if dashed_run:
            legend.append(tr("Dashed: the baseline."))
        legend_row(" ".join(legend), table, options, "curves", dashed_run)
        draw_curves(table, options, partial(curves.overlaid_curves, baseline=dashed_run))
    _show_settings(configs)


def _read_runs(runs: dict[str, Run], options: ChartOptions) -> tuple[list[pd.DataFrame], dict[str, TrainingConfig]]:
    """Return the curves and the settings of the readable runs, and show a warning for each unreadable run."""
    points = []
    configs = {}
    max_points = curve_points.max_points_per_run(len(runs))
    for name, run in runs.items():
        try:
            configs[name] = run.config()
            points.append(run_cache.curve(run, name, options.smoothing, max_points, overlaid=True))
        except RunError as error:
            st.warning(safe_text(error), icon=":material/warning:")
    return points, configs


def _show_settings(configs: dict[str, TrainingConfig]) -> None:
    """Show how one run differs from its preset, or how several runs differ from each other."""
    if len(configs) == 1:
        st.subheader(tr("Settings"), anchor=False)
        for name, config in configs.items():
            differences_from_preset(config, name)
        return
    st.subheader(tr("Differing settings"), anchor=False)
    values = differing_settings(list(configs.values()))
    if not values:
        st.caption(tr("These runs have the same settings."))
        return
    settings_table(values, list(configs), tr("Settings of the selected runs"))


def results_across_runs(rows: Sequence[Summary], names: dict[str, str], selected: Collection[str]) -> None:
    """Plot any setting or metric against any metric, with a point for each run that has a model."""
    table = scatter.results_table(rows, names)
    if len(table) < 2:
        return
    st.subheader(tr("Results across runs"), anchor=False)
    default_x = scatter.default_x(table, DEFAULT_Y)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        x = _axis_box(tr("Horizontal axis"), "across", scatter.x_choices(table), default_x)
        y = _axis_box(tr("Vertical axis"), "up", scatter.y_choices(table), DEFAULT_Y)
    address.keep(across=None if x == default_x else x, up=None if y == DEFAULT_Y else y)
    st.caption(tr("Hover over a dot to see its run. Selected runs are larger."))
    show_chart(
        scatter.scatter_chart(table, x, y, [names[run_id] for run_id in selected if run_id in names]),
        alt=tr("{y} against {x}, one point for each run", y=tr(y), x=tr(x)),
    )


def all_settings_at_once(rows: Sequence[Summary], names: dict[str, str], selected: Collection[str]) -> list[str] | None:
    """Draw parallel coordinates of the listed runs; return the ids of those that the visitor wants to select, or None.

    `selected`: ids of the runs that stand out.
    """
    shown = parallel_runs.runs_with_results(rows)
    choices, default = parallel_runs.axis_choices(shown), parallel_runs.default_axes(shown)
    if len(shown) < 3 or len(default) < 2:
        return None
    st.subheader(tr("All settings at once"), anchor=False)
    keys = st.multiselect(
        tr("Axes"),
        choices,
        default,
        format_func=parallel_runs.axis_title,
        placeholder=tr("Choose options"),
        # A widget keeps its first value, so different choices need a different widget.
        key=f"parallel_axes_{hash(tuple(choices))}",
    )
    if len(keys) < 2:
        st.caption(tr("Choose two or more axes."))
        return None
    explanation = tr("Each line is a run. The stronger its colour, the more accurate it is; selected runs are orange.")
    st.caption(f"{explanation} {tr(HINT)}")
    axes = parallel_runs.run_axes(shown, keys)
    inside = show_parallel_coordinates(axes, parallel_runs.run_lines(shown, names, selected), "parallel_runs")
    ids_in_ranges = [row.id for row, fits in zip(shown, inside, strict=True) if fits]
    if len(ids_in_ranges) == len(shown):
        return None
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            tr(
                "**{found:,} of {count:,} runs** are in the selected ranges.",
                found=len(ids_in_ranges),
                count=len(shown),
            ),
            width="content",
        )
        pressed = st.button(tr("Select them in the table"), icon=":material/check_box:", key="select_in_ranges")
    return ids_in_ranges if pressed else None


def _axis_box(label: str, key: str, options: list[str], default: str) -> str:
    index = options.index(address.choice(key, options, default))
    return st.selectbox(label, options, index, format_func=tr, key=key, width=240)
