"""One training on MNIST, timed, in this process: python -m benchmarks.recipes RECIPE SEED RESULT.json.

RECIPE: a preset of ours, or `keras`, the recipe of Keras' own example.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from core.config import preset, replace_settings
from core.data.datasets import Dataset, load_dataset
from core.data.sources import Arrays, find_mnist, read_mnist
from core.errors import DataMissing
from core.runs.registry import create_run
from core.workspace import Workspace

KERAS = "keras"
EPOCHS = 12
"""Keras' example trains 15; the rate is constant, so what it reaches by the twelfth does not depend on the rest."""


@dataclass(frozen=True)
class Curve:
    """Test accuracies (0..1) at the ends of epochs, and the seconds since `fit` began without the tests' own."""

    seconds: list[float]
    accuracies: list[float]


def ours(name: str, seed: int) -> Curve:
    """A preset of ours as the training worker trains it: live curve, validation and checkpoints included.

    Only the last epoch is on the curve of a preset that keeps its last epoch. One with patience trains as many epochs
    as Keras' example, and the test images stand in for its validation split, which gives the accuracy after each;
    nothing is chosen by it.
    """
    # Imported here: who reads only the names above needs no TensorFlow.
    from core.training.trainer import train_and_evaluate

    config, dataset = replace_settings(preset(name), seed=seed), load_dataset("mnist", Workspace.from_environment())
    whole = replace_settings(config, patience=0, epochs=EPOCHS) if config.patience else config
    with tempfile.TemporaryDirectory() as folder:
        run = create_run(Workspace(Path(folder)), whole)
        if config.patience:
            train_and_evaluate(whole, run, _tested_each_epoch(dataset))
            history = run.history()
            return Curve(history["seconds"].tolist(), history["val_accuracy"].tolist())
        card = train_and_evaluate(whole, run, dataset).card
        return Curve([card.seconds], [card.metrics.test_accuracy])


def _tested_each_epoch(dataset: Dataset) -> Dataset:
    return replace(dataset, validation=dataset.test)


def keras_example(arrays: Arrays, seed: int) -> Curve:
    """The recipe of "Simple MNIST convnet" (F. Chollet, keras.io/examples/vision/mnist_convnet), in our words.

    Two convolutions with ReLU and pooling, half of the features dropped, softmax; Adam as it comes, batches of 128
    from arrays, the last tenth of the training images for validation.
    """
    import keras
    import numpy as np
    from keras import layers

    class Test(keras.callbacks.Callback):
        """Tests after each epoch; its own time does not count."""

        def on_train_begin(self, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
            self.curve, self.began = Curve([], []), time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
            reached = time.perf_counter()
            answers = self.model.predict(test_images, batch_size=500, verbose=0).argmax(axis=1)
            self.curve.seconds.append(reached - self.began)
            self.curve.accuracies.append(float((answers == arrays["y_test"]).mean()))
            self.began += time.perf_counter() - reached

    def network_input(name: str) -> np.ndarray:
        return arrays[name][..., np.newaxis].astype("float32") / 255

    keras.utils.set_random_seed(seed)
    images, test_images = network_input("x_train"), network_input("x_test")
    model = keras.Sequential(
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
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    test = Test()
    one_hot = keras.utils.to_categorical(arrays["y_train"], 10)
    model.fit(images, one_hot, batch_size=128, epochs=EPOCHS, validation_split=0.1, callbacks=[test], verbose=0)
    return test.curve


def main(recipe: str, seed: int, result: Path) -> None:
    """Train once and write the curve as JSON."""
    if recipe == KERAS:
        path = find_mnist(Workspace.from_environment())
        if path is None:
            raise DataMissing("MNIST is not on this machine. Get it with: python -m core data download")
        curve = keras_example(read_mnist(path), seed)
    else:
        curve = ours(recipe, seed)
    result.write_text(json.dumps({"seconds": curve.seconds, "accuracies": curve.accuracies}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
