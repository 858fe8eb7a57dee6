"""Images that a network learned and forgot, from its predictions after each epoch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.classifier.evaluation import class_metrics
from core.classifier.learning import (
    NEVER,
    EpochPredictions,
    class_accuracies,
    first_learned,
    forgetting_events,
    forgotten_since,
    learned_since,
    read_epoch_predictions,
    write_epoch_predictions,
)

DIGIT = st.integers(0, 9)


@st.composite
def answers(draw: st.DrawFn) -> EpochPredictions:
    """Up to eight epochs, the first ones perhaps unknown; few digits, so that some answers are right."""
    epochs, images = draw(st.integers(1, 8)), draw(st.integers(1, 12))
    few = st.integers(0, 2)
    first = draw(st.integers(1, 5))
    return EpochPredictions(
        np.arange(first, first + epochs),
        draw(arrays(np.uint8, (epochs, images), elements=few)),
        draw(arrays(np.uint8, images, elements=few)),
    )


def of_one_image(*right: bool) -> EpochPredictions:
    """An image of a 1 that is taken for a 7 where it is not read rightly."""
    said = np.array([[1 if one else 7] for one in right], np.uint8)
    return EpochPredictions(np.arange(1, len(right) + 1), said, np.array([1], np.uint8))


@pytest.mark.parametrize(
    ("right", "learned", "forgotten"),
    [
        ((True, True, True), 1, 0),
        ((False, True, True), 2, 0),
        ((True, False, True), 3, 1),
        ((True, False, True, False, True), 5, 2),
        ((True, True, False), NEVER, 1),
        ((False, False), NEVER, 0),
        ((True,), 1, 0),
        ((False,), NEVER, 0),
    ],
)
def test_image_is_learned_once_its_prediction_stays_correct(
    right: tuple[bool, ...], learned: int, forgotten: int
) -> None:
    assert first_learned(of_one_image(*right)).tolist() == [learned]
    assert forgetting_events(of_one_image(*right)).tolist() == [forgotten]


@given(answers())
def test_learned_image_was_wrong_before_and_stays_correct(answers: EpochPredictions) -> None:
    learned = first_learned(answers)

    for image, epoch in enumerate(learned):
        right = answers.correct[:, image]
        if epoch == NEVER:
            assert not right[-1]
        else:
            start = int(np.flatnonzero(answers.epochs == epoch)[0])
            assert right[start:].all()
            assert start == 0 or not right[start - 1]


@given(answers())
def test_correct_images_are_kept_ones_and_newly_learned_ones(
    answers: EpochPredictions,
) -> None:
    right: set[int] = set()
    events = np.zeros(len(answers.labels), int)
    for position in range(len(answers)):
        learned, forgotten = learned_since(answers, position), forgotten_since(answers, position)
        assert right.isdisjoint(learned)
        assert right.issuperset(forgotten)
        right = right.union(learned).difference(forgotten)
        events[forgotten] += 1

        assert right == set(np.flatnonzero(answers.correct[position]))
    assert events.tolist() == forgetting_events(answers).tolist()


@given(answers())
def test_accuracy_of_a_digit_is_its_recall(answers: EpochPredictions) -> None:
    shares = class_accuracies(answers)

    for position in range(len(answers)):
        matrix = answers.matrix(position)
        assert matrix.sum() == len(answers.labels)
        for row in class_metrics(matrix):
            if row.support:
                assert shares[position, row.digit] == pytest.approx(row.recall)
            else:
                assert np.isnan(shares[position, row.digit])


@given(answers(), DIGIT, DIGIT)
def test_cell_has_as_many_members_as_its_count(answers: EpochPredictions, true: int, said: int) -> None:
    members = answers.cell_members(len(answers) - 1, true, said)

    assert len(members) == answers.matrix(len(answers) - 1)[true, said]
    assert (answers.labels[members] == true).all()


def test_epochs_are_added_and_dropped() -> None:
    begun = EpochPredictions.empty(np.array([3, 4], np.uint8))
    grown = begun.with_epoch(1, np.array([3, 3], np.uint8)).with_epoch(2, np.array([3, 4], np.uint8))

    assert first_learned(begun).tolist() == [NEVER, NEVER]
    assert grown.correct.tolist() == [[True, False], [True, True]]
    assert grown.up_to(1).epochs.tolist() == [1]
    assert len(grown.up_to(0)) == 0


@pytest.mark.parametrize(
    ("epochs", "predictions", "labels"),
    [
        (np.arange(2), np.zeros((3, 4), np.uint8), np.zeros(4, np.uint8)),
        (np.arange(3), np.zeros((3, 4), np.uint8), np.zeros(5, np.uint8)),
        (np.arange(3), np.zeros((3, 4)), np.zeros(4, np.uint8)),
        (np.arange(3), np.full((3, 4), 10, np.uint8), np.zeros(4, np.uint8)),
        (np.arange(3), np.zeros((3, 4), np.uint8), np.full(4, 11, np.uint8)),
    ],
)
def test_invalid_predictions_are_rejected(epochs: np.ndarray, predictions: np.ndarray, labels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="Expected"):
        EpochPredictions(epochs, predictions, labels)


@given(answers())
def test_predictions_survive_the_file(tmp_path_factory: pytest.TempPathFactory, said: EpochPredictions) -> None:
    file = tmp_path_factory.mktemp("answers") / "answers.npz"

    write_epoch_predictions(file, said)

    kept = read_epoch_predictions(file)
    assert kept is not None
    assert np.array_equal(kept.epochs, said.epochs)
    assert np.array_equal(kept.predictions, said.predictions)
    assert np.array_equal(kept.labels, said.labels)
