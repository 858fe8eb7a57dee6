"""Metric tiles: a number with a note below it. Some tiles show a model's accuracies, parameters and training time."""

from __future__ import annotations

import streamlit as st

from core.classifier.bundle import Card, Metrics
from core.language import number, tr
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
        tr("Validation accuracy"),
        number(card.metrics.validation_accuracy, ".2%"),
        _kept_epoch(card),
        tr("Measured on images set aside to choose epochs and settings. The test accuracy is the unbiased metric."),
    )


def parameters_tile(card: Card) -> None:
    """Show the number of parameters of a model."""
    metric_tile(
        tr("Parameters"),
        number(card.parameters, ","),
        tr("weights and biases"),
        tr("All parameters of the network, trainable or not."),
    )


def training_time_tile(card: Card) -> None:
    """Show the training time of a model, and the epochs it was trained for."""
    metric_tile(tr("Training time"), duration(card.seconds), trained_epochs(card.metrics))


def trained_epochs(metrics: Metrics) -> str:
    """Return the number of trained epochs in words; an epoch that was stopped partway through counts as a fraction."""
    return epochs_and_part(metrics.epochs - 1, metrics.last_epoch_fraction)


def _kept_epoch(card: Card) -> str:
    """Return the epoch whose weights are kept, in words."""
    metrics = card.metrics
    if metrics.best_epoch == metrics.epochs and metrics.last_epoch_fraction < 1:
        return tr("after {epochs}", epochs=trained_epochs(metrics))
    if card.config.patience:
        return tr("epoch {epoch} of {epochs}", epoch=metrics.best_epoch, epochs=metrics.epochs)
    if metrics.epochs < card.config.epochs:
        return tr("after epoch {epoch} of {epochs}", epoch=metrics.epochs, epochs=card.config.epochs)
    return tr("epoch {epoch} of {epochs}, the last", epoch=metrics.best_epoch, epochs=metrics.epochs)


def brief_fit_note(card: Card) -> None:
    """Show a sentence if the novelty detector was fitted on fewer samples."""
    if card.novelty is not None and card.novelty.fitted_briefly:
        st.caption(
            tr(
                "The run was stopped, so the detector of non-digits was fitted on fewer samples. Resume the run or "
                "train again to fit it in full."
            )
        )


def test_accuracy_tile(metrics: Metrics) -> None:
    """Show a model's test accuracy with its 95% confidence interval."""
    metric_tile(
        tr("Test accuracy"),
        number(metrics.test_accuracy, ".2%"),
        confidence_interval(metrics.test_accuracy_low, metrics.test_accuracy_high),
        tr(
            "Fraction of test images classified correctly, measured once, after training. Below it is the 95% "
            "confidence interval (Wilson, 1927)."
        ),
    )


def confidence_interval(low: float, high: float) -> str:
    """Return the 95% confidence interval of an accuracy, 0..1, in a few characters."""
    return tr("95%: {low:.2f}–{high:.2%}", low=low * 100, high=high)
