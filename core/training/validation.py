"""The validation split after each epoch: loss, accuracy, and the prediction for each image."""

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
"""Images in a batch: one batch is the sample of the live curve."""

_Predict = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


class Validation(keras.callbacks.Callback):
    """Measures the network on the validation split after each epoch, and keeps its predictions.

    It replaces the validation of Keras' `fit`, which does not return predictions. It goes before every callback that
    reads `val_loss` and `val_accuracy` from the logs.
    """

    def __init__(self, run: Run, split: Split, epochs_before: int) -> None:
        """`epochs_before`: epochs of a resumed training; predictions of later epochs are dropped."""
        super().__init__()
        self._run = run
        self._images, self._labels = split.images[..., np.newaxis], split.labels
        self._answers = _earlier_answers(run, split.labels).until(epochs_before)
        self._predict: _Predict | None = None

    def of(self, model: keras.Model) -> tuple[float, float]:
        """Return loss and accuracy of the trained network on the whole split."""
        # Training has compiled the function already.
        self._predict = self._predict or _compiled(model)
        return self.on_sample(len(self._labels))

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self._predict = _compiled(self.model)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        loss, predictions = self._measure(len(self._labels))
        if logs is not None:
            logs["val_loss"] = loss
            logs["val_accuracy"] = float((predictions == self._labels).mean())
        self._answers = self._answers.with_epoch(epoch + 1, predictions)
        self._run.write_answers(self._answers)

    def on_sample(self, count: int) -> tuple[float, float]:
        """Return loss and accuracy on the first `count` images."""
        loss, predictions = self._measure(count)
        return loss, float((predictions == self._labels[:count]).mean())

    def _measure(self, count: int) -> tuple[float, np.ndarray]:
        """Return the mean loss and the predictions uint8 (count,) on the first `count` images."""
        losses, predictions, predict = [], [], self._predict
        assert predict is not None  # `of` or `on_train_begin` came before
        for start in range(0, count, BATCH):
            chosen = slice(start, min(start + BATCH, count))
            loss, predicted = predict(tf.constant(self._images[chosen]), tf.constant(self._labels[chosen]))
            losses.append(loss.numpy())
            predictions.append(predicted.numpy())
        return float(np.concatenate(losses).mean()), np.concatenate(predictions)


def _compiled(model: keras.Model) -> _Predict:
    """Compile: images uint8 (n, 28, 28, 1), labels uint8 (n,) -> losses float32 (n,), predictions uint8 (n,)."""

    @tf.function(input_signature=(tf.TensorSpec((None, *INPUT_SHAPE), tf.uint8), tf.TensorSpec((None,), tf.uint8)))
    def predict(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        probabilities = model(tf.cast(images, tf.float32) / 255.0, training=False)
        losses = keras.ops.sparse_categorical_crossentropy(tf.cast(labels, tf.int32), probabilities)
        return losses, tf.cast(tf.argmax(probabilities, axis=1), tf.uint8)

    compiled: _Predict = predict
    return compiled


def _earlier_answers(run: Run, labels: np.ndarray) -> EpochAnswers:
    """Return the run's predictions so far; none if they are of other images, or damaged: training goes on."""
    try:
        answers = run.answers()
    except RunError as error:
        print(f"{error} Predictions are recorded from the next epoch on.", flush=True)
        return EpochAnswers.none(labels)
    return answers if answers and np.array_equal(answers.labels, labels) else EpochAnswers.none(labels)
