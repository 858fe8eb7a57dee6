"""The optimizer, the learning rate schedule and the loss of a training run."""

from __future__ import annotations

import keras
import tensorflow as tf

from core.config import TrainingConfig
from core.training.distillation import distillation_loss, label_accuracy

WARM_UP_FRACTION = 0.3
"""Fraction of all steps during which the learning rate rises, as in the one-cycle policy (Smith and Topin, 2018)."""

WARM_UP_DIVISOR = 25
"""Peak learning rate divided by the initial one (Smith and Topin, 2018)."""


def compile_model(model: keras.Model, config: TrainingConfig, steps: int) -> None:
    """Compile a network for training. `steps`: number of steps in an epoch."""
    optimizer = _optimizer(config, steps)
    if config.teachers:
        _compile(model, optimizer, distillation_loss, label_accuracy())
    else:
        _compile(model, optimizer, "categorical_crossentropy", "accuracy")


def compile_for_labels(model: keras.Model) -> None:
    """Compile a trained network so that it can be loaded without this project's functions, and trained further."""
    optimizer, settings = model.optimizer, model.optimizer.get_config()
    if isinstance(settings["learning_rate"], dict):  # at the end of a schedule, the learning rate is 0
        settings["learning_rate"] = settings["learning_rate"]["config"]["initial_learning_rate"]
        optimizer = type(optimizer).from_config(settings)
        optimizer.build(model.trainable_variables)
    _compile(model, optimizer, "categorical_crossentropy", "accuracy")


def _compile(model: keras.Model, optimizer: keras.optimizers.Optimizer, loss: object, metric: object) -> None:
    # XLA is several times slower on CPU.
    jit_compile = "auto" if tf.config.list_physical_devices("GPU") else False
    model.compile(optimizer=optimizer, loss=loss, metrics=[metric], jit_compile=jit_compile)


def _optimizer(config: TrainingConfig, steps: int) -> keras.optimizers.Optimizer:
    rate, decay = _learning_rate(config, steps), config.weight_decay or None
    if config.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, weight_decay=decay)
    return keras.optimizers.Adam(rate, beta_2=_second_moment_decay(config, steps), weight_decay=decay)


def _learning_rate(config: TrainingConfig, steps: int) -> float | keras.optimizers.schedules.LearningRateSchedule:
    if config.schedule == "constant":
        return config.learning_rate
    total = config.epochs * steps
    warm_up = max(1, round(WARM_UP_FRACTION * total))
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=config.learning_rate / WARM_UP_DIVISOR,
        warmup_target=config.learning_rate,
        warmup_steps=warm_up,
        decay_steps=max(1, total - warm_up),
    )


def _second_moment_decay(config: TrainingConfig, steps: int) -> float:
    """Return Adam's `beta_2`, which is smaller for short runs, to average squared gradients over fewer steps."""
    if config.schedule == "constant":
        return 0.999
    return min(0.999, max(0.9, 1 - 10 / (config.epochs * steps)))
