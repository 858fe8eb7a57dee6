"""Metric tiles: a number with a note below it, and a model's accuracies as such tiles."""

from __future__ import annotations

import streamlit as st

from core.classifier.bundle import Card, Metrics
from dashboard.parts.units import duration, epochs_and_part

MIN_TILE_WIDTH = 150
"""Minimum width of a tile in pixels, so that two fit next to each other on a phone."""


def metric_tile(label: str, value: str, note: str, explanation: str | None = None) -> None:
    """Show a number with a note below it, and an optional explanation on hover."""
    st.metric(label, value, delta_description=note, help=explanation, height="stretch")


def accuracy_tiles(card: Card) -> None:
    """Show the test accuracy and the validation accuracy of a model."""
    test_accuracy_tile(card.metrics)
    metric_tile(
        "Validation accuracy",
        f"{card.metrics.validation_accuracy:.2%}",
        _kept_epoch(card),
        "Measured on images set aside to choose epochs and settings. The test accuracy is the unbiased metric.",
    )


def training_time_tile(card: Card) -> None:
    """Show the training time of a model, and the epochs it was trained for."""
    metric_tile("Training time", duration(card.seconds), trained_epochs(card.metrics))


def trained_epochs(metrics: Metrics) -> str:
    """Return the number of trained epochs in words; an epoch that was stopped partway through counts as a part."""
    return epochs_and_part(metrics.epochs - 1, metrics.last_epoch_fraction)


def _kept_epoch(card: Card) -> str:
    """Return the epoch whose weights are kept, in words."""
    metrics = card.metrics
    if metrics.best_epoch == metrics.epochs and metrics.last_epoch_fraction < 1:
        return f"after {trained_epochs(metrics)}"
    if card.config.patience:
        return f"epoch {metrics.best_epoch} of {metrics.epochs}"
    if metrics.epochs < card.config.epochs:
        return f"after epoch {metrics.epochs} of {card.config.epochs}"
    return f"epoch {metrics.best_epoch} of {metrics.epochs}, the last"


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
