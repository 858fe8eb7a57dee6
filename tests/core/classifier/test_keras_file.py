"""The `.keras` file opens in older versions of Keras and gives the same predictions there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from core.classifier.architectures import build_model
from core.classifier.bundle import OLDEST_KERAS, Bundle
from core.classifier.keras_file import make_portable, save_portable
from core.config import ModelConfig
from core.workspace import SHIPPED_BUNDLE

ARCHITECTURES = ("original", "pooled", "deep", "strided")

# Arguments that every layer accepts.
LAYER = "name trainable dtype"

KERAS_3_3 = {
    "Sequential": f"{LAYER} layers build_input_shape",
    "InputLayer": "name dtype batch_shape sparse",
    "Conv2D": f"{LAYER} filters kernel_size strides padding data_format dilation_rate groups activation use_bias",
    "DepthwiseConv2D": f"{LAYER} kernel_size strides padding data_format dilation_rate activation use_bias",
    "BatchNormalization": f"{LAYER} axis momentum epsilon center scale",
    "ReLU": f"{LAYER} max_value negative_slope threshold",
    "MaxPooling2D": f"{LAYER} pool_size strides padding data_format",
    "Flatten": f"{LAYER} data_format",
    "Dropout": f"{LAYER} rate noise_shape seed",
    "Dense": f"{LAYER} units activation use_bias",
    "Adam": "name learning_rate beta_1 beta_2 epsilon weight_decay",
    "SGD": "name learning_rate momentum nesterov weight_decay",
    "CosineDecay": "name initial_learning_rate decay_steps alpha warmup_target warmup_steps",
}
"""The arguments that Keras 3.3.3 accepts for the classes in our networks, according to `inspect.signature`."""

# Load a file, predict, and train for one more step.
OLD_KERAS_SCRIPT = """
import sys, numpy as np, keras
file, images, predictions = sys.argv[1:]
model, images = keras.models.load_model(file), np.load(images)
np.save(predictions, model.predict(images, verbose=0))
assert np.isfinite(model.train_on_batch(images, np.eye(10, dtype="float32")[: len(images)])).all()
print(keras.__version__)
"""


def trained_network(architecture: str) -> keras.Model:
    """Return a network compiled as for training, after one training step."""
    keras.utils.set_random_seed(3)
    model = build_model(ModelConfig(architecture=architecture, filters=(4, 8), dense_units=8, dropout=0.2))
    rate = keras.optimizers.schedules.CosineDecay(0.001, 100, warmup_target=0.01, warmup_steps=30)
    optimizer = (
        keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, weight_decay=0.002)
        if architecture == "deep"
        else keras.optimizers.Adam(rate, beta_2=0.99)
    )
    model.compile(optimizer=optimizer, loss="categorical_crossentropy", metrics=["accuracy"])
    model.train_on_batch(random_images(), np.eye(10, dtype=np.float32)[:8])
    return model


def random_images() -> np.ndarray:
    return np.random.default_rng(1).random((8, 28, 28, 1), np.float32)


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every Keras object in a `config.json`."""
    if isinstance(value, list):
        for item in value:
            yield from objects(item)
    elif isinstance(value, dict):
        if "class_name" in value:
            yield value
        for item in value.values():
            yield from objects(item)


def unknown_to_keras_3_3(path: Path) -> set[str]:
    """Return the arguments in a `.keras` file that Keras 3.3 would reject."""
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
    return {
        f"{node['class_name']}({argument})"
        for node in objects(config)
        for argument in node["config"]
        if argument not in KERAS_3_3.get(node["class_name"], "").split()
    }


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_file_fits_keras_3_3_and_opens_as_the_same_model(architecture: str, tmp_path: Path) -> None:
    model, path = trained_network(architecture), tmp_path / "model.keras"
    model.save(path)
    assert unknown_to_keras_3_3(path)  # otherwise this test would prove nothing

    save_portable(model, path)

    assert unknown_to_keras_3_3(path) == set()
    loaded, images = keras.models.load_model(path), random_images()
    assert np.array_equal(loaded(images, training=False), model(images, training=False))
    assert loaded.optimizer.get_config() == model.optimizer.get_config()
    expected = [layer.get_config() for layer in model.layers]
    assert [layer.get_config() for layer in loaded.layers] == expected


def test_seed_of_zero_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    save_portable(keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.5, seed=0)]), path)

    assert keras.models.load_model(path).layers[0].seed == 0


def test_portable_file_is_left_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    save_portable(trained_network("original"), path)
    saved_config = zipfile.ZipFile(path).read("config.json")

    make_portable(path)

    assert zipfile.ZipFile(path).read("config.json") == saved_config


def test_shipped_file_has_no_argument_that_keras_3_3_rejects() -> None:
    assert unknown_to_keras_3_3(Bundle(SHIPPED_BUNDLE).keras_file) == set()


@pytest.fixture(scope="module", params=[f"{OLDEST_KERAS}.3", "3.8.0", "3.14.0"])
def old_keras(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install an older version of Keras into a folder."""
    folder = tmp_path_factory.mktemp("keras")
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
    subprocess.run([*install, f"keras=={request.param}"], check=True)
    return folder


@pytest.mark.long
def test_older_keras_opens_the_files_and_keeps_training(old_keras: Path, tmp_path: Path) -> None:
    images = tmp_path / "images.npy"
    np.save(images, random_images())
    files = {"shipped": Bundle(SHIPPED_BUNDLE).keras_file}
    for architecture in ARCHITECTURES:
        files[architecture] = tmp_path / f"{architecture}.keras"
        save_portable(trained_network(architecture), files[architecture])

    for name, file in files.items():
        predictions = tmp_path / f"{name}.npy"
        command = [sys.executable, "-c", OLD_KERAS_SCRIPT, str(file), str(images), str(predictions)]
        environment = {**os.environ, "PYTHONPATH": str(old_keras), "KERAS_BACKEND": "tensorflow"}
        finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

        assert finished.returncode == 0, f"{name}: {finished.stderr[-2000:]}"
        assert (old_keras / f"keras-{finished.stdout.strip()}.dist-info").is_dir()
        expected = keras.models.load_model(file).predict(random_images(), verbose=0)
        assert np.array_equal(np.load(predictions), expected), name
