"""Figures: a number with a note below it, and the accuracies of a model as such figures."""

from __future__ import annotations

import streamlit as st

from core.classifier.bundle import Card, Metrics

FIGURE_WIDTH = 150
"""Minimum width of a figure in pixels, so that two fit next to each other on a phone."""


def figure(label: str, value: str, note: str, explanation: str | None = None) -> None:
    """Show a number with a note below it."""
    st.metric(label, value, border=True, delta_description=note, help=explanation, height="stretch")


def accuracy_figures(card: Card) -> None:
    """Show the test and the validation accuracy of a model."""
    test_accuracy_figure(card.metrics)
    metrics = card.metrics
    epoch = f"epoch {metrics.best_epoch} of {metrics.epochs}"
    figure(
        "Validation accuracy",
        f"{metrics.validation_accuracy:.2%}",
        epoch if card.config.patience else f"{epoch}, the last",
        "Measured on images set aside to choose epochs and settings. The test accuracy is the unbiased metric.",
    )


def brief_fit_note(card: Card) -> None:
    """Show a sentence if the novelty detector was fitted briefly."""
    if card.novelty is not None and card.novelty.fitted_briefly:
        st.caption(
            "The run was stopped, so the detector of non-digits was fitted briefly, on fewer samples. Resume the run "
            "or train again to fit it in full."
        )


def test_accuracy_figure(metrics: Metrics) -> None:
    """Show a model's test accuracy with its 95% confidence interval."""
    figure(
        "Test accuracy",
        f"{metrics.test_accuracy:.2%}",
        f"95%: {metrics.test_accuracy_low * 100:.2f}–{metrics.test_accuracy_high:.2%}",
        "Fraction of test images classified correctly, measured once, after training. The note is the 95% confidence "
        "interval (Wilson, 1927).",
    )
