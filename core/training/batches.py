"""What a network learns from: images in batches, each with its label and, where there are teachers, their answer."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from core.classifier.architectures import INPUT_SHAPE
from core.classifier.network import Network
from core.config import TrainingConfig
from core.data.augmentation import augment
from core.data.datasets import CLASSES, Split
from core.handwriting.strokes import drawn_digits
from core.handwriting.tracing import ANY_HAND, drawn_again
from core.runs.run import Run
from core.runs.status import Status
from core.training.callbacks import started
from core.training.distillation import LEAST

CALM_SHARE = 0.5
"""How strong augmentation still is in the calm epochs at the end."""

# Teachers are asked about so many steps at once: several of a training's batches fill one of their own.
_STEPS_ASKED = 8


class Stopped(Exception):
    """The training was asked to stop before its first step."""


class _Drawing:
    """Told of each of `total` digits that is drawn to learn from: tells how far it is, and looks whether to go on."""

    def __init__(self, run: Run, total: int, epochs: int) -> None:
        self._run, self._total, self._done = run, total, 0
        self._status = Status(state="running", phase="starting", started=started(run), epochs=epochs)

    def __call__(self) -> None:
        if self._done % 500 == 0:
            if self._run.stop_file.exists():
                raise Stopped
            share = self._done / self._total
            status = self._status.model_copy(update={"message": f"Drawing digits to learn from: {share:.0%}."})
            self._run.write_status(status, durable=False)
        self._done += 1


def training_images(train: Split, config: TrainingConfig, run: Run) -> Split:
    """The training images, joined by digits drawn by code and by some of their own drawn again, as `config` says."""
    again = _redrawn(train, config)
    each = _Drawing(run, config.synthetic_digits + again, config.epochs)
    parts = [train]
    if config.synthetic_digits:
        parts.append(Split(*drawn_digits(config.synthetic_digits, config.seed, each)))
    if again:
        # At most each once, as other pens would have drawn them.
        generator = np.random.default_rng(config.seed)
        chosen = generator.permutation(len(train))[:again]
        parts.append(Split(drawn_again(train.images[chosen], ANY_HAND, generator, each), train.labels[chosen]))
    return Split(np.concatenate([part.images for part in parts]), np.concatenate([part.labels for part in parts]))


def images_in_epoch(train: Split, config: TrainingConfig) -> int:
    """How many `training_images` gives."""
    return len(train) + config.synthetic_digits + _redrawn(train, config)


def _redrawn(train: Split, config: TrainingConfig) -> int:
    return min(config.redrawn_digits, len(train))


def training_batches(
    split: Split, config: TrainingConfig, first_epoch: int = 0, teachers: Sequence[Network] = ()
) -> tf.data.Dataset:
    """Every batch of every epoch from `first_epoch` (counted from 0) on.

    Images are float32 (n, 28, 28, 1) in 0..1, labels one-hot float32 (n, 10), smoothed as `config` says. What teachers
    say of the same changed images stands behind the labels: float32 (n, 20).
    Order and augmentation depend on the seed, the epoch and the step alone.
    """

    def generate() -> Iterator[tuple[np.ndarray, ...]]:
        for epoch in range(first_epoch, config.epochs):
            batches = _epoch(split, config, epoch)
            yield from _with_answers(batches, teachers) if teachers else batches

    # Bytes are handed over, a quarter of what floats would be, and made the network's input there.
    signature = [tf.TensorSpec((None, *INPUT_SHAPE), tf.uint8), tf.TensorSpec((None,), tf.uint8)]
    if teachers:
        signature.append(tf.TensorSpec((None, CLASSES), tf.float32))
    batches = tf.data.Dataset.from_generator(generate, output_signature=tuple(signature))
    return batches.map(lambda *batch: _network_input(config.label_smoothing, *batch)).prefetch(4)


def _epoch(split: Split, config: TrainingConfig, epoch: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The batches of one epoch: images uint8 (n, 28, 28, 1), labels uint8 (n,)."""
    order = np.random.default_rng((config.seed, epoch)).permutation(len(split))
    calm = epoch >= config.epochs - config.final_epochs
    augmentation = config.augmentation.scaled(CALM_SHARE) if calm else config.augmentation
    for step, start in enumerate(range(0, len(split), config.batch_size)):
        chosen = order[start : start + config.batch_size]
        generator = np.random.default_rng((config.seed, epoch, step))
        images = augment(split.images[chosen], augmentation, generator)
        yield images[..., np.newaxis], split.labels[chosen]


def _with_answers(
    batches: Iterator[tuple[np.ndarray, np.ndarray]], teachers: Sequence[Network]
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Each batch with the teachers' common probabilities float32 (n, 10) of its images."""
    while some := list(itertools.islice(batches, _STEPS_ASKED)):
        answers = _in_common(teachers, np.concatenate([images[..., 0] for images, _ in some]))
        ends = np.cumsum([len(labels) for _, labels in some])
        for (images, labels), said in zip(some, np.split(answers, ends[:-1]), strict=True):
            yield images, labels, said


def _in_common(teachers: Sequence[Network], images: np.ndarray) -> np.ndarray:
    """What teachers say together of uint8 images (n, 28, 28): probabilities float32 (n, 10) of their mean logits."""
    logs = [np.log(np.maximum(teacher(images).probabilities, LEAST)) for teacher in teachers]
    together = np.exp(np.mean(logs, axis=0))
    return together / together.sum(axis=1, keepdims=True)


def _network_input(
    smoothing: float, images: tf.Tensor, labels: tf.Tensor, answers: tf.Tensor | None = None
) -> tuple[tf.Tensor, tf.Tensor]:
    """uint8 images and labels -> float32 images in 0..1, one-hot float32 labels (n, 10), each row adding up to 1.

    Teachers' answers are appended to the labels. Smoothing is done here, not by the loss: the validation loss is the
    plain one.
    """
    targets = tf.one_hot(labels, CLASSES) * (1 - smoothing) + smoothing / CLASSES
    if answers is not None:
        targets = tf.concat([targets, answers], axis=1)
    return tf.cast(images, tf.float32) / 255.0, targets
