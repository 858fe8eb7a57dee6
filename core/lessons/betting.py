"""The bets in the lesson on confidence, and how well a model's confidence matches its mistakes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.classifier.evaluation import Evaluation

STAKES = (0, 5, 10)
"""Points that a person can bet on an answer."""

LOSS_FACTOR = 3
"""A lost bet costs this many times its stake, so betting pays only if more than 3 of 4 answers are right."""


def points(stake: int, right: bool) -> int:
    """Return the points that a bet wins, or loses if negative."""
    return stake if right else -LOSS_FACTOR * stake


@dataclass(frozen=True)
class SureAnswers:
    """The answers that a model is sure of.

    `count`: their number. `expected_wrong`: the number of mistakes among them that their confidences predict.
    `wrong`: the actual number of mistakes.
    """

    count: int
    expected_wrong: float
    wrong: int


def sure_answers(predictions: Evaluation, above: float) -> SureAnswers:
    """Count the answers with a confidence of at least `above`, and the mistakes among them."""
    sure = predictions.confidences >= above
    wrong = predictions.predictions != predictions.labels
    return SureAnswers(
        count=int(sure.sum()),
        expected_wrong=float((1 - predictions.confidences[sure].astype(np.float64)).sum()),
        wrong=int((sure & wrong).sum()),
    )
