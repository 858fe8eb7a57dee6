"""The training batches: augmented images and variations of pen digits, their labels, and the teachers' predictions."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from core.classifier.architectures import INPUT_SHAPE
from core.classifier.network import Network
from core.config import TrainingConfig
from core.data.augmentation import augment
from core.data.datasets import CLASSES, Split
from core.handwriting.pen_digits import PenDigit
from core.handwriting.strokes import draw_digits
from core.handwriting.tracing import TRAINING_RANGES, redraw_images
from core.handwriting.variation import draw_variations
from core.language import Message
from core.runs.run import Run
from core.runs.status import Status
from core.training.distillation import MIN_PROBABILITY

FINAL_STRENGTH = 0.5
"""Strength of the augmentation in the final epochs, as a fraction of the configured one."""

_TEACHER_BATCHES = 8
"""Number of batches passed to the teachers at once; together, they fill one LiteRT batch."""

_DIGITS_PER_STATUS = 500
"""Number of digits drawn between two status updates; drawing them takes about half a second."""


class Stopped(Exception):
    """The run was asked to stop before there was anything to save."""


class _DrawingProgress:
    """Writes the progress of drawing digits to the run's status; raises Stopped if the run was asked to stop."""

    def __init__(self, run: Run, total: int, epochs: int) -> None:
        self._run, self._total, self._done = run, total, 0
        self._status = Status(
            state="running", phase="starting", start="images", started=run.started or time.time(), epochs=epochs
        )

    def count(self) -> None:
        """Count a digit that is about to be drawn."""
        if self._done % _DIGITS_PER_STATUS == 0:
            _raise_if_stopped(self._run)
            fraction = self._done / self._total
            status = self._status.model_copy(
                update={"message": Message("Drawing synthetic digits: {fraction:.0%}.", fraction=fraction)}
            )
            self._run.write_status(status, durable=False)
        self._done += 1


def training_images(train: Split, config: TrainingConfig, run: Run) -> Split:
    """Return the training images, followed by the synthetic and the redrawn digits.

    Raises Stopped if the run is asked to stop in the meantime.
    """
    redrawn_count = _count_redrawn(train, config)
    progress = _DrawingProgress(run, config.synthetic_digits + redrawn_count, config.epochs)
    splits = [train]
    if config.synthetic_digits:
        splits.append(Split(*draw_digits(config.synthetic_digits, config.seed, progress.count)))
    if redrawn_count:
        rng = np.random.default_rng(config.seed)
        indices = rng.permutation(len(train))[:redrawn_count]
        redrawn_images = redraw_images(train.images[indices], TRAINING_RANGES, rng, progress.count)
        splits.append(Split(redrawn_images, train.labels[indices]))
    _raise_if_stopped(run)
    images = np.concatenate([split.images for split in splits])
    return Split(images, np.concatenate([split.labels for split in splits]))


def images_in_epoch(train: Split, config: TrainingConfig, pen_digits: Sequence[PenDigit] = ()) -> int:
    """Return the number of images in an epoch: those that `training_images` returns, and the drawn pen digits."""
    pen_digit_count = config.pen_digits * len(pen_digits)
    return len(train) + config.synthetic_digits + _count_redrawn(train, config) + pen_digit_count


def _count_redrawn(train: Split, config: TrainingConfig) -> int:
    """Return the number of training images to redraw, each at most once."""
    return min(config.redrawn_digits, len(train))


def _raise_if_stopped(run: Run) -> None:
    if run.stop_file.exists():
        raise Stopped


def training_batches(
    split: Split,
    config: TrainingConfig,
    first_epoch: int = 0,
    teachers: Sequence[Network] = (),
    pen_digits: Sequence[PenDigit] = (),
) -> tf.data.Dataset:
    """Return every batch of every epoch from `first_epoch` (counted from 0).

    Each epoch contains each image of `split` once, augmented, and each pen digit as often as the config says.
    Images are float32 (n, 28, 28, 1) in 0..1; targets are smoothed one-hot labels, float32 (n, 10). With teachers,
    targets are float32 (n, 20): the labels, then the teachers' probabilities for the same augmented images. Order and
    augmentation depend only on the seed, the epoch and the step.
    """

    def generate() -> Iterator[tuple[np.ndarray, ...]]:
        for epoch in range(first_epoch, config.epochs):
            batches = _epoch(split, pen_digits, config, epoch)
            yield from _with_predictions(batches, teachers) if teachers else batches

    # Images are passed as bytes, a quarter of the size of floats; TensorFlow converts them.
    signature = [tf.TensorSpec((None, *INPUT_SHAPE), tf.uint8), tf.TensorSpec((None,), tf.uint8)]
    if teachers:
        signature.append(tf.TensorSpec((None, CLASSES), tf.float32))
    batches = tf.data.Dataset.from_generator(generate, output_signature=tuple(signature))
    return batches.map(lambda *batch: _network_input(config.label_smoothing, *batch)).prefetch(4)


def _epoch(
    split: Split, pen_digits: Sequence[PenDigit], config: TrainingConfig, epoch: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the batches of one epoch: images uint8 (n, 28, 28, 1), labels uint8 (n,)."""
    total = len(split) + config.pen_digits * len(pen_digits)
    order = np.random.default_rng((config.seed, epoch)).permutation(total)
    is_final = epoch >= config.epochs - config.final_epochs
    augmentation = config.augmentation.scale(FINAL_STRENGTH) if is_final else config.augmentation
    for step, start in enumerate(range(0, total, config.batch_size)):
        indices = order[start : start + config.batch_size]
        rng = np.random.default_rng((config.seed, epoch, step))
        image_indices = indices[indices < len(split)]
        images, labels = split.images[image_indices], split.labels[image_indices]
        digits = [
            pen_digits[index % len(pen_digits)] for index in (indices[indices >= len(split)] - len(split)).tolist()
        ]
        if digits:
            images = np.concatenate([images, draw_variations(digits, rng)])
            labels = np.concatenate([labels, np.array([digit.label for digit in digits], np.uint8)])
        # Augment pen digits, too: if they alone were sharp, the network would mistake any sharp image for a pen digit.
        yield augment(images, augmentation, rng)[..., np.newaxis], labels


def _with_predictions(
    batches: Iterator[tuple[np.ndarray, np.ndarray]], teachers: Sequence[Network]
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield each batch with the teachers' mean probabilities for its images, float32 (n, 10)."""
    while group := list(itertools.islice(batches, _TEACHER_BATCHES)):
        predictions = _mean_probabilities(teachers, np.concatenate([images[..., 0] for images, _ in group]))
        ends = np.cumsum([len(labels) for _, labels in group])
        for (images, labels), probabilities in zip(group, np.split(predictions, ends[:-1]), strict=True):
            yield images, labels, probabilities


def _mean_probabilities(teachers: Sequence[Network], images: np.ndarray) -> np.ndarray:
    """Return the softmax of the teachers' mean logits for uint8 images (n, 28, 28): float32 (n, 10)."""
    # The geometric mean of probabilities is, once normalised, the softmax of the mean logits.
    log_probabilities = [np.log(np.maximum(teacher(images).probabilities, MIN_PROBABILITY)) for teacher in teachers]
    means = np.exp(np.mean(log_probabilities, axis=0))
    return means / means.sum(axis=1, keepdims=True)


def _network_input(
    smoothing: float, images: tf.Tensor, labels: tf.Tensor, predictions: tf.Tensor | None = None
) -> tuple[tf.Tensor, tf.Tensor]:
    """Convert uint8 images and labels to float32: images in 0..1, and targets (n, 10), or (n, 20) with predictions.

    Labels are smoothed here rather than by the loss, so that the validation loss is measured with unsmoothed labels.
    """
    targets = tf.one_hot(labels, CLASSES) * (1 - smoothing) + smoothing / CLASSES
    if predictions is not None:
        targets = tf.concat([targets, predictions], axis=1)
    return tf.cast(images, tf.float32) / 255.0, targets
