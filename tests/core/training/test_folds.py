"""The network of a fold predicts images that it was not trained on."""

from __future__ import annotations

from core.training.folds import predict_fold
from core.workspace import Workspace
from tests.support.tiny_dataset import tiny_dataset
from tests.support.tiny_training import tiny_config


def test_network_of_a_fold_predicts_unseen_digits(workspace: Workspace) -> None:
    dataset = tiny_dataset(train=200)
    reported: list[int] = []

    probabilities = predict_fold(
        tiny_config(epochs=4, batch_size=16),
        dataset.train,
        dataset.validation.images,
        (),
        lambda epoch, *_: reported.append(epoch),
    )

    assert reported == [1, 2, 3, 4]
    assert probabilities.shape == (20, 10)
    assert (probabilities.argmax(axis=1) == dataset.validation.labels).mean() > 0.5
    assert not workspace.root.exists()
