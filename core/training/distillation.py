"""Knowledge distillation: a student network learns its teachers' probabilities (Hinton, Vinyals and Dean, 2015).

A teacher's probabilities say more about an image than its label does, for example that a 4 looks almost like a 9.
Teachers and student see the same augmented image (Beyer et al., 2022, "Knowledge distillation: A good teacher is
patient and consistent").
"""

from __future__ import annotations

import keras
from keras import ops

from core.data.datasets import CLASSES

TEMPERATURE = 2.0
"""Divisor of the teachers' and the student's logits, which gives small probabilities more weight."""

MIN_PROBABILITY = 1e-12
"""Lower bound of probabilities, which keeps logarithms finite."""


def distillation_loss(targets: keras.KerasTensor, probabilities: keras.KerasTensor) -> keras.KerasTensor:
    """Return the Kullback-Leibler divergence of the student from its teachers, both at TEMPERATURE: float32 (n,).

    `targets`: labels and the teachers' probabilities (n, 20); the labels are ignored. `probabilities`: (n, 10).
    The squared temperature makes the gradients as large as those from labels (Hinton et al., section 2).
    """
    teachers, student = _log_softmax_at_temperature(targets[:, CLASSES:]), _log_softmax_at_temperature(probabilities)
    return ops.sum(ops.exp(teachers) * (teachers - student), axis=-1) * TEMPERATURE**2


def label_accuracy() -> keras.metrics.Metric:
    """Return a metric that compares predictions with the labels in `targets` (n, 20) and ignores the teachers."""

    def matches(targets: keras.KerasTensor, probabilities: keras.KerasTensor) -> keras.KerasTensor:
        return ops.equal(ops.argmax(targets[:, :CLASSES], axis=-1), ops.argmax(probabilities, axis=-1))

    return keras.metrics.MeanMetricWrapper(matches, name="accuracy")


def _log_softmax_at_temperature(probabilities: keras.KerasTensor) -> keras.KerasTensor:
    """Divide the logits of these probabilities by TEMPERATURE; return the resulting log probabilities."""
    return ops.log_softmax(ops.log(ops.maximum(probabilities, MIN_PROBABILITY)) / TEMPERATURE, axis=-1)
