"""The headline metrics of a model on the page of its run."""

from __future__ import annotations

import streamlit as st

from core.classifier.bundle import Card
from core.language import Message, number, tr
from dashboard.classifier.calibration import caught_mistakes, temperature_tile
from dashboard.parts.metric_tiles import (
    MIN_TILE_WIDTH,
    accuracy_tiles,
    brief_fit_note,
    metric_tile,
    parameters_tile,
    training_time_tile,
)
from dashboard.training.wording import REDRAWN_ACCURACY

_REDRAWN_HELP = Message(
    "Fraction of test images classified correctly after being traced and drawn again on a canvas. See below."
)
_REJECTED_HELP = Message(
    "Fraction of validation digits rejected as out-of-distribution; lower is better. Letters, scribbles and "
    "other out-of-distribution samples should all be rejected."
)
_CLOSE_CALLS_HELP = Message(
    "Fraction of validation digits with a low confidence, for which Draw names a second candidate. Many mistakes are "
    "close calls. Evaluate shows the same metric for the test images."
)


def show_metrics(card: Card) -> None:
    """Draw the headline metrics; a model from an earlier version of Trazo has fewer of them."""
    novelty, calibration = card.novelty, card.calibration
    with st.container(key="figures"), st.grid(4, min_column_width=MIN_TILE_WIDTH):
        accuracy_tiles(card)
        if card.robustness:
            metric_tile(
                tr(REDRAWN_ACCURACY),
                number(card.robustness.drawings, ".1%"),
                tr("mean of five kinds"),
                tr(_REDRAWN_HELP),
            )
        if novelty:
            metric_tile(
                tr("Digits rejected"),
                number(novelty.digits_rejected, ".2%"),
                tr("and {fraction:.0%} of non-digits", fraction=novelty.out_of_distribution_rejected),
                tr(_REJECTED_HELP),
            )
        if calibration:
            metric_tile(
                tr("Close calls"),
                number(calibration.unsure_share, ".2%"),
                caught_mistakes(calibration.errors_caught, card.metrics.validation_accuracy),
                tr(_CLOSE_CALLS_HELP),
            )
            temperature_tile(calibration)
        parameters_tile(card)
        training_time_tile(card)
    brief_fit_note(card)
