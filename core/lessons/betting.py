"""The bets of the lesson on confidence, and how often a model's confidence comes true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.classifier.evaluation import Evaluation

STAKES = (0, 5, 10)
"""Points that a person can bet on an answer."""

LOSS_FACTOR = 3
"""Times its stake that a lost bet costs. A bet then pays only if the answer is right in more than 3 of 4 cases."""


def points(stake: int, right: bool) -> int:
    """Return the points that a bet brings."""
    return stake if right else -LOSS_FACTOR * stake


@dataclass(frozen=True)
class SureAnswers:
    """The answers of which a model is sure.

    `count`: their number. `expected_wrong`: the mistakes among them that the confidences announce. `wrong`: the
    mistakes that there are.
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
