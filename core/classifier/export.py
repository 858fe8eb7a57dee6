"""Export of trained Keras models as bundles."""

from __future__ import annotations

import contextlib
import math
import os
import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from core.classifier.bundle import Bundle, Calibration, Card, LayerCard
from core.classifier.calibration import apply_temperature
from core.classifier.evaluation import Evaluation
from core.classifier.keras_file import save_portable
from core.classifier.network import MAX_FEATURES, Network
from core.data.datasets import Split, normalise
from core.errors import BundleError
from core.language import Message
from core.storage import atomic_write, make_folder, storage_errors

_COMPARED_IMAGES = 256
"""Number of images on which the LiteRT model is compared with the Keras model."""

MAX_DIFFERENCE = 1e-3
"""Largest accepted difference in probability from the Keras model; for the shipped model, it is 1e-7."""

_MAX_EARLY_SIDE = 12
"""Maximum side of an early feature map, in pixels. Such a map represents strokes rather than whole digits."""


def export_model(model: keras.Model, folder: Path, images: np.ndarray) -> Bundle:
    """Write `mnist_model.keras` and `mnist_model.tflite` to `folder`, which is created if necessary.

    The two models are compared on the first few of `images`, uint8 (n, 28, 28); if they differ too much, BundleError is
    raised. Both have 32-bit weights: eight bits would halve the time of a prediction, which is a twentieth of a
    millisecond, but would change the verdict on one in 3,000 images.
    """
    bundle = Bundle(make_folder(folder))
    images = images[:_COMPARED_IMAGES]
    expected = np.asarray(model(normalise(images), training=False))
    with storage_errors(folder):
        save_portable(model, bundle.keras_file)
        with _silence_converter():
            _add_feature_output(model).export(str(bundle.tflite_file), format="litert", verbose=False)
    difference = np.abs(Network(bundle.tflite_file)(images).probabilities - expected).max()
    if not difference <= MAX_DIFFERENCE:  # true for NaN
        raise BundleError(
            Message(
                "The exported LiteRT model differs from the Keras model by {difference:.2g} in probability. "
                "Train again.",
                difference=difference,
            ),
            bundle.folder,
        )
    return bundle


def _add_feature_output(model: keras.Model) -> keras.Model:
    """Return the network with a second output: the last dense layer's input and a downsampled early feature map.

    The early map distinguishes strokes that look the same to the last layer (benchmarks/novelty.py).
    """
    last_input = next(layer for layer in reversed(model.layers) if isinstance(layer, keras.layers.Dense)).input
    if last_input.shape[-1] > MAX_FEATURES:
        flatten = next(layer for layer in model.layers if isinstance(layer, keras.layers.Flatten))
        last_input = _downsample(flatten.input, "last_input")
    maps = [layer.output for layer in model.layers if _outputs_activation_map(layer)]
    early_map = next((map_ for map_ in maps if map_.shape[1] <= _MAX_EARLY_SIDE), maps[-1])
    features = keras.layers.Concatenate(name="features")([last_input, _downsample(early_map, "early_map")])
    # The converter sorts outputs by name, and the probabilities must come first. `Network` looks up these names.
    return keras.Model(model.inputs, {"answers": model.outputs[0], "features": features})


def _outputs_activation_map(layer: keras.layers.Layer) -> bool:
    if isinstance(layer, keras.layers.Conv2D):
        return layer.activation is keras.activations.relu
    return isinstance(layer, keras.layers.ReLU) and len(layer.output.shape) == 4


def _downsample(map_: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Average a map (n, side, side, channels) over small squares; return (n, features), at most MAX_FEATURES.

    `name`: prefix of the new layers' names, which must not occur in a network that was loaded from a file.
    """
    _, side, _, channels = map_.shape
    pool = next(size for size in range(1, side + 1) if (side // size) ** 2 * channels <= MAX_FEATURES or size == side)
    averaged = keras.layers.AveragePooling2D(pool, name=f"{name}_average")(map_)
    return keras.layers.Flatten(name=f"{name}_features")(averaged)


def evaluate_bundle(bundle: Bundle, calibration: Calibration, test: Split) -> Evaluation:
    """Return the calibrated predictions of the LiteRT model, the one that users get, on the test set."""
    probabilities = Network(bundle.tflite_file)(test.images).probabilities
    return Evaluation(apply_temperature(probabilities, calibration.temperature), test.labels)


def complete_bundle(bundle: Bundle, card: Card, evaluation: Evaluation) -> None:
    """Add the card and the predictions on the test set to the exported model."""
    with atomic_write(bundle.evaluation_file) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, probabilities=evaluation.probabilities, labels=evaluation.labels)
    with atomic_write(bundle.card_file) as temporary:
        temporary.write_text(card.model_dump_json(indent=2) + "\n")


def layer_cards(model: keras.Model) -> tuple[LayerCard, ...]:
    """Return a LayerCard for each layer."""
    return tuple(
        LayerCard(
            name=layer.name,
            kind=type(layer).__name__,
            output_shape=tuple(int(side) for side in layer.output.shape[1:]),
            parameters=int(layer.count_params()),
            multiply_adds=_count_multiply_adds(layer),
            activation=getattr(getattr(layer, "activation", None), "__name__", None),
        )
        for layer in model.layers
    )


def versions() -> dict[str, str]:
    """Return the versions of everything that may influence training."""
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
        "ai-edge-litert": version("ai-edge-litert"),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }


def _count_multiply_adds(layer: keras.layers.Layer) -> int:
    """Return the number of multiply-adds of a layer for one image: 0 unless the layer is convolutional or dense."""
    if isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D):
        # The kernel is applied once at each position of the output.
        return math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:-1])
    if isinstance(layer, keras.layers.Dense):
        return math.prod(layer.kernel.shape)
    return 0


@contextlib.contextmanager
def _silence_converter() -> Iterator[None]:
    """Discard the converter's messages, which go straight to file descriptor 2."""
    saved_descriptor = os.dup(2)
    try:
        with Path(os.devnull).open("w") as null_device:
            os.dup2(null_device.fileno(), 2)
        yield
    finally:
        os.dup2(saved_descriptor, 2)
        os.close(saved_descriptor)
