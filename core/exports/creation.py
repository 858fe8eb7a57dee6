"""Creates export files; an ONNX or SavedModel file replaces an older one only if it agrees with the Keras model."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from core.classifier.bundle import Bundle
from core.classifier.predictor import Predictor
from core.data.datasets import normalise
from core.errors import ExportError
from core.explain.keras_reader import read_network
from core.exports.folder import FORMAT_NAMES, Exports, Format
from core.exports.pictures import compared_dataset, fixed_images
from core.exports.reader_zip import reader_zip
from core.language import Message
from core.storage import atomic_write, make_folder
from core.workspace import Workspace

TOLERANCE = 1e-3
"""Largest acceptable difference in probability; rounding of 32-bit floats alone accounts for about 1e-6."""


def create(workspace: Workspace, bundle: Bundle, kind: Format) -> Path:
    """Create an export in the cache and return its path; raises ExportError, BundleError or StorageError."""
    target = Exports(workspace, bundle).file(kind)
    make_folder(target.parent)
    if kind == "zip":
        with atomic_write(target) as temporary:
            temporary.write_bytes(reader_zip(bundle))
        return target
    # Imported here, because importing TensorFlow takes seconds.
    from core.exports.keras_network import KerasNetwork

    network = KerasNetwork(bundle)
    images = fixed_images(compared_dataset(workspace, bundle.card().config.dataset))
    inputs = normalise(images)
    with TemporaryDirectory(prefix=".new-", dir=target.parent) as folder, atomic_write(target) as temporary:
        if kind == "onnx":
            found = _write_onnx(bundle, temporary, inputs)
        else:
            found = _write_saved_model(network.save_saved_model, Path(folder), temporary, inputs)
        check_agreement(FORMAT_NAMES[kind], Predictor(bundle), images, network(inputs), found)
    return target


def check_agreement(
    name: str, predictor: Predictor, images: np.ndarray, expected: np.ndarray, found: np.ndarray
) -> None:
    """Raise ExportError unless an export's probabilities (n, 10), digits and verdicts match the Keras model's."""
    difference = float(np.abs(expected - found).max())
    changed = expected.argmax(axis=1) != found.argmax(axis=1)
    # Not `>`, so that NaN is rejected too.
    if not difference <= TOLERANCE:
        raise ExportError(
            Message(
                "The {name} file was not kept: its probabilities differ from the Keras model's by up to "
                "{difference:.2g}, and it predicts a different digit for {count} of {images} images. Use the .keras "
                "or .tflite file, or train the model again.",
                name=name,
                difference=difference,
                count=np.count_nonzero(changed),
                images=len(images),
            )
        )
    (_, expected_verdicts), (_, verdicts) = predictor.judge(images, expected), predictor.judge(images, found)
    changed |= np.array(expected_verdicts) != np.array(verdicts)
    if changed.any():
        raise ExportError(
            Message(
                "The {name} file was not kept: it changes the digit or the verdict of {count} of {images} images. "
                "Use the .keras or .tflite file, or train the model again.",
                name=name,
                count=np.count_nonzero(changed),
                images=len(images),
            )
        )


def _write_onnx(bundle: Bundle, path: Path, inputs: np.ndarray) -> np.ndarray:
    """Write the ONNX file and return its probabilities."""
    from core.exports.onnx_graph import OnnxNetwork, onnx_model

    path.write_bytes(onnx_model(read_network(bundle.keras_file)).SerializeToString())
    return OnnxNetwork(path)(inputs)


def _write_saved_model(save: Callable[[Path], None], folder: Path, path: Path, inputs: np.ndarray) -> np.ndarray:
    """Write the SavedModel as a ZIP archive and return its probabilities."""
    from core.exports.keras_network import saved_model_probabilities

    model = folder / "mnist_model"
    save(model)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(model.rglob("*")):
            archive.write(file, file.relative_to(folder))
    return saved_model_probabilities(model, inputs)
