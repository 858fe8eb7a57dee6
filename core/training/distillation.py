"""Learning from teachers: what larger networks answer, instead of labels (Hinton, Vinyals and Dean, 2015).

How a teacher hesitates, between a 4 and a 9 say, tells more of an image than its label. Both see the very same changed
image, which is what lets a small network come close to a large one (Beyer et al., 2022, "Knowledge distillation: A
good teacher is patient and consistent").
"""

from __future__ import annotations

import keras
from keras import ops

from core.data.datasets import CLASSES

TEMPERATURE = 2.0
"""By which logits are divided, the teachers' and the learner's alike, so that small probabilities count, too."""

LEAST = 1e-12
"""Less than this counts as this: a probability that matters no more, whose logarithm is finite."""


def distillation_loss(targets: keras.KerasTensor, probabilities: keras.KerasTensor) -> keras.KerasTensor:
    """How far answers are from the teachers': the Kullback-Leibler divergence of the softened ones, float32 (n,).

    `targets`: labels and the teachers' probabilities (n, 20), of which the labels don't count; `probabilities` (n, 10).
    Times the squared temperature, as gradients are as large then as those of labels (Hinton et al., section 2).
    """
    wanted, said = _softened_logs(targets[:, CLASSES:]), _softened_logs(probabilities)
    return ops.sum(ops.exp(wanted) * (wanted - said), axis=-1) * TEMPERATURE**2


def label_accuracy() -> keras.metrics.Metric:
    """The share of answers that are as the labels, not the teachers, have it; targets (n, 20)."""

    def right(targets: keras.KerasTensor, probabilities: keras.KerasTensor) -> keras.KerasTensor:
        return ops.equal(ops.argmax(targets[:, :CLASSES], axis=-1), ops.argmax(probabilities, axis=-1))

    return keras.metrics.MeanMetricWrapper(right, name="accuracy")


def _softened_logs(probabilities: keras.KerasTensor) -> keras.KerasTensor:
    """Logarithms of the probabilities at the temperature."""
    return ops.log_softmax(ops.log(ops.maximum(probabilities, LEAST)) / TEMPERATURE, axis=-1)
