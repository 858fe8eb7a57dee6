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
from dashboard.parts import charts
from dashboard.parts.digit_grid import ink_colour
from dashboard.parts.figures import FIGURE_WIDTH, figure

WHAT_TEMPERATURE_IS = (
    "What the network says is divided by it before it becomes probabilities (Guo et al., 2017): above 1, the network "
    "alone was too sure of itself; below 1, not sure enough. It never changes which digit is the likeliest."
)


def calibration_section(card: Card, evaluation: Evaluation) -> None:
    """Whether the model's confidence can be believed: its figures and the reliability diagram."""
    st.subheader("Calibration", anchor=False)
    st.markdown(
        "Of all answers that it is 80% sure of, four in five should be right: each bar should end at its orange "
        "line. The numbers are the answers in each bar, the thin lines the 95% intervals."
    )
    with st.grid(5, min_column_width=FIGURE_WIDTH):
        figure(
            "Calibration error",
            f"{expected_calibration_error(evaluation):.2%}",
            f"{BINS} equal bins",
            "Expected calibration error: mean distance between confidence and share that was right over "
            f"{BINS} bins of equal width, weighted by their answers.",
        )
        figure(
            "Brier score",
            f"{brier_score(evaluation):.4f}",
            "0 is perfect",
            "Mean squared distance of the ten probabilities from the truth, 0 to 2 (Brier, 1950).",
        )
        _doubts(card, evaluation)
    if card.calibration is None:
        st.caption("This model was trained by an earlier version, which did not calibrate probabilities.")
    st.altair_chart(charts.reliability_diagram(reliability(evaluation), ink_colour()), width="stretch")


def _doubts(card: Card, evaluation: Evaluation) -> None:
    """How often the model doubts itself, and what it takes for no digit."""
    limit = card.calibration.unsure_below if card.calibration else UNSURE_BELOW
    unsure, caught = unsure_shares(evaluation, limit)
    figure(
        "Close calls",
        f"{unsure:.2%}",
        f"{caught:.0%} of mistakes",
        f"Test images that it is less than {limit:.0%} sure of: Draw names the second candidate, too.",
    )
    if card.novelty is not None:
        figure(
            "Digits refused",
            f"{card.novelty.digits_rejected:.2%}",
            f"{card.novelty.out_of_distribution_rejected:.0%} of non-digits",
            "Of the validation digits; at most 2%. Non-digits are letters, scribbles and other things drawn by code.",
        )
    if card.calibration is not None:
        figure(
            "Temperature",
            f"{card.calibration.temperature:.2f}",
            "from validation",
            WHAT_TEMPERATURE_IS,
        )
