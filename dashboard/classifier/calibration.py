"""A model's calibration metrics and reliability diagram."""

from __future__ import annotations

import streamlit as st

from core.classifier.bundle import Calibration, Card
from core.classifier.calibration import (
    BINS,
    UNSURE_BELOW,
    brier_score,
    expected_calibration_error,
    reliability,
    unsure_fractions,
)
from core.classifier.evaluation import Evaluation
from core.language import Message, number, tr
from dashboard.parts import charts
from dashboard.parts.chart_text import reliability_text
from dashboard.parts.glossary import term, text_with_terms
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, metric_tile
from dashboard.parts.show_chart import show_chart
from dashboard.parts.theme import text_colour

_TEMPERATURE_HELP = Message(
    "The logits are divided by the temperature before they become probabilities (Guo et al., 2017). Above 1 means the "
    "network was overconfident, below 1 underconfident. The predicted digit never changes."
)


def calibration_section(card: Card, evaluation: Evaluation) -> None:
    """Show how well the model's confidence matches its accuracy, with statistics for experts in an expander."""
    st.subheader(tr("Calibration"), anchor=False)
    text_with_terms(
        tr(
            "A model that says “80% sure” should be right four times out of five. Each bar is one level of "
            "{confidence} and should end at its orange line. Above each bar is its number of predictions; faint bars "
            "have fewer than ten. Thin lines are 95% {intervals}.",
            confidence=term("confidence"),
            intervals=term("confidence interval", tr("confidence intervals")),
        )
    )
    bins = reliability(evaluation)
    show_chart(charts.reliability_diagram(bins, text_colour()), alt=reliability_text(bins))
    st.markdown(
        tr("When the model is not sure, it says so: it names a second digit, or says that a drawing is not a digit.")
    )
    with st.grid(2, min_column_width=MIN_TILE_WIDTH):
        _close_calls_and_rejections(card, evaluation)
    if card.calibration is None:
        st.caption(tr("An earlier version of Trazo trained this model and did not calibrate its probabilities."))
    with st.expander(tr("Statistics for experts"), icon=":material/query_stats:", key="calibration_statistics"):
        _statistics(card, evaluation)


def _close_calls_and_rejections(card: Card, evaluation: Evaluation) -> None:
    """Show the fractions of close calls and rejected digits."""
    threshold = card.calibration.unsure_below if card.calibration else UNSURE_BELOW
    unsure, unsure_mistakes = unsure_fractions(evaluation, threshold)
    metric_tile(
        tr("Close calls"),
        number(unsure, ".2%"),
        caught_mistakes(unsure_mistakes, evaluation.accuracy),
        tr(
            "Fraction of test images with a confidence below {threshold:.0%}, for which Draw names a second candidate.",
            threshold=threshold,
        ),
    )
    if card.novelty is not None:
        metric_tile(
            tr("Digits rejected"),
            number(card.novelty.digits_rejected, ".2%"),
            tr("{fraction:.0%} of non-digits", fraction=card.novelty.out_of_distribution_rejected),
            tr(
                "Fraction of validation digits rejected, at most 2%. Non-digits are synthetic letters, scribbles and "
                "other shapes."
            ),
        )


def caught_mistakes(fraction: float, accuracy: float) -> str:
    """Return the fraction of a model's mistakes that are close calls, in words."""
    return tr("{fraction:.0%} of mistakes", fraction=fraction) if accuracy < 1 else tr("there were no mistakes")


def _statistics(card: Card, evaluation: Evaluation) -> None:
    """Show the calibration error, the Brier score and the temperature, each with its meaning."""
    st.markdown(
        tr(
            "- **Calibration error**: by how much confidence and accuracy differ on average. 0 is perfect.\n- "
            "**Brier score**: how far the probabilities are from the truth. 0 is perfect, 2 is always sure and "
            "always wrong.\n- **Temperature**: the number that softens the probabilities (above 1) or sharpens them "
            "(below 1)."
        )
    )
    with st.grid(3, min_column_width=MIN_TILE_WIDTH):
        metric_tile(
            tr("Calibration error"),
            number(expected_calibration_error(evaluation), ".2%"),
            tr("{bins} equal bins", bins=BINS),
            tr(
                "Expected calibration error: mean difference between confidence and accuracy over {bins} bins of equal "
                "width, weighted by the number of predictions in each.",
                bins=BINS,
            ),
        )
        metric_tile(
            tr("Brier score"),
            number(brier_score(evaluation), ".4f"),
            tr("0 is perfect"),
            tr("Mean squared difference between the ten probabilities and the label, 0 to 2 (Brier, 1950)."),
        )
        if card.calibration is not None:
            temperature_tile(card.calibration)


def temperature_tile(calibration: Calibration) -> None:
    """Show the temperature that the logits are divided by."""
    metric_tile(
        tr("Temperature"), number(calibration.temperature, ".2f"), tr("fitted on validation"), tr(_TEMPERATURE_HELP)
    )
