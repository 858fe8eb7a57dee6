"""Metric tiles: a number with a note below it, and a model's accuracies as such tiles."""

from __future__ import annotations

import streamlit as st

from core.classifier.bundle import Card, Metrics

MIN_TILE_WIDTH = 150
"""Minimum width of a tile in pixels, so that two fit next to each other on a phone."""


def metric_tile(label: str, value: str, note: str, explanation: str | None = None) -> None:
    """Show a number with a note below it, and an optional explanation on hover."""
    st.metric(label, value, border=True, delta_description=note, help=explanation, height="stretch")


def accuracy_tiles(card: Card) -> None:
    """Show the test accuracy and the validation accuracy of a model."""
    test_accuracy_tile(card.metrics)
    metrics = card.metrics
    epoch = f"epoch {metrics.best_epoch} of {metrics.epochs}"
    metric_tile(
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


def test_accuracy_tile(metrics: Metrics) -> None:
    """Show a model's test accuracy with its 95% confidence interval."""
    metric_tile(
        "Test accuracy",
        f"{metrics.test_accuracy:.2%}",
        f"95%: {metrics.test_accuracy_low * 100:.2f}–{metrics.test_accuracy_high:.2%}",
        "Fraction of test images classified correctly, measured once, after training. Below it is the 95% confidence "
        "interval (Wilson, 1927).",
    )
