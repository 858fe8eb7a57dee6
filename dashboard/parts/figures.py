"""Figures: a number with a note, the accuracies of a model, and durations in words."""

from __future__ import annotations

import streamlit as st

from core.classifier.bundle import Card, Metrics

FIGURE_WIDTH = 150
"""Smallest width of a figure in a grid, in pixels."""


def figure(label: str, value: str, note: str, explanation: str | None = None) -> None:
    """A figure with a note below it."""
    st.metric(label, value, border=True, delta_description=note, help=explanation, height="stretch")


def accuracy_figures(card: Card) -> None:
    """The test and the validation accuracy of a model."""
    test_accuracy_figure(card.metrics)
    metrics = card.metrics
    epoch = f"epoch {metrics.best_epoch} of {metrics.epochs}"
    figure(
        "Validation accuracy",
        f"{metrics.validation_accuracy:.2%}",
        epoch if card.config.patience else f"{epoch}, the last",
        "Measured on images set aside to choose epochs and settings. The test accuracy is the unbiased figure.",
    )


def test_accuracy_figure(metrics: Metrics) -> None:
    """A model's test accuracy with its 95% interval."""
    figure(
        "Test accuracy",
        f"{metrics.test_accuracy:.2%}",
        f"95%: {metrics.test_accuracy_low * 100:.2f}–{metrics.test_accuracy_high:.2%}",
        "Share of test images classified correctly, measured once, after training. The note is the 95% confidence "
        "interval (Wilson, 1927).",
    )


def in_epochs(number: int) -> str:
    """A number of epochs in words."""
    return "1 epoch" if number == 1 else f"{number} epochs"


def duration(seconds: float | None) -> str:
    """Seconds in a few characters, so that a figure fits a phone; a dash for None."""
    if seconds is None:
        return "–"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    if minutes < 120:
        return f"{minutes:.1f} min" if minutes < 10 else f"{minutes:.0f} min"
    return f"{minutes / 60:.1f} h"
