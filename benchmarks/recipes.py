"""One timed training run on MNIST: python -m benchmarks.recipes RECIPE SEED RESULT.json.

RECIPE is one of Trazo's presets, or `keras` for Keras's own MNIST example.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.config import preset, replace_settings
from core.data.datasets import load_dataset
from core.data.sources import Arrays, find_mnist, read_mnist
from core.errors import DataMissing
from core.runs.registry import create_run
from core.workspace import Workspace

KERAS = "keras"
EPOCHS = 12
"""Number of epochs. Keras's example has 15; its learning rate is constant, so the first 12 are the same."""


@dataclass(frozen=True)
class Curve:
    """Test accuracies (0..1) after one or more epochs, and the seconds from the start of `fit` without evaluation."""

    seconds: list[float]
    accuracies: list[float]


def train_preset(name: str, seed: int) -> Curve:
    """Train a preset as the training worker does, including the live curve, validation and checkpoints.

    The curve has one point, after the last epoch. A preset with patience is instead trained for as many epochs as
    Keras's example, with the test images as its validation split, and has a point after each epoch; no epoch is
    selected.
    """
    # Imported here, because `benchmarks.training` uses only the names above and needs no TensorFlow.
    from core.training.trainer import train_and_evaluate

    config, dataset = replace_settings(preset(name), seed=seed), load_dataset("mnist", Workspace.from_environment())
    without_patience = replace_settings(config, patience=0, epochs=EPOCHS) if config.patience else config
    with tempfile.TemporaryDirectory() as folder:
        run = create_run(Workspace(Path(folder)), without_patience)
        if config.patience:
            train_and_evaluate(without_patience, run, replace(dataset, validation=dataset.test))
            history = run.history()
            return Curve(history["seconds"].tolist(), history["val_accuracy"].tolist())
        card = train_and_evaluate(without_patience, run, dataset).card
        return Curve([card.seconds], [card.metrics.test_accuracy])


def keras_example(arrays: Arrays, seed: int) -> Curve:
    """Train the recipe of "Simple MNIST convnet" (F. Chollet, keras.io/examples/vision/mnist_convnet).

    Adam with its defaults, batches of 128, the last tenth of the training images for validation.
    """
    import keras

    keras.utils.set_random_seed(seed)
    model = _keras_network()
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    images, one_hot = _network_input(arrays["x_train"]), keras.utils.to_categorical(arrays["y_train"], 10)
    test = _test_callback(_network_input(arrays["x_test"]), arrays["y_test"])
    model.fit(images, one_hot, batch_size=128, epochs=EPOCHS, validation_split=0.1, callbacks=[test], verbose=0)
    return test.curve


def _network_input(images: np.ndarray) -> np.ndarray:
    return images[..., np.newaxis].astype("float32") / 255


def _keras_network() -> Any:
    """Build the example's network: two convolutions with ReLU and pooling, dropout and softmax."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )


def _test_callback(images: np.ndarray, labels: np.ndarray) -> Any:
    """Return a callback that evaluates the model after each epoch and excludes its own time from `curve`."""
    import keras

    class Test(keras.callbacks.Callback):
        def on_train_begin(self, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
            self.curve, self.started = Curve([], []), time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
            ended = time.perf_counter()
            predictions = self.model.predict(images, batch_size=500, verbose=0).argmax(axis=1)
            self.curve.seconds.append(ended - self.started)
            self.curve.accuracies.append(float((predictions == labels).mean()))
            self.started += time.perf_counter() - ended

    return Test()


def main(recipe: str, seed: int, result: Path) -> None:
    """Train one recipe and write its curve as JSON."""
    if recipe == KERAS:
        path = find_mnist(Workspace.from_environment())
        if path is None:
            raise DataMissing("MNIST is not on this machine. Download it with: python -m core data download")
        curve = keras_example(read_mnist(path), seed)
    else:
        curve = train_preset(recipe, seed)
    result.write_text(json.dumps({"seconds": curve.seconds, "accuracies": curve.accuracies}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
