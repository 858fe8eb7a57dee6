"""One training from config to bundle: restore, train, save."""

from __future__ import annotations

import math
from dataclasses import dataclass

import keras
import tensorflow as tf

from core.classifier.architectures import build_model
from core.classifier.bundle import Card
from core.config import TrainingConfig
from core.data.datasets import Dataset, Split
from core.errors import RunError
from core.launcher.teachers import taken_teachers
from core.runs.run import Run
from core.training.batches import Stopped, images_in_epoch, training_batches, training_images
from core.training.callbacks import FiniteLoss, Journal, SaveCheckpoint, StopRequested
from core.training.checkpoint import Checkpoint, Patience, read_checkpoint
from core.training.optimizer import compile_model
from core.training.result import Learned, save_bundle
from core.training.validation import Validation


@dataclass(frozen=True)
class Outcome:
    """The end of a training: its model's card, None if nothing was learned, and whether a person stopped it."""

    card: Card | None
    stopped: bool


@dataclass(frozen=True)
class _Start:
    """The start of a training.

    A new one has no `checkpoint`. A finished one, and one that is `stopped` before its first step, has no `images`.
    """

    checkpoint: Checkpoint | None
    images: Split | None
    stopped: bool


@dataclass(frozen=True)
class _End:
    """The end of a training: the epoch whose weights are kept, counted from 1, and whether a person stopped it."""

    kept: int
    stopped: bool


def train_and_evaluate(config: TrainingConfig, run: Run, dataset: Dataset) -> Outcome:
    """Train from the run's checkpoint, or from the beginning without one, and write the run's files and its bundle.

    With patience, the model has the weights of the epoch with the best validation accuracy, else those of the last. The
    exported model reads the test set once, at the end. The caller removes the checkpoint.

    Raises RunError if the loss becomes NaN, MemoryError if memory runs out, RunNotFound if the run's folder is deleted.
    """
    keras.utils.set_random_seed(config.seed)
    start = _start(config, run, dataset.train)
    if start.stopped and not _has_new_weights(start, run):
        return Outcome(run.bundle.card() if start.checkpoint else None, stopped=True)
    steps = math.ceil(images_in_epoch(dataset.train, config) / config.batch_size)
    validation = Validation(run, dataset.validation, start.checkpoint.epoch if start.checkpoint else 0)
    journal = Journal(run, validation, config, steps, start.checkpoint)

    journal.write("starting", "Compiling the network.")
    model = _restore(start, config, steps, run)

    end = _train(model, start, config, steps, run, validation, journal)
    seconds = journal.seconds

    journal.write("saving", "Saving the model.")
    # Measured again: somebody may have edited the run's files meanwhile.
    learned = Learned(journal.epoch, end.kept, *validation.of(model), seconds)
    return Outcome(save_bundle(model, config, run, dataset, learned), end.stopped)


def _start(config: TrainingConfig, run: Run, train: Split) -> _Start:
    """Tell a new training, one to resume, and one whose last epoch is done from each other."""
    checkpoint = read_checkpoint(run)
    if checkpoint and checkpoint.done:
        return _Start(checkpoint, None, stopped=False)
    try:
        return _Start(checkpoint, training_images(train, config, run), stopped=False)
    except Stopped:
        return _Start(checkpoint, None, stopped=True)


def _has_new_weights(start: _Start, run: Run) -> bool:
    """Whether the checkpoint has weights that the run's bundle does not have yet."""
    if start.checkpoint is None:
        return False
    # A bundle of a training that was stopped within an epoch has a part of an epoch more than the checkpoint.
    return not run.bundle.complete or run.bundle.card().metrics.epochs <= start.checkpoint.epoch


def _restore(start: _Start, config: TrainingConfig, steps: int, run: Run) -> keras.Model:
    """Build the network, with the state of the checkpoint; with the best weights so far if no step follows."""
    model = build_model(config.model)
    compile_model(model, config, steps)
    if start.checkpoint:
        try:
            start.checkpoint.restore(model)
        except ValueError as error:
            raise RunError(
                f"The checkpoint of run {run.id} is of another network. Train again with the same settings.", run.id
            ) from error
        if start.images is None and start.checkpoint.memory:
            model.set_weights(start.checkpoint.memory.best_weights)
    return model


def _train(
    model: keras.Model,
    start: _Start,
    config: TrainingConfig,
    steps: int,
    run: Run,
    validation: Validation,
    journal: Journal,
) -> _End:
    """Train to the last epoch, until patience ends, or until a person stops the run."""
    checkpoint = start.checkpoint
    if start.images is None:
        return _End(checkpoint.kept if checkpoint else 0, start.stopped)
    first = checkpoint.epoch if checkpoint else 0
    stop = StopRequested(run)
    patience = Patience(config.patience, checkpoint.memory if checkpoint else None) if config.patience else None
    save = SaveCheckpoint(run, config, steps, journal, patience)
    try:
        model.fit(
            training_batches(start.images, config, first, taken_teachers(run, config)),
            initial_epoch=first,
            epochs=config.epochs,
            steps_per_epoch=steps,
            # Validation adds the figures that the others read. The journal needs the weights of the epoch, which
            # patience may replace by the best ones; the checkpoint includes the memory of patience.
            callbacks=[validation, stop, FiniteLoss(run), journal, *([patience] if patience else []), save],
            shuffle=False,  # training_batches shuffles
            verbose=0,
        )
    except tf.errors.ResourceExhaustedError as error:
        raise MemoryError from error
    # A request in the very last step stops nothing.
    return _End(patience.best_epoch + 1 if patience else journal.epoch, stop.requested and not save.done)
