"""Figures: a number with its note, and durations in words."""

from __future__ import annotations

import streamlit as st

from core.classifier.bundle import Metrics

FIGURE_WIDTH = 150


def figure(label: str, value: str, note: str, explanation: str | None = None) -> None:
    """One figure with a note below it; FIGURE_WIDTH is the least width of a grid's columns for them."""
    st.metric(label, value, border=True, delta_description=note, help=explanation, height="stretch")


WHAT_TEST_ACCURACY_IS = (
    "Share of test images read rightly, measured once, at the end of the training. On endlessly many such images it "
    "would lie in the 95% interval 19 times out of 20 (Wilson, 1927)."
)
WHAT_VALIDATION_ACCURACY_IS = (
    "On training images held back to judge epochs and settings by; the test accuracy is the fair figure."
)


def accuracy_interval(metrics: Metrics) -> str:
    """The 95 % interval of a test accuracy, short enough for a figure's note."""
    return f"95%: {metrics.test_accuracy_low * 100:.2f}–{metrics.test_accuracy_high:.2%}"


def in_epochs(number: int) -> str:
    """So many epochs, in words."""
    return "1 epoch" if number == 1 else f"{number} epochs"


def duration(seconds: float | None) -> str:
    """Seconds in few characters, for a phone shows no more of a figure; a dash where there are none yet."""
    if seconds is None:
        return "–"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    if minutes < 120:
        return f"{minutes:.1f} min" if minutes < 10 else f"{minutes:.0f} min"
    return f"{minutes / 60:.1f} h"
