"""One training from config to bundle: plain config in, one folder out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

import keras
import tensorflow as tf

from core.classifier.architectures import build_model
from core.classifier.bundle import Card, DataCard, Metrics
from core.classifier.evaluation import accuracy_interval
from core.classifier.export import bundle_folder, complete_bundle, evaluate_bundle, export_model, layer_cards, versions
from core.classifier.fitting import fit_reader
from core.classifier.network import Network, network_fingerprint
from core.classifier.robustness import measure_robustness
from core.config import TrainingConfig
from core.data.datasets import Dataset, Split
from core.errors import RunError
from core.handwriting.pen_digits import pen_digits_at_hand
from core.runs.run import Run
from core.training.batches import Stopped, images_in_epoch, training_batches, training_images
from core.training.callbacks import Journal, SaveCheckpoint, StopRequested
from core.training.checkpoint import Checkpoint, Patience, read_checkpoint
from core.training.distillation import distillation_loss, label_accuracy
from core.training.teachers import taken_teachers
from core.training.validation import Validation


@dataclass(frozen=True)
class Outcome:
    """How a training ended: `stopped` is true where a person asked for it. `card`: None where nothing was learned."""

    card: Card | None
    stopped: bool


def train_and_evaluate(config: TrainingConfig, run: Run, dataset: Dataset) -> Outcome:
    """Train as `config` says, from the run's checkpoint where it has one; write the run's files and its bundle.

    With patience, the epoch with the best validation accuracy is kept, without it the last one. The test set is used
    once, at the end, by the exported model. The checkpoint stays, for whoever notes the end to remove.

    Raises RunError when the loss becomes NaN, MemoryError when the memory runs out, RunNotFound when the run's folder
    is deleted meanwhile.
    """
    keras.utils.set_random_seed(config.seed)
    model = build_model(config.model)
    checkpoint = read_checkpoint(run)
    try:
        train = training_images(dataset.train, config, run)
    except Stopped:
        if not checkpoint:
            return Outcome(None, stopped=True)
        train = None
    halted = checkpoint is not None and not checkpoint.done and (train is None or run.stop_file.exists())
    if checkpoint and halted and run.bundle.complete and run.bundle.card().metrics.epochs > checkpoint.epoch:
        # An earlier stop left what was learned in the epoch after that.
        return Outcome(run.bundle.card(), stopped=True)
    steps = math.ceil(images_in_epoch(dataset.train, config) / config.batch_size)
    _compile(model, _optimizer(config, steps), taught=config.teachers > 0)
    validation = Validation(run, dataset.validation, checkpoint.epoch if checkpoint else 0)
    journal = Journal(run, validation, config, steps, checkpoint)
    stop = StopRequested(run)
    journal.write("starting", "Compiling the network.")
    if checkpoint:
        _restore(model, checkpoint, run, best=checkpoint.done or halted)
    kept = checkpoint.kept if checkpoint else 0
    stop.stopped = halted
    if train is not None and not halted and not (checkpoint and checkpoint.done):
        kept = _fit(model, train, config, run, validation, journal, stop)
    seconds = journal.seconds
    journal.write("saving", "Saving what was learned.")
    # Measured, not looked up: the training's files may have been edited meanwhile, and no model is lost by that.
    learned = _Learned(journal.epoch, kept, *validation.of(model), seconds)
    return Outcome(_write_bundle(model, config, run, dataset, learned), stop.stopped)


def _restore(model: keras.Model, checkpoint: Checkpoint, run: Run, *, best: bool) -> None:
    """Give the model what the checkpoint has; `best`: with the best weights so far, as no epoch is to follow."""
    try:
        checkpoint.restore(model)
    except ValueError as error:
        raise RunError(
            f"The checkpoint of run {run.id} is of another network. Train again with the same settings.", run.id
        ) from error
    if best and checkpoint.memory:
        model.set_weights(checkpoint.memory.best_weights)


def _fit(
    model: keras.Model,
    train: Split,
    config: TrainingConfig,
    run: Run,
    validation: Validation,
    journal: Journal,
    stop: StopRequested,
) -> int:
    """Train to the end; the epoch, counted from 1, whose weights the model has then."""
    first = journal.epochs_before
    patience = Patience(config.patience, journal.memory_before) if config.patience else None
    # Validation comes first, as the others go by its figures. Patience comes after it and the journal, which are to
    # see the epoch's own weights, not the best ones put back; the checkpoint comes last, to save what patience
    # remembers.
    callbacks = [validation, stop, _NotANumber(run), journal, *([patience] if patience else [])]
    try:
        model.fit(
            training_batches(train, config, first, taken_teachers(run, config)),
            initial_epoch=first,
            epochs=config.epochs,
            steps_per_epoch=math.ceil(len(train) / config.batch_size),
            callbacks=[*callbacks, SaveCheckpoint(run, config.epochs, journal, stop, patience)],
            shuffle=False,  # training_batches does it
            verbose=0,
        )
    except tf.errors.ResourceExhaustedError as error:
        raise MemoryError from error
    return patience.best_epoch + 1 if patience else journal.epoch


def _compile(model: keras.Model, optimizer: keras.optimizers.Optimizer, *, taught: bool) -> None:
    model.compile(
        optimizer=optimizer,
        loss=distillation_loss if taught else "categorical_crossentropy",
        metrics=[label_accuracy() if taught else "accuracy"],
        # XLA is several times slower on CPU.
        jit_compile="auto" if tf.config.list_physical_devices("GPU") else False,
    )


def _optimizer(config: TrainingConfig, steps: int) -> keras.optimizers.Optimizer:
    rate, decay = _learning_rate(config, steps), config.weight_decay or None
    if config.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, weight_decay=decay)
    return keras.optimizers.Adam(rate, beta_2=_second_moment_decay(config, steps), weight_decay=decay)


def _learning_rate(config: TrainingConfig, steps: int) -> float | keras.optimizers.schedules.LearningRateSchedule:
    if config.schedule == "constant":
        return config.learning_rate
    total = config.epochs * steps
    warm_up = max(1, round(0.3 * total))
    # One cycle (Smith and Topin, 2018): up for 30 % of the steps from a 25th of the peak, then down to nothing.
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=config.learning_rate / 25,
        warmup_target=config.learning_rate,
        warmup_steps=warm_up,
        decay_steps=max(1, total - warm_up),
    )


def _second_moment_decay(config: TrainingConfig, steps: int) -> float:
    """Adam's beta 2: its memory of squared gradients is to be short beside a cycle of a few hundred steps."""
    if config.schedule == "constant":
        return 0.999
    return min(0.999, max(0.9, 1 - 10 / (config.epochs * steps)))


class _NotANumber(keras.callbacks.Callback):
    """Fails the run with a sentence once the loss is not a number any more."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run_id = run.id

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if logs and not math.isfinite(logs["loss"]):
            raise RunError(
                "The loss became infinite or not a number. Train again with a lower learning rate.", self._run_id
            )


@dataclass(frozen=True)
class _Learned:
    """What a training came to: epochs done, the one that is kept, how that one reads the validation split."""

    epochs: int
    kept: int
    loss: float
    accuracy: float
    seconds: float


def _write_bundle(model: keras.Model, config: TrainingConfig, run: Run, dataset: Dataset, learned: _Learned) -> Card:
    # Whoever loads the model elsewhere has labels, and none of this project's functions.
    _compile(model, model.optimizer, taught=False)
    with bundle_folder(run.bundle.folder) as folder:
        bundle = export_model(model, folder, dataset.validation.images)
        calibration, novelty = fit_reader(bundle, dataset, config)
        evaluation = evaluate_bundle(bundle, calibration, dataset.test)
        low, high = accuracy_interval(evaluation)
        card = Card(
            run_id=run.id,
            created=datetime.now(UTC).replace(microsecond=0),
            data=DataCard(
                id=dataset.id,
                title=dataset.title,
                fingerprint=dataset.fingerprint,
                train_images=len(dataset.train),
                validation_images=len(dataset.validation),
                test_images=len(dataset.test),
            ),
            config=config,
            versions=versions(),
            parameters=model.count_params(),
            layers=layer_cards(model),
            seconds=round(learned.seconds, 2),
            metrics=Metrics(
                test_accuracy=evaluation.accuracy,
                test_accuracy_low=low,
                test_accuracy_high=high,
                test_loss=evaluation.loss,
                validation_accuracy=learned.accuracy,
                validation_loss=learned.loss,
                best_epoch=learned.kept,
                epochs=learned.epochs,
            ),
            calibration=calibration,
            novelty=novelty,
            robustness=measure_robustness(Network(bundle.tflite_file), dataset.test, pen_digits_at_hand()),
            network_fingerprint=network_fingerprint(bundle.tflite_file.read_bytes()),
        )
        complete_bundle(bundle, card, evaluation)
    return card
