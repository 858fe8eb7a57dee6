"""The learning curves of a run on the Train page, which grow while it trains."""

from __future__ import annotations

import streamlit as st

from core.config import TrainingConfig
from core.language import Message, tr
from core.runs.run import Run
from core.runs.status import Status
from dashboard.parts.show_chart import show_chart
from dashboard.training import curve_points, curves
from dashboard.training.chart_options import CURVE_METRICS, TITLES, CurveMetric
from dashboard.training.loss_gap import explain_loss_gap
from dashboard.training.watched import show_watched

HEIGHT = 200
"""Height of a chart in pixels: the curves and the watched images fit on a laptop's screen."""

_ALT_TEXTS: dict[CurveMetric, Message] = {
    "loss": Message("Loss over the epochs, training and validation"),
    "accuracy": Message("Accuracy over the epochs, training and validation"),
}


def show_live_curves(run: Run, name: str, status: Status, config: TrainingConfig) -> None:
    """Draw loss and accuracy, training and validation, above the watched images; raise RunError for a damaged file."""
    if config.fine_tuned:
        st.caption(
            tr(
                "A fine-tuned model has no learning curves. Its proof is on the page where it was fine-tuned: Your "
                "hand or Class."
            )
        )
        return
    steps = run.steps()
    points = curve_points.curve_points(name, steps, run.history(), status.steps)
    current_epoch = float(points["epoch"].max()) if len(points) else 0.0
    axis_end = None if status.has_ended else curves.axis_end(current_epoch, config.epochs)
    charts = st.container(gap=None)  # filled below, because the switch comes after the charts
    show_watched(run, config)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(tr("Thin lines: every few steps. Dots: completed epochs."), width="content")
        hide_first_epoch = st.toggle(
            tr("Hide the first epoch"),
            default := curve_points.hides_first_epoch([status.epochs_done or 1]),
            # Each default has its own widget, because a widget keeps its first value.
            key="train_skip" if default else "train_skip_short",
            help=tr("The large changes in the first epoch flatten the rest of the curve."),
        )
    if sentence := explain_loss_gap(steps, config):
        st.caption(sentence)
    first_epoch = 1.0 if hide_first_epoch and current_epoch > 1 else 0.0
    with charts:
        for column, metric in zip(st.columns(2), CURVE_METRICS, strict=True):
            with column, st.container(key=f"curve_{metric}", gap=None):
                st.markdown(f"**{tr(TITLES[metric])}**")
                show_chart(
                    curves.training_curve(points, metric, first_epoch, axis_end, HEIGHT),
                    alt=tr(_ALT_TEXTS[metric]),
                )
