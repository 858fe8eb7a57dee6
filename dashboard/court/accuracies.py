"""The model's test accuracy under the original labels, the reviewers' and the visitor's."""

from __future__ import annotations

import streamlit as st

from core.classifier.evaluation import Evaluation
from core.court.corrected import CorrectedAccuracy, corrected_accuracy
from core.court.votes import reviewed_choices
from core.language import ntr, number, tr
from dashboard.court import ledger
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, confidence_interval, metric_tile


def show_accuracies(evaluation: Evaluation, fingerprint: str) -> None:
    """Show a tile with the accuracy and its interval for each set of labels."""
    st.subheader(tr("Accuracy under other labels"), anchor=False)
    st.markdown(tr("How good the model looks depends on who labelled the test images."))
    reviewed = reviewed_choices(fingerprint, len(evaluation.labels))
    original = corrected_accuracy(evaluation, {})
    reviewers = corrected_accuracy(evaluation, reviewed) if reviewed else None
    yours = corrected_accuracy(evaluation, ledger.choices(fingerprint, "test"))
    with st.grid(3, min_column_width=MIN_TILE_WIDTH):
        _tile(tr("Original labels"), original)
        if reviewers:
            _tile(tr("Reviewers' labels"), reviewers)
        _tile(tr("Your labels"), yours)
    st.caption(f"{_reviewers_changes(reviewers)} {_your_changes(yours)}" if reviewers else _your_changes(yours))
    left_out = (
        tr("An image is left out if no digit has a majority of the reviewers' votes, or if you can't tell.")
        if reviewers
        else tr("An image is left out if you can't tell.")
    )
    bias = tr(
        "The court asks about the model's mistakes first, so corrections raise its accuracy more often than they "
        "lower it: these numbers describe the labels, and are not used to choose a model."
    )
    st.caption(f"{left_out} {bias}")


def _tile(title: str, result: CorrectedAccuracy) -> None:
    if result.accuracy is None or result.interval is None:
        metric_tile(title, "–", tr("no images left"))
        return
    low, high = result.interval
    metric_tile(
        title,
        number(result.accuracy, ".2%"),
        confidence_interval(low, high),
        tr(
            "Fraction of test images whose prediction matches this label. Below it is the 95% confidence interval "
            "(Wilson, 1927)."
        ),
    )


def _reviewers_changes(result: CorrectedAccuracy) -> str:
    return ntr(
        "The reviewers changed {count:,} label and left out {images}.",
        "The reviewers changed {count:,} labels and left out {images}.",
        result.changed,
        images=ntr("{count:,} image", "{count:,} images", result.left_out),
    )


def _your_changes(result: CorrectedAccuracy) -> str:
    return ntr(
        "You changed {count:,} label and left out {images}.",
        "You changed {count:,} labels and left out {images}.",
        result.changed,
        images=ntr("{count:,} image", "{count:,} images", result.left_out),
    )
