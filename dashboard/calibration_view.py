"""Calibration, as the Evaluate page shows it: the reliability diagram and its figures."""

from __future__ import annotations

import streamlit as st

from core.classifier.bundle import Card
from core.classifier.calibration import (
    BINS,
    UNSURE_BELOW,
    brier_score,
    expected_calibration_error,
    reliability,
    unsure_shares,
)
from core.classifier.evaluation import Evaluation
from dashboard import charts
from dashboard.components import ink_colour


def calibration_section(card: Card, evaluation: Evaluation) -> None:
    """Whether the model's confidence can be believed: the reliability diagram and its figures."""
    st.subheader("Calibration", anchor=False)
    st.markdown(
        "Of all answers that it is 80 % sure of, four in five should be right: each bar should end at its orange "
        "line. The numbers are the answers in each bar, the thin lines the 95 % intervals."
    )
    left, right = st.columns([1.15, 1])
    left.altair_chart(charts.reliability_diagram(reliability(evaluation), ink_colour()), width="stretch")
    with right, st.container(horizontal=True):
        st.metric(
            "Expected calibration error",
            f"{expected_calibration_error(evaluation):.2%}",
            f"{BINS} bins of equal width",
            delta_color="off",
            delta_arrow="off",
            border=True,
            help="Mean distance between confidence and share that was right, bins weighted by their answers.",
        )
        st.metric(
            "Brier score",
            f"{brier_score(evaluation):.4f}",
            "0 is perfect, 2 the worst",
            delta_color="off",
            delta_arrow="off",
            border=True,
            help="Mean squared distance of the ten probabilities from the truth (Brier, 1950).",
        )
        _doubt_metrics(card, evaluation)


def _doubt_metrics(card: Card, evaluation: Evaluation) -> None:
    """How often the model says that it is unsure, and what its probabilities were divided by."""
    calibration = card.calibration
    limit = calibration.unsure_below if calibration else UNSURE_BELOW
    unsure, caught = unsure_shares(evaluation, limit)
    st.metric(
        "Close calls",
        f"{unsure:.2%}",
        f"{caught:.0%} of the mistakes are among them",
        delta_color="off",
        delta_arrow="off",
        border=True,
        help=f"Test images that it is less than {limit:.0%} sure of: Draw names both candidates, not one.",
    )
    if calibration is None:
        st.caption("This model was trained by an earlier version, which did not calibrate probabilities.")
        return
    st.metric(
        "Temperature",
        f"{calibration.temperature:.2f}",
        "fitted on the validation split",
        delta_color="off",
        delta_arrow="off",
        border=True,
        help="The logits are divided by it (Guo et al., 2017): above 1, the network alone was too sure of itself; "
        "below 1, not sure enough. It never changes which digit is the likeliest.",
    )
