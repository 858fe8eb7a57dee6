"""Export of a trained Keras model to a bundle."""

from __future__ import annotations

import contextlib
import math
import os
import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
import tensorflow as tf

from core.classifier.bundle import Bundle, Calibration, Card, LayerCard
from core.classifier.calibration import tempered
from core.classifier.evaluation import Evaluation
from core.classifier.keras_file import save_portable
from core.classifier.network import Network
from core.data.datasets import Split, normalised
from core.errors import BundleError
from core.storage import atomic_write, make_folder, storage_errors

COMPARED = 256
"""Images on which the LiteRT form of a network is compared with the Keras form."""

AGREEMENT = (0.05, 2e-3)
"""Largest and mean difference in probability that is accepted for eight-bit weights."""

FLOAT_AGREEMENT = (1e-3, 1e-4)
"""Largest and mean difference in probability that is accepted for 32-bit weights, which differ only in rounding."""

_WIDEST = 640
"""Most features from one layer: more make predictions slow and the novelty detector large."""

_EARLY_SIDE = 12
"""Largest side of an early feature map: its features are still of strokes, not of digits."""


def export_model(model: keras.Model, folder: Path, images: np.ndarray) -> Bundle:
    """Write `mnist_model.keras` and `mnist_model.tflite` into `folder`, which is created if necessary.

    The LiteRT form has eight-bit weights (dynamic range quantization): it is more than three times as fast, and differs
    less from the Keras form than two trainings differ from each other. If it differs more on the first of these images,
    uint8 (n, 28, 28), it keeps 32-bit weights. Raises BundleError if it differs even then.
    """
    bundle = Bundle(make_folder(folder))
    images = images[:COMPARED]
    expected = np.asarray(model(normalised(images), training=False))
    with storage_errors(folder):
        save_portable(model, bundle.keras_file)
        for optimizations, agreement in (([tf.lite.Optimize.DEFAULT], AGREEMENT), ([], FLOAT_AGREEMENT)):
            with _quiet():
                _with_features(model).export(
                    str(bundle.tflite_file), format="litert", verbose=False, optimizations=optimizations
                )
            differences = np.abs(Network(bundle.tflite_file)(images).probabilities - expected)
            if differences.max() <= agreement[0] and differences.mean() <= agreement[1]:
                return bundle
    raise BundleError(
        f"The exported LiteRT model differs from the Keras model by {differences.max():.2g} in probability. "
        "Train again.",
        bundle.folder,
    )


def _with_features(model: keras.Model) -> keras.Model:
    """Return the network with features as a second output: the last dense layer's input, and a coarse early map.

    The early map distinguishes strokes that the last features no longer do (benchmarks/novelty.py).
    """
    last = next(layer for layer in reversed(model.layers) if isinstance(layer, keras.layers.Dense)).input
    if last.shape[-1] > _WIDEST:
        flat = next(layer for layer in model.layers if isinstance(layer, keras.layers.Flatten))
        last = _coarse(flat.input)
    maps = [layer.output for layer in model.layers if _is_activated_map(layer)]
    early = next((map_ for map_ in maps if map_.shape[1] <= _EARLY_SIDE), maps[-1])
    features = keras.layers.Concatenate(name="features")([last, _coarse(early)])
    # The converter sorts outputs by name; the probabilities must come first.
    return keras.Model(model.inputs, {"answers": model.outputs[0], "features": features})


def _is_activated_map(layer: keras.layers.Layer) -> bool:
    if isinstance(layer, keras.layers.Conv2D):
        return layer.activation is keras.activations.relu
    return isinstance(layer, keras.layers.ReLU) and len(layer.output.shape) == 4


def _coarse(map_: keras.KerasTensor) -> keras.KerasTensor:
    """Average a map (n, side, side, channels) over small squares, to (n, features) of at most _WIDEST."""
    _, side, _, channels = map_.shape
    pool = next(size for size in range(1, side + 1) if (side // size) ** 2 * channels <= _WIDEST or size == side)
    return keras.layers.Flatten()(keras.layers.AveragePooling2D(pool)(map_))


def evaluate_bundle(bundle: Bundle, calibration: Calibration, test: Split) -> Evaluation:
    """Return the calibrated predictions of the LiteRT model, which users get, on the test set."""
    probabilities = Network(bundle.tflite_file)(test.images).probabilities
    return Evaluation(tempered(probabilities, calibration.temperature), test.labels)


def complete_bundle(bundle: Bundle, card: Card, evaluation: Evaluation) -> None:
    """Add the card and the predictions on the test set to the exported model."""
    with atomic_write(bundle.evaluation_file) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, probabilities=evaluation.probabilities, labels=evaluation.labels)
    with atomic_write(bundle.card_file) as temporary:
        temporary.write_text(card.model_dump_json(indent=2) + "\n")


@contextlib.contextmanager
def bundle_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder that replaces `target` if the block succeeds; a reader never sees half a bundle."""
    make_folder(target.parent)
    with storage_errors(target), TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as temporary:
        new = Path(temporary) / "new"
        yield new
        if target.exists():
            target.rename(Path(temporary) / "old")
        new.rename(target)


def layer_cards(model: keras.Model) -> tuple[LayerCard, ...]:
    """Return a row for each layer, with its multiply-adds for one image."""
    return tuple(
        LayerCard(
            name=layer.name,
            kind=type(layer).__name__,
            output_shape=tuple(int(side) for side in layer.output.shape[1:]),
            parameters=int(layer.count_params()),
            multiply_adds=_multiply_adds(layer),
            activation=getattr(getattr(layer, "activation", None), "__name__", None),
        )
        for layer in model.layers
    )


def versions() -> dict[str, str]:
    """Return the versions that may influence a training."""
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
        "ai-edge-litert": version("ai-edge-litert"),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }


def _multiply_adds(layer: keras.layers.Layer) -> int:
    """Return the multiplications of a convolution or dense layer for one image; 0 for other layers."""
    if isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D):
        # The kernel is applied once at each place of the output.
        return math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:-1])
    if isinstance(layer, keras.layers.Dense):
        return math.prod(layer.kernel.shape)
    return 0


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Discard the converter's messages, which bypass Python's streams."""
    saved = os.dup(2)
    try:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
