"""The validation split after each epoch: how well it is read, and what was said of each image."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from core.classifier.architectures import INPUT_SHAPE
from core.classifier.learning import EpochAnswers
from core.data.datasets import Split
from core.errors import RunError
from core.runs.run import Run

BATCH = 500

_Answering = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


class Validation(keras.callbacks.Callback):
    """Measures the network on the validation split after each epoch, and keeps its answers.

    It does the work of fit's own validation, which keeps the answers to itself. It comes before all callbacks that
    look for `val_loss` and `val_accuracy`.
    """

    def __init__(self, run: Run, split: Split, epochs_before: int) -> None:
        """`epochs_before`: how many a training had that goes on; answers of later epochs are dropped."""
        super().__init__()
        self._run = run
        self._images, self._labels = split.images[..., np.newaxis], split.labels
        self._answers = _earlier_answers(run, split.labels).until(epochs_before)
        self._answer: _Answering | None = None

    def of(self, model: keras.Model) -> tuple[float, float]:
        """Loss and accuracy of the network that was trained, or is to be, on the whole split."""
        # Where it was trained, that is compiled already.
        self._answer = self._answer or _answering(model)
        return self.on_sample(len(self._labels))

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self._answer = _answering(self.model)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        loss, predictions = self._measure(len(self._labels))
        if logs is not None:
            logs["val_loss"] = loss
            logs["val_accuracy"] = float((predictions == self._labels).mean())
        self._answers = self._answers.with_epoch(epoch + 1, predictions)
        self._run.write_answers(self._answers)

    def on_sample(self, count: int) -> tuple[float, float]:
        """Loss and accuracy on the first `count` images."""
        loss, predictions = self._measure(count)
        return loss, float((predictions == self._labels[:count]).mean())

    def _measure(self, count: int) -> tuple[float, np.ndarray]:
        """Mean loss, and predictions uint8 (count,), on the first `count` images."""
        losses, predictions, answer = [], [], self._answer
        assert answer is not None  # there is a network to ask
        for start in range(0, count, BATCH):
            chosen = slice(start, min(start + BATCH, count))
            loss, said = answer(tf.constant(self._images[chosen]), tf.constant(self._labels[chosen]))
            losses.append(loss.numpy())
            predictions.append(said.numpy())
        return float(np.concatenate(losses).mean()), np.concatenate(predictions)


def _answering(model: keras.Model) -> _Answering:
    """Images uint8 (n, 28, 28, 1) and labels uint8 (n,) -> the losses float32 (n,) and the answers uint8 (n,)."""

    @tf.function(input_signature=(tf.TensorSpec((None, *INPUT_SHAPE), tf.uint8), tf.TensorSpec((None,), tf.uint8)))
    def answer(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        probabilities = model(tf.cast(images, tf.float32) / 255.0, training=False)
        losses = keras.ops.sparse_categorical_crossentropy(tf.cast(labels, tf.int32), probabilities)
        return losses, tf.cast(tf.argmax(probabilities, axis=1), tf.uint8)

    answering: _Answering = answer
    return answering


def _earlier_answers(run: Run, labels: np.ndarray) -> EpochAnswers:
    """Those of the run's epochs so far; none where they are of other images, or damaged: that must not stop it."""
    try:
        answers = run.answers()
    except RunError as error:
        print(f"{error} It begins anew.", flush=True)
        return EpochAnswers.none(labels)
    return answers if answers and np.array_equal(answers.labels, labels) else EpochAnswers.none(labels)
