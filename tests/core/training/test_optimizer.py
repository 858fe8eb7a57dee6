"""The optimizer that is saved with a trained network."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from core.classifier.architectures import build_model
from core.classifier.bundle import Bundle
from core.classifier.keras_file import save_portable
from core.training.optimizer import compile_for_labels, compile_model
from core.workspace import SHIPPED_BUNDLE
from tests.support.tiny_training import tiny_config

IMAGES = np.random.default_rng(0).random((64, 28, 28, 1), np.float32)
LABELS = np.eye(10, dtype=np.float32)[np.arange(64) % 10]


def learns(file: Path) -> bool:
    """Load a network, train it for an epoch, and return True if its weights have changed by more than rounding."""
    model = keras.models.load_model(file)
    before = model.get_layer(index=-1).kernel.numpy()
    model.fit(IMAGES, LABELS, verbose=0)
    return bool(np.abs(model.get_layer(index=-1).kernel.numpy() - before).max() > 1e-6)


@pytest.mark.parametrize("schedule", ["constant", "one_cycle"])
def test_saved_network_can_be_trained_further(schedule: str, tmp_path: Path) -> None:
    file, config = tmp_path / "model.keras", tiny_config(schedule=schedule)
    model = build_model(config.model)
    compile_model(model, config, steps=2)
    model.fit(IMAGES, LABELS, batch_size=32, verbose=0)

    compile_for_labels(model)
    save_portable(model, file)

    assert learns(file)


def test_shipped_network_can_be_trained_further() -> None:
    assert learns(Bundle(SHIPPED_BUNDLE).keras_file)
