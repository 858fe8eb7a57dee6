"""The images that lessons choose, and the bets on them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.classifier.evaluation import Evaluation
from core.lessons.betting import STAKES, points, sure_answers
from core.lessons.examples import bets, clearest, hardest


def predictions(seed: int, count: int = 60) -> Evaluation:
    """Return predictions with varied confidences, about half of which are right."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(10, 0.3), count).astype(np.float32)
    labels = np.where(rng.random(count) < 0.5, probabilities.argmax(axis=1), rng.integers(0, 10, count))
    return Evaluation(probabilities, labels.astype(np.uint8))


@given(st.integers(0, 1000))
def test_hardest_images_have_the_lowest_confidence(seed: int) -> None:
    evaluation = predictions(seed)

    chosen = hardest(evaluation, 20, seed)

    others = np.setdiff1d(np.arange(60), chosen)
    assert len(set(chosen.tolist())) == 20
    assert evaluation.confidences[chosen].max() <= evaluation.confidences[others].min()


@given(st.integers(0, 1000))
def test_bets_mix_right_and_wrong_answers(seed: int) -> None:
    evaluation = predictions(seed, count=200)  # bets need at least 24 correct answers

    chosen = bets(evaluation, 10, seed)

    is_correct = evaluation.predictions[chosen] == evaluation.labels[chosen]
    assert len(set(chosen.tolist())) == 10
    assert is_correct.sum() == 6
    assert (bets(evaluation, 10, seed) == chosen).all()


@given(st.integers(0, 1000), st.integers(0, 9))
def test_clearest_image_shows_the_digit(seed: int, digit: int) -> None:
    evaluation = predictions(seed)

    index = clearest(evaluation, digit)

    assert index is None or evaluation.labels[index] == digit
    assert (index is None) == (digit not in evaluation.labels)


@given(st.sampled_from(STAKES))
def test_bet_pays_only_if_three_of_four_answers_are_right(stake: int) -> None:
    assert 3 * points(stake, True) + points(stake, False) == 0


@given(st.integers(0, 1000), st.floats(0.1, 1))
def test_sure_answers_are_counted(seed: int, threshold: float) -> None:
    evaluation = predictions(seed)

    sure = sure_answers(evaluation, threshold)

    assert 0 <= sure.wrong <= sure.count <= 60
    assert 0 <= sure.expected_wrong <= sure.count * (1 - threshold) + 1e-4
