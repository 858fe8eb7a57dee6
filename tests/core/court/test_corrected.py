"""The accuracy under corrected labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.classifier.evaluation import Evaluation, accuracy_interval
from core.court.corrected import corrected_accuracy
from core.court.verdicts import CANNOT_TELL

COUNT = 40

CHOICES = st.dictionaries(st.integers(0, COUNT + 5), st.integers(0, 9) | st.just(CANNOT_TELL))


def evaluation(seed: int) -> Evaluation:
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(10), COUNT).astype(np.float32)
    correct = rng.random(COUNT) < 0.7
    labels = np.where(correct, probabilities.argmax(axis=1), rng.integers(0, 10, COUNT))
    return Evaluation(probabilities, labels.astype(np.uint8))


@given(st.integers(0, 1000), CHOICES)
def test_corrections_give_the_accuracy_of_the_corrected_set(seed: int, choices: dict) -> None:
    original = evaluation(seed)
    remaining = [index for index in range(COUNT) if choices.get(index) != CANNOT_TELL]
    labels = np.array([choices.get(index, original.labels[index]) for index in remaining], np.uint8)
    relabelled = Evaluation(original.probabilities[remaining], labels)

    result = corrected_accuracy(original, choices)

    assert result.accuracy == pytest.approx(relabelled.accuracy)
    assert result.interval == pytest.approx(accuracy_interval(relabelled))
    assert result.interval[0] <= result.accuracy <= result.interval[1]
    assert (result.total, result.left_out) == (len(remaining), COUNT - len(remaining))
    assert result.changed == (labels != original.labels[remaining]).sum()


@given(st.integers(0, 1000))
def test_agreeing_with_every_label_changes_nothing(seed: int) -> None:
    original = evaluation(seed)

    result = corrected_accuracy(original, dict(enumerate(original.labels.tolist())))

    assert result == corrected_accuracy(original, {})
    assert (result.accuracy, result.changed, result.left_out) == (pytest.approx(original.accuracy), 0, 0)


@given(st.integers(0, 1000), st.sets(st.integers(0, COUNT - 1)))
def test_agreeing_with_the_model_never_lowers_its_accuracy(seed: int, judged_images: set[int]) -> None:
    original = evaluation(seed)
    choices = {index: int(original.predictions[index]) for index in judged_images}

    assert corrected_accuracy(original, choices).correct >= corrected_accuracy(original, {}).correct


def test_no_accuracy_if_every_image_is_left_out() -> None:
    result = corrected_accuracy(evaluation(1), dict.fromkeys(range(COUNT), CANNOT_TELL))

    assert (result.accuracy, result.interval, result.left_out) == (None, None, COUNT)
