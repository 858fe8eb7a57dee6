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
    forgotten_in_epoch,
    learned_in_epoch,
    read_epoch_predictions,
    write_epoch_predictions,
)

DIGIT = st.integers(0, 9)


@st.composite
def epoch_predictions(draw: st.DrawFn) -> EpochPredictions:
    """Draw up to eight epochs, not always from epoch 1, with only three digits so that some predictions are correct."""
    epochs, images = draw(st.integers(1, 8)), draw(st.integers(1, 12))
    digits = st.integers(0, 2)
    first = draw(st.integers(1, 5))
    return EpochPredictions(
        np.arange(first, first + epochs),
        draw(arrays(np.uint8, (epochs, images), elements=digits)),
        draw(arrays(np.uint8, images, elements=digits)),
    )


def one_image_predictions(*correct: bool) -> EpochPredictions:
    """Return predictions for one image of a 1, which is mistaken for a 7 in epochs that are not `correct`."""
    digits = np.array([[1 if is_correct else 7] for is_correct in correct], np.uint8)
    return EpochPredictions(np.arange(1, len(correct) + 1), digits, np.array([1], np.uint8))


@pytest.mark.parametrize(
    ("correct", "learned_epoch", "times_forgotten"),
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
    correct: tuple[bool, ...], learned_epoch: int, times_forgotten: int
) -> None:
    assert first_learned(one_image_predictions(*correct)).tolist() == [learned_epoch]
    assert forgetting_events(one_image_predictions(*correct)).tolist() == [times_forgotten]


@given(epoch_predictions())
def test_learned_image_was_wrong_before_and_stays_correct(predictions: EpochPredictions) -> None:
    learned_epochs = first_learned(predictions)

    for image, epoch in enumerate(learned_epochs):
        correct = predictions.correct[:, image]
        if epoch == NEVER:
            assert not correct[-1]
        else:
            start = int(np.flatnonzero(predictions.epochs == epoch)[0])
            assert correct[start:].all()
            assert start == 0 or not correct[start - 1]


@given(epoch_predictions())
def test_learned_and_forgotten_images_add_up(
    predictions: EpochPredictions,
) -> None:
    correct: set[int] = set()
    events = np.zeros(len(predictions.labels), int)
    for index in range(len(predictions)):
        learned, forgotten = learned_in_epoch(predictions, index), forgotten_in_epoch(predictions, index)
        assert correct.isdisjoint(learned)
        assert correct.issuperset(forgotten)
        correct = correct.union(learned).difference(forgotten)
        events[forgotten] += 1

        assert correct == set(np.flatnonzero(predictions.correct[index]))
    assert events.tolist() == forgetting_events(predictions).tolist()


@given(epoch_predictions())
def test_accuracy_of_a_digit_is_its_recall(predictions: EpochPredictions) -> None:
    accuracies = class_accuracies(predictions)

    for index in range(len(predictions)):
        matrix = predictions.matrix(index)
        assert matrix.sum() == len(predictions.labels)
        for row in class_metrics(matrix):
            if row.support:
                assert accuracies[index, row.digit] == pytest.approx(row.recall)
            else:
                assert np.isnan(accuracies[index, row.digit])


@given(epoch_predictions(), DIGIT, DIGIT)
def test_cell_has_as_many_members_as_its_count(predictions: EpochPredictions, true: int, predicted: int) -> None:
    members = predictions.cell_members(len(predictions) - 1, true, predicted)

    assert len(members) == predictions.matrix(len(predictions) - 1)[true, predicted]
    assert (predictions.labels[members] == true).all()


def test_epochs_are_added_and_dropped() -> None:
    empty = EpochPredictions.empty(np.array([3, 4], np.uint8))
    two_epochs = empty.with_epoch(1, np.array([3, 3], np.uint8)).with_epoch(2, np.array([3, 4], np.uint8))

    assert first_learned(empty).tolist() == [NEVER, NEVER]
    assert two_epochs.correct.tolist() == [[True, False], [True, True]]
    assert two_epochs.up_to(1).epochs.tolist() == [1]
    assert len(two_epochs.up_to(0)) == 0


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


@given(epoch_predictions())
def test_predictions_survive_being_written_and_read(
    tmp_path_factory: pytest.TempPathFactory, predictions: EpochPredictions
) -> None:
    file = tmp_path_factory.mktemp("predictions") / "answers.npz"

    write_epoch_predictions(file, predictions)

    loaded = read_epoch_predictions(file)
    assert loaded is not None
    assert np.array_equal(loaded.epochs, predictions.epochs)
    assert np.array_equal(loaded.predictions, predictions.predictions)
    assert np.array_equal(loaded.labels, predictions.labels)
