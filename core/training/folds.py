"""The network for one fold: trained on all other folds, it classifies the images in this one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np

from core.classifier.architectures import build_model
from core.config import TrainingConfig
from core.data.datasets import Split, normalise
from core.handwriting.pen_digits import PenDigit
from core.runs.run import Run
from core.training.batches import images_in_epoch, training_batches, training_images
from core.training.optimizer import compile_model

_BATCH_SIZE = 500
"""Images per prediction; the speed hardly depends on it."""


def predict_fold(
    config: TrainingConfig,
    rest: Split,
    images: np.ndarray,
    pen_digits: Sequence[PenDigit],
    report: Callable[[int, float, float], object],
) -> np.ndarray:
    """Train a network on `rest`; return its probabilities float32 (n, 10) for images uint8 (n, 28, 28).

    All epochs are trained and the last weights are used, because no images are left over for choosing an epoch.
    `report` is called after each epoch with its number, loss and training accuracy.
    """
    keras.utils.set_random_seed(config.seed)
    steps = math.ceil(images_in_epoch(rest, config, pen_digits) / config.batch_size)
    model = build_model(config.model)
    compile_model(model, config, steps)
    with TemporaryDirectory() as folder:  # drawing digits writes its progress into a run's folder
        train = training_images(rest, config, Run(Path(folder)))
    model.fit(
        training_batches(train, config, pen_digits=pen_digits),
        epochs=config.epochs,
        steps_per_epoch=steps,
        callbacks=[
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: report(epoch + 1, logs["loss"], logs["accuracy"])
            )
        ],
        shuffle=False,  # training_batches shuffles
        verbose=0,
    )
    batches = (normalise(images[start : start + _BATCH_SIZE]) for start in range(0, len(images), _BATCH_SIZE))
    return np.concatenate([keras.ops.convert_to_numpy(model(batch, training=False)) for batch in batches])
