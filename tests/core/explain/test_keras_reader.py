"""A network that cannot be read is rejected with a clear message."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from core.classifier.bundle import Bundle
from core.errors import BundleError
from core.explain.keras_reader import load_network, read_network
from core.workspace import SHIPPED_BUNDLE
from tests.support.tiny_networks import random_model, save_random_model


def test_file_of_an_earlier_version_keeps_all_settings(tmp_path: Path) -> None:
    model = random_model("deep")
    model.save(tmp_path / "model.keras")  # without make_portable
    images = np.random.default_rng(0).random((2, 28, 28), np.float32)

    probabilities = read_network(tmp_path / "model.keras").probabilities(images)

    assert probabilities == pytest.approx(np.asarray(model(images[..., np.newaxis])), abs=1e-5)


def test_temperature_of_the_card_is_used() -> None:
    bundle = Bundle(SHIPPED_BUNDLE)
    calibration = bundle.card().calibration

    assert calibration is not None
    assert load_network(bundle).temperature == calibration.temperature


@pytest.mark.parametrize(
    "layer", [keras.layers.AveragePooling2D(2), keras.layers.Conv2D(3, 3, activation="tanh"), keras.layers.ReLU(6.0)]
)
def test_unknown_layer_is_rejected(layer: keras.layers.Layer, tmp_path: Path) -> None:
    head = [keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
    keras.Sequential([keras.Input((28, 28, 1)), layer, *head]).save(tmp_path / "model.keras")

    with pytest.raises(BundleError, match="earlier version of Trazo"):
        read_network(tmp_path / "model.keras")


@pytest.mark.parametrize("content", [None, b"", b"not a model"])
def test_damaged_file_is_rejected(content: bytes | None, tmp_path: Path) -> None:
    shutil.copy(Bundle(SHIPPED_BUNDLE).card_file, tmp_path)
    bundle = Bundle(tmp_path)
    if content is not None:
        bundle.keras_file.write_bytes(content)

    with pytest.raises(BundleError, match="cannot be read or is damaged"):
        load_network(bundle)


def test_weights_that_do_not_fit_the_settings_are_rejected(tmp_path: Path) -> None:
    _, path = save_random_model(tmp_path, "strided")
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(entries["config.json"])
    config["config"]["layers"][1]["config"]["filters"] = 99
    entries["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, entry in entries.items():
            archive.writestr(name, entry)

    with pytest.raises(BundleError, match="damaged"):
        read_network(path)
