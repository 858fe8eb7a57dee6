"""A training run from config to bundle: restore, train, save."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import tensorflow as tf

from core.classifier.architectures import build_model
from core.classifier.bundle import Card
from core.config import TrainingConfig
from core.data.datasets import Dataset, Split
from core.errors import RunError
from core.handwriting.pen_digits import PenDigit
from core.language import Message
from core.launcher.teachers import load_teachers
from core.runs.own_drawing import read_own_drawing
from core.runs.run import Run
from core.runs.trial import read_trial_mark
from core.training.batches import Stopped, images_in_epoch, training_batches, training_images
from core.training.callbacks import FailOnNonFiniteLoss, Journal, SaveCheckpoint, StopOnRequest
from core.training.checkpoint import Checkpoint, ResumableEarlyStopping, read_checkpoint
from core.training.end_images import EndImages
from core.training.live_curve import VALIDATION_IMAGES
from core.training.optimizer import compile_model
from core.training.result import TrainingResult, save_bundle
from core.training.trial import write_measurements, write_winner_measurements
from core.training.validation import Validation
from core.training.watching import Watching, choose_watched


@dataclass(frozen=True)
class Outcome:
    """The outcome of a run. `card` is None if no training step ran, and for a sweep's search run.

    `stopped` is True if a person, or the run's sweep, stopped the run.
    """

    card: Card | None
    stopped: bool


@dataclass(frozen=True)
class _Start:
    """The state from which a run continues.

    A new run has no `checkpoint`. A run has no `images` if no epoch is left, or if it is `stopped` before its first
    step. `pen_digits`: the pen digits to train on.
    """

    checkpoint: Checkpoint | None
    pen_digits: Sequence[PenDigit]
    images: Split | None
    stopped: bool


@dataclass(frozen=True)
class _End:
    """The end of training. `best_epoch`: the epoch whose weights are kept, counted from 1."""

    best_epoch: int
    stopped: bool


def train_and_evaluate(
    config: TrainingConfig,
    run: Run,
    dataset: Dataset,
    pen_digits: Sequence[PenDigit] = (),
    images: EndImages | None = None,
) -> Outcome:
    """Train from the run's checkpoint, or from the beginning if there is no checkpoint; write the run's files and its
    bundle.

    `pen_digits`: real pen digits to train on, if the config asks for any; none if they are not on this machine.
    `images`: the images for the end of the run; by default, they are drawn when needed.
    With early stopping, the model keeps the weights of the epoch with the best validation accuracy, otherwise those of
    the last epoch. The exported model is evaluated on the test set once, at the end. If the run finished, the worker
    then removes the checkpoint. A sweep's search run has no bundle; it is only evaluated on the validation split.

    Raises RunError if the run cannot be resumed or the loss becomes infinite or NaN, BundleError if a teacher's network
    is damaged, MemoryError if the machine runs out of memory, RunNotFound if the run is deleted.
    """
    keras.utils.set_random_seed(config.seed)
    mark = read_trial_mark(run.trial_file)
    search_mark = None if mark is None or mark.winner else mark
    start = _start(config, run, dataset.train, pen_digits)
    if start.stopped and search_mark:
        return Outcome(None, stopped=True)
    if start.stopped and not _has_new_weights(start, run):
        return Outcome(run.bundle.card() if start.checkpoint else None, stopped=True)
    epoch_images = images_in_epoch(dataset.train, config, start.pen_digits)
    steps = math.ceil(epoch_images / config.batch_size)
    completed_epochs = start.checkpoint.epoch if start.checkpoint else 0
    validation = Validation(run, dataset.validation, completed_epochs, _watching(run, dataset, config.seed))
    journal = Journal(run, validation, config, epoch_images, start.checkpoint)

    journal.write_status("starting", Message("Compiling the network."))
    model = _restore(start, config, steps, run)

    end = _train(model, start, config, steps, run, validation, journal)
    seconds = journal.seconds

    if search_mark:
        if not end.stopped:
            journal.write_status("saving", Message("Taking the trial's measurements."))
            write_measurements(model, run, search_mark, dataset, validation.evaluate(model)[1])
        return Outcome(None, end.stopped)
    journal.write_status("saving", Message("Saving the model."))
    # Measure again rather than read the history, because somebody may have edited the run's files.
    metrics = validation.evaluate(model)
    result = TrainingResult(journal.epoch, journal.epoch_fraction, end.best_epoch, *metrics, seconds)
    images = images or EndImages(dataset, config, start.pen_digits)
    card = save_bundle(model, config, run, dataset, start.pen_digits, result, images, journal)
    if mark and mark.measurements and not end.stopped:
        write_winner_measurements(run, mark, card, dataset)
    fitted_briefly = card.novelty is not None and card.novelty.fitted_briefly
    return Outcome(card, end.stopped or fitted_briefly)


def _start(config: TrainingConfig, run: Run, train: Split, pen_digits: Sequence[PenDigit]) -> _Start:
    """Read the checkpoint, if any, and prepare the images, unless no epoch is left."""
    checkpoint = read_checkpoint(run)
    used_digits = _pen_digits_to_use(run, checkpoint, pen_digits if config.pen_digits else ())
    if checkpoint and checkpoint.done:
        return _Start(checkpoint, used_digits, None, stopped=False)
    try:
        return _Start(checkpoint, used_digits, training_images(train, config, run), stopped=False)
    except Stopped:
        return _Start(checkpoint, used_digits, None, stopped=True)


def _pen_digits_to_use(run: Run, checkpoint: Checkpoint | None, available: Sequence[PenDigit]) -> Sequence[PenDigit]:
    """Return the available pen digits, or none if the run began without any; raises RunError if they are missing."""
    if checkpoint is None or checkpoint.pen_digits == len(available):
        return available
    if not checkpoint.pen_digits:
        return ()
    raise RunError(
        Message(
            "Run {run} has learned from the pen digits, which are now missing. Download them on the Data page "
            "or with `python -m core data download pen-digits`, then resume the run.",
            run=run.title,
        ),
        run.id,
    )


def _has_new_weights(start: _Start, run: Run) -> bool:
    """Return True if the checkpoint may have newer weights than the run's bundle."""
    if start.checkpoint is None:
        return False
    # If the run was stopped partway through an epoch, its bundle is ahead of the checkpoint by part of an epoch.
    return not run.bundle.complete or run.bundle.card().metrics.epochs <= start.checkpoint.epoch


def _restore(start: _Start, config: TrainingConfig, steps: int, run: Run) -> keras.Model:
    """Build the network with the state of the checkpoint, or with its best weights if no step follows."""
    model = build_model(config.model)
    compile_model(model, config, steps)
    if start.checkpoint:
        try:
            start.checkpoint.restore(model)
        except ValueError as error:
            raise RunError(
                Message(
                    "The checkpoint of run {run} is from another network. Train again with the same settings.",
                    run=run.id,
                ),
                run.id,
            ) from error
        if start.images is None and start.checkpoint.early_stopping:
            model.set_weights(start.checkpoint.early_stopping.best_weights)
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
    """Train until the last epoch, early stopping, or a request to stop."""
    checkpoint = start.checkpoint
    if start.images is None:
        return _End(checkpoint.best_epoch if checkpoint else 0, start.stopped)
    first_epoch = checkpoint.epoch if checkpoint else 0
    early_stopping = _early_stopping(config, checkpoint)
    stop = StopOnRequest(run)
    save = SaveCheckpoint(run, config, steps, journal, early_stopping, len(start.pen_digits))
    try:
        model.fit(
            training_batches(start.images, config, first_epoch, load_teachers(run, config), start.pen_digits),
            initial_epoch=first_epoch,
            epochs=config.epochs,
            steps_per_epoch=steps,
            # The order matters. Validation adds the metrics that later callbacks read. The journal needs the
            # epoch's weights, which early stopping may replace with the best ones. The checkpoint includes the state of
            # early stopping.
            callbacks=[
                validation,
                stop,
                FailOnNonFiniteLoss(run),
                journal,
                *([early_stopping] if early_stopping else []),
                save,
            ],
            shuffle=False,  # training_batches shuffles
            verbose=0,
        )
    except tf.errors.ResourceExhaustedError as error:
        raise MemoryError from error
    best_epoch = early_stopping.best_epoch + 1 if early_stopping else journal.epoch
    # A run that was asked to stop during its last step has finished training.
    return _End(best_epoch, stop.requested and not save.training_complete)


def _watching(run: Run, dataset: Dataset, seed: int) -> Watching:
    indices = choose_watched(dataset.train, dataset.validation, VALIDATION_IMAGES, seed)
    return Watching(run, dataset.validation, indices, read_own_drawing(run.drawing_file))


def _early_stopping(config: TrainingConfig, checkpoint: Checkpoint | None) -> ResumableEarlyStopping | None:
    if not config.patience:
        return None
    return ResumableEarlyStopping(config.patience, checkpoint.early_stopping if checkpoint else None)
