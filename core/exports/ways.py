"""The ways of running a model that need no dashboard: Keras, LiteRT, ONNX Runtime, NumPy and the command line."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.classifier.bundle import Bundle
from core.classifier.network import Network
from core.classifier.number_reader import read_digit
from core.classifier.predictor import Predictor
from core.data.datasets import normalise
from core.errors import ExportError, TrazoError
from core.explain.keras_reader import read_network
from core.exports.folder import Exports
from core.exports.onnx_graph import OnnxNetwork
from core.exports.parity import Answers, Parity
from core.exports.pictures import as_png, compared_dataset, fixed_images
from core.ink.drawing import Pixels
from core.ink.photo import ink_from_picture
from core.language import Message, message_of
from core.workspace import Workspace

Infer = Callable[[np.ndarray], np.ndarray]
"""Returns probabilities float32 (n, 10), before calibration, for images uint8 (n, 28, 28)."""

CommandLine = Callable[[Bundle, Sequence[bytes]], Answers]
"""Reads encoded pictures with the command `predict`."""


@dataclass(frozen=True)
class _Pictures:
    """Encoded pictures, the image uint8 (28, 28) that Trazo finds in each, and whether it finds several digits."""

    files: Sequence[bytes]
    images: Pixels
    several: Sequence[bool]


def compare_ways(workspace: Workspace, bundle: Bundle, drawing: bytes | None, command_line: CommandLine) -> Parity:
    """Run the model in every way on the fixed images and on a drawing (an encoded picture), if any.

    A network gets the image that Trazo finds in a picture; the command line gets the picture. Raises BundleError if the
    Keras file or the bundle is damaged, and PictureError.
    """
    # Imported here, because importing TensorFlow takes seconds.
    from core.exports.keras_network import KerasNetwork

    keras = KerasNetwork(bundle)
    predictor = Predictor(bundle)
    dataset = compared_dataset(workspace, bundle.card().config.dataset)
    pictures = _read([*map(as_png, fixed_images(dataset)), *([] if drawing is None else [drawing])], predictor)

    def answers(run: Infer) -> Answers:
        return _answers(predictor, pictures, run)

    ways: dict[str, Callable[[], Answers]] = {
        ".tflite": lambda: answers(_litert(Network(bundle.tflite_file))),
        ".onnx": lambda: answers(_onnx(Exports(workspace, bundle))),
        "NumPy": lambda: answers(read_network(bundle.keras_file).probabilities),
        Message("Command line"): lambda: command_line(bundle, pictures.files),
    }
    reference = answers(lambda images: keras(normalise(images)))
    parity = Parity.of_reference(dataset.title, drawing, reference)
    for name, run_way in ways.items():
        try:
            result: Answers | Message = run_way()
        except TrazoError as error:
            result = message_of(error)
        parity = parity.with_way(name, result)
    return parity


def _read(files: Sequence[bytes], predictor: Predictor) -> _Pictures:
    readings = [read_digit(predictor, ink_from_picture(file)) for file in files]
    readings_with_ink = [reading for reading in readings if reading.drawing.image is not None]
    if len(readings_with_ink) < len(readings):
        raise ExportError(Message("The drawing to compare is blank. Draw a digit first."))
    images = np.stack([reading.drawing.image for reading in readings_with_ink if reading.drawing.image is not None])
    return _Pictures(files, images, [reading.several for reading in readings])


def _answers(predictor: Predictor, pictures: _Pictures, run: Infer) -> Answers:
    """Run a network on one image at a time, as with drawings, and judge its probabilities as the predictor would."""
    run(pictures.images[:1])  # the first call also loads or compiles code
    start = time.perf_counter()
    rows = [run(pictures.images[index : index + 1]) for index in range(len(pictures.images))]
    seconds = time.perf_counter() - start
    probabilities, verdicts = predictor.judge(pictures.images, np.concatenate(rows))
    final_verdicts = [
        "not_a_digit" if several else verdict for several, verdict in zip(pictures.several, verdicts, strict=True)
    ]
    return Answers(probabilities, final_verdicts, 1000 * seconds / len(rows))


def _litert(network: Network) -> Infer:
    return lambda images: network(images).probabilities


def _onnx(exports: Exports) -> Infer:
    file = exports.file("onnx")
    if not file.is_file():
        raise ExportError(Message("There is no ONNX file yet. Create it first."))
    try:
        network = OnnxNetwork(file)
    except Exception as error:  # ONNX Runtime raises several error types of its own
        raise ExportError(Message("The ONNX file cannot be read or is damaged. Create it again.")) from error
    return lambda images: network(normalise(images))
