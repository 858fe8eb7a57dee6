"""The program in the archive reads pictures as Trazo does, and needs nothing else from Trazo."""

from __future__ import annotations

import ast
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from core.classifier.bundle import Bundle, Calibration
from core.classifier.export import export_model
from core.classifier.number_reader import read_digit
from core.classifier.predictor import Predictor
from core.data.datasets import Dataset
from core.errors import BundleError
from core.exports.reader_zip import reader_zip
from core.handwriting.pen_digits import PenDigit, replay
from core.ink.drawing import prepare
from core.ink.photo import ink_from_picture
from core.runs.run import Run
from core.workspace import SHIPPED_BUNDLE
from tests.support.fuzzing import drawn_seven, encoded

ALLOWED = {"numpy", "PIL", "scipy", "ai_edge_litert", "ink"} | sys.stdlib_module_names


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked archive of the shipped model."""
    return unpacked(Bundle(SHIPPED_BUNDLE), tmp_path_factory.mktemp("archive"))


def unpacked(bundle: Bundle, target: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(reader_zip(bundle))) as archive:
        archive.extractall(target)
    return target / "mnist_model"


@pytest.fixture(scope="module")
def reader(folder: Path) -> Iterator[ModuleType]:
    """The archive's `read.py`, imported with its own package `ink`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield import_module("read")
    for name in [name for name in sys.modules if name.partition(".")[0] in ("read", "ink")]:
        del sys.modules[name]


def test_archive_imports_only_its_stated_requirements(folder: Path) -> None:
    imported = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(str(node.module).partition(".")[0])

    assert imported - ALLOWED == set()


@settings(max_examples=60)
@given(
    ink=arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60)), elements=st.sampled_from([0, 3, 90, 255]))
)
def test_random_ink_becomes_the_same_image(reader: ModuleType, ink: np.ndarray) -> None:
    ours, theirs = prepare(ink).image, reader.prepare(ink).image

    assert (None if ours is None else ours.tobytes()) == (None if theirs is None else theirs.tobytes())


def test_drawings_become_the_same_image(reader: ModuleType, pen_digits: tuple[PenDigit, ...], mnist: Dataset) -> None:
    rng = np.random.default_rng(0)
    drawings = [*mnist.validation.images[:20], *(replay(digit, rng) for digit in pen_digits[:20])]

    for ink in drawings:
        assert reader.prepare(ink).image.tobytes() == prepare(ink).image.tobytes()


def test_predictions_match_those_of_trazo(reader: ModuleType, folder: Path, mnist: Dataset) -> None:
    model, predictor = reader.Model(folder), Predictor(Bundle(SHIPPED_BUNDLE))
    scribble = Image.fromarray(np.kron(np.eye(6, dtype=np.uint8)[::-1], np.full((20, 20), 255, np.uint8)))
    images = mnist.validation.images[:40]
    light = [Image.fromarray(image) for image in images[:20]]
    dark = [Image.fromarray(255 - image).resize((200, 200)) for image in images[20:]]
    verdicts = set()

    for picture in [*light, *dark, scribble, drawn_seven("RGBA", 300), Image.new("L", (50, 50), 255)]:
        found, reading = model.read(encoded(picture)), read_digit(predictor, ink_from_picture(encoded(picture)))

        assert (found["digit"], found["verdict"]) == (reading.digit, reading.verdict)
        assert found["confidence"] == pytest.approx(reading.confidence or 0.0, abs=1e-5)
        verdicts.add(found["verdict"])
    assert verdicts >= {"digit", "not_a_digit", "blank"}


def test_confidences_match_at_a_high_temperature(run: Run, reader: ModuleType, tmp_path: Path) -> None:
    network = keras.models.load_model(run.bundle.keras_file, compile=False)
    network.layers[-1].set_weights([100 * weights for weights in network.layers[-1].get_weights()])
    bundle = export_model(network, tmp_path / "model", np.zeros((1, 28, 28), np.uint8))
    calibration = Calibration(temperature=5, unsure_below=0.9, unsure_share=0, errors_caught=0)
    update = {"calibration": calibration, "novelty": None, "network_fingerprint": None}
    bundle.card_file.write_text(run.bundle.card().model_copy(update=update).model_dump_json())

    found = reader.Model(unpacked(bundle, tmp_path)).read(encoded(drawn_seven()))

    reading = read_digit(Predictor(bundle), ink_from_picture(encoded(drawn_seven())))
    assert found["confidence"] == pytest.approx(reading.confidence, abs=1e-5)


def test_model_without_a_detector_can_be_read(run: Run, reader: ModuleType, tmp_path: Path) -> None:
    run.bundle.novelty_file.unlink()

    assert reader.Model(unpacked(run.bundle, tmp_path)).read(encoded(drawn_seven()))["verdict"] in ("digit", "unsure")


def test_command_prints_the_prediction(folder: Path, tmp_path: Path) -> None:
    picture = tmp_path / "seven.png"
    drawn_seven(side=200).save(picture)

    process = subprocess.run(
        [sys.executable, folder / "read.py", picture], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert json.loads(process.stdout).keys() == {"digit", "confidence", "verdict"}
    assert json.loads(process.stdout)["digit"] == 7


def test_file_that_is_not_a_picture_is_reported(folder: Path) -> None:
    process = subprocess.run(
        [sys.executable, folder / "read.py", folder / "read.py"], capture_output=True, text=True, check=False
    )

    assert process.returncode == 1
    assert process.stderr.splitlines()[-1].startswith("read.py: This is not a picture")


def test_incomplete_model_is_rejected(run: Run) -> None:
    run.bundle.tflite_file.unlink()

    with pytest.raises(BundleError, match="incomplete"):
        reader_zip(run.bundle)
