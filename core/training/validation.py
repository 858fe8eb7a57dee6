"""Validation after each epoch: loss, accuracy, and the prediction for each image."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from core.classifier.architectures import INPUT_SHAPE
from core.classifier.learning import EpochPredictions
from core.data.datasets import Split
from core.errors import RunError
from core.runs.run import Run
from core.training.watching import Watching

BATCH_SIZE = 500
"""Batch size of validation; one batch is the sample for the live curve."""

_Predict = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor, tf.Tensor]]


class Validation(keras.callbacks.Callback):
    """Evaluates the network on the validation split after each epoch, and keeps its predictions.

    This callback replaces the validation in Keras's `fit`, which does not return predictions. It must come before the
    callbacks that read `val_loss` and `val_accuracy` from the logs.
    """

    def __init__(self, run: Run, split: Split, completed_epochs: int, watching: Watching | None = None) -> None:
        """`completed_epochs`: epochs completed before a resume; predictions from later epochs are dropped.

        `watching` receives the predictions that `watch` makes.
        """
        super().__init__()
        self._run = run
        self._images, self._labels = split.images[..., np.newaxis], split.labels
        self._predictions = _read_earlier_predictions(run, split.labels).up_to(completed_epochs)
        self._watching = watching
        self._predict: _Predict | None = None

    def evaluate(self, model: keras.Model) -> tuple[float, float]:
        """Return the loss and accuracy of the trained network on the validation split."""
        # If the network was trained, the function is already compiled.
        self._predict = self._predict or _compile(model)
        self.watch()
        return self.evaluate_sample(len(self._labels))

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self._predict = _compile(self.model)
        self.watch()  # before the first step, and before the journal's clock starts, because TensorFlow compiles here

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        loss, predictions = self._predict_first(len(self._labels))
        if logs is not None:
            logs["val_loss"] = loss
            logs["val_accuracy"] = float((predictions == self._labels).mean())
        self._predictions = self._predictions.with_epoch(epoch + 1, predictions)
        self._run.write_epoch_predictions(self._predictions)
        self.watch()

    def watch(self) -> None:
        """Publish the current predictions for the watched images, if any."""
        if self._watching is None:
            return
        assert self._predict is not None  # set by `evaluate` or `on_train_begin`
        images = tf.constant(self._watching.images[..., np.newaxis])
        no_labels = tf.zeros(len(self._watching.images), tf.uint8)  # only the losses, which are not used, need them
        _, digits, confidences = self._predict(images, no_labels)
        self._watching.write(digits.numpy(), confidences.numpy())

    def evaluate_sample(self, count: int) -> tuple[float, float]:
        """Return the loss and accuracy on the first `count` images."""
        loss, predictions = self._predict_first(count)
        return loss, float((predictions == self._labels[:count]).mean())

    def _predict_first(self, count: int) -> tuple[float, np.ndarray]:
        """Return the mean loss on the first `count` images and their predictions, uint8 (count,)."""
        losses, predictions = [], []
        assert self._predict is not None  # set by `evaluate` or `on_train_begin`
        for start in range(0, count, BATCH_SIZE):
            batch = slice(start, min(start + BATCH_SIZE, count))
            batch_losses, batch_predictions, _ = self._predict(
                tf.constant(self._images[batch]), tf.constant(self._labels[batch])
            )
            losses.append(batch_losses.numpy())
            predictions.append(batch_predictions.numpy())
        return float(np.concatenate(losses).mean()), np.concatenate(predictions)


def _compile(model: keras.Model) -> _Predict:
    """Compile a function from uint8 images (n, 28, 28, 1) and labels to losses, uint8 digits, confidences, all (n,)."""

    @tf.function(input_signature=(tf.TensorSpec((None, *INPUT_SHAPE), tf.uint8), tf.TensorSpec((None,), tf.uint8)))
    def predict(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        probabilities = model(tf.cast(images, tf.float32) / 255.0, training=False)
        losses = keras.ops.sparse_categorical_crossentropy(tf.cast(labels, tf.int32), probabilities)
        predictions = tf.cast(tf.argmax(probabilities, axis=1), tf.uint8)
        return losses, predictions, tf.reduce_max(probabilities, axis=1)

    compiled: _Predict = predict
    return compiled


def _read_earlier_predictions(run: Run, labels: np.ndarray) -> EpochPredictions:
    """Return the run's predictions so far, or no predictions if the file is damaged or has other labels."""
    try:
        predictions = run.epoch_predictions()
    except RunError as error:
        print(f"{error} Recording starts again with the next epoch.", flush=True)
        return EpochPredictions.empty(labels)
    if predictions is None or not np.array_equal(predictions.labels, labels):
        return EpochPredictions.empty(labels)
    return predictions
