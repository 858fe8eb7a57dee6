"""One training from config to bundle: plain config in, one folder out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import keras
import numpy as np
import tensorflow as tf

from core.classifier.architectures import INPUT_SHAPE, build_model
from core.classifier.bundle import Card, DataCard, Metrics
from core.classifier.evaluation import accuracy_interval
from core.classifier.export import (
    bundle_folder,
    complete_bundle,
    evaluate_bundle,
    export_model,
    layer_cards,
    versions,
)
from core.config import TrainingConfig
from core.data.augmentation import augment
from core.data.datasets import CLASSES, Dataset, Split, normalised
from core.errors import RunError
from core.runs.run import Run
from core.training.callbacks import Journal, StopRequested

VALIDATION_BATCH = 500


@dataclass(frozen=True)
class Outcome:
    """How a training ended: `stopped` is true where a person asked for it."""

    card: Card
    stopped: bool


def train_and_evaluate(config: TrainingConfig, run: Run, dataset: Dataset) -> Outcome:
    """Train as `config` says, keep the epoch with the best validation accuracy, write the run's files and its bundle.

    The test set is used once, at the end, by the exported model. Raises RunError when the loss becomes NaN.
    """
    keras.utils.set_random_seed(config.seed)
    model = build_model(config.model)
    steps = math.ceil(len(dataset.train) / config.batch_size)
    _compile(model, config, steps)
    journal = Journal(run, dataset.validation, config.batch_size, config.epochs, steps)
    stop = StopRequested(run)
    journal.write("starting", "Compiling the network.")
    history = model.fit(
        training_batches(dataset.train, config),
        validation_data=_validation_batches(dataset.validation),
        epochs=config.epochs,
        steps_per_epoch=steps,
        # Early stopping comes last: it may put the best weights back, and the journal is to see the epoch's own.
        callbacks=[stop, _NotANumber(run), journal, _early_stopping(config)],
        shuffle=False,  # training_batches does it
        verbose=0,
    ).history
    seconds = journal.seconds
    journal.write("saving", "Saving what was learned.")
    return Outcome(_write_bundle(model, config, run, dataset, history, seconds), stop.stopped)


def training_batches(split: Split, config: TrainingConfig) -> tf.data.Dataset:
    """Every batch of every epoch: images float32 (n, 28, 28, 1) in 0..1, labels one-hot float32 (n, 10).

    Order and augmentation depend on the seed, the epoch and the step alone.
    """

    def generate() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        one_hot = np.eye(CLASSES, dtype=np.float32)
        for epoch in range(config.epochs):
            order = np.random.default_rng((config.seed, epoch)).permutation(len(split))
            for step, start in enumerate(range(0, len(split), config.batch_size)):
                chosen = order[start : start + config.batch_size]
                generator = np.random.default_rng((config.seed, epoch, step))
                images = augment(split.images[chosen], config.augmentation, generator)
                yield normalised(images), one_hot[split.labels[chosen]]

    signature = (tf.TensorSpec((None, *INPUT_SHAPE), tf.float32), tf.TensorSpec((None, CLASSES), tf.float32))
    return tf.data.Dataset.from_generator(generate, output_signature=signature).prefetch(4)


def _validation_batches(split: Split) -> tf.data.Dataset:
    one_hot = np.eye(CLASSES, dtype=np.float32)[split.labels]
    data = tf.data.Dataset.from_tensor_slices((split.images[..., np.newaxis], one_hot)).batch(VALIDATION_BATCH)
    return data.map(lambda images, labels: (tf.cast(images, tf.float32) / 255.0, labels)).cache().prefetch(2)


def _compile(model: keras.Model, config: TrainingConfig, steps: int) -> None:
    model.compile(
        optimizer=keras.optimizers.Adam(_learning_rate(config, steps)),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
        # XLA is several times slower on CPU.
        jit_compile="auto" if tf.config.list_physical_devices("GPU") else False,
    )


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


def _early_stopping(config: TrainingConfig) -> keras.callbacks.EarlyStopping:
    return keras.callbacks.EarlyStopping(
        monitor="val_accuracy", mode="max", patience=config.patience or config.epochs, restore_best_weights=True
    )


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


def _write_bundle(
    model: keras.Model,
    config: TrainingConfig,
    run: Run,
    dataset: Dataset,
    history: dict[str, list[float]],
    seconds: float,
) -> Card:
    best = int(np.argmax(history["val_accuracy"]))
    with bundle_folder(run.bundle.folder) as folder:
        bundle = export_model(model, folder)
        evaluation = evaluate_bundle(bundle, model, dataset.test)
        low, high = accuracy_interval(evaluation)
        card = Card(
            run_id=run.id,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
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
            seconds=round(seconds, 2),
            metrics=Metrics(
                test_accuracy=evaluation.accuracy,
                test_accuracy_low=low,
                test_accuracy_high=high,
                test_loss=evaluation.loss,
                validation_accuracy=history["val_accuracy"][best],
                validation_loss=history["val_loss"][best],
                best_epoch=best + 1,
                epochs=len(history["val_accuracy"]),
            ),
        )
        complete_bundle(bundle, card, evaluation)
    return card
