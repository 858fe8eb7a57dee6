"""Damaged and edited bundles raise BundleError before the model is used."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable

import numpy as np
import pytest

from core.classifier.network import Network
from core.classifier.predictor import Predictor
from core.errors import BundleError
from core.runs.run import Run
from tests.support.damage import Change, change_arrays, edit_json


@pytest.mark.parametrize(
    "edit",
    [
        ("created", "yesterday"),
        ("seconds", float("nan")),
        ("seconds", -1),
        ("seconds", 1e300),
        ("parameters", 10**30),
        ("metrics", "test_accuracy", 97.5),
        ("metrics", "validation_loss", float("inf")),
        ("metrics", "epochs", 0),
        ("data", "test_images", -5),
        ("layers", 0, "output_shape", [-1, 28]),
        ("calibration", "temperature", 0),
        ("calibration", "unsure_below", float("nan")),
        ("robustness", "canvas", -0.5),
        ("config", "learning_rate", 77),
    ],
    ids=str,
)
def test_card_with_an_impossible_value_is_rejected(run: Run, edit: tuple) -> None:
    *field, value = edit
    edit_json("model/card.json", *field, to=value)(run)

    with pytest.raises(BundleError, match=r"card\.json of the model in .* is damaged\. Choose another model"):
        run.bundle.card()


def test_card_from_an_earlier_version_is_read(run: Run) -> None:
    card, values = run.bundle.card(), json.loads(run.bundle.card_file.read_text())
    values["config"]["calm_epochs"] = values["config"].pop("final_epochs")
    values["config"]["drawn_digits"] = values["config"].pop("synthetic_digits")
    values["novelty"] = {
        "digits_refused": values["novelty"]["digits_rejected"],
        "outsiders_refused": values["novelty"]["out_of_distribution_rejected"],
    }
    run.bundle.card_file.write_text(json.dumps(values))

    assert run.bundle.card() == card


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": lambda labels: labels + 200},
        {"labels": lambda labels: labels.astype(float)},
        {"labels": lambda labels: labels.astype(str)},
        {"labels": lambda labels: -labels.astype(int)},
        {"labels": lambda labels: labels[:, np.newaxis]},
        {"labels": lambda _: np.uint8(3)},
        {"labels": lambda labels: labels[1:]},
        {"probabilities": lambda rows: rows * np.nan},
        {"probabilities": lambda rows: rows * 7},
        {"probabilities": lambda rows: np.tile(np.float32([2, -1, *[0] * 8]), (len(rows), 1))},
        {"probabilities": lambda rows: rows.astype(str)},
        {"probabilities": lambda rows: rows[:, :9]},
        {"probabilities": lambda rows: rows[:0], "labels": lambda labels: labels[:0]},
    ],
)
def test_invalid_test_predictions_raise_bundle_error(run: Run, changes: dict[str, Change]) -> None:
    change_arrays("model/evaluation.npz", **changes)(run)

    with pytest.raises(BundleError, match=r"evaluation\.npz of the model in .* is damaged"):
        run.bundle.evaluation()


@pytest.mark.parametrize(
    "changes",
    [
        {"mean": lambda mean: mean[1:]},
        {"scale": lambda scale: scale[:5]},
        {"scale": lambda scale: scale * 0},
        {"hidden_weights": lambda weights: weights.T},
        {"hidden_bias": lambda bias: bias[:3]},
        {"weights": lambda weights: weights[:, np.newaxis]},
        {"weights": lambda weights: weights * np.nan},
        {"weights": lambda weights: weights * np.float32(1e30)},
        {"weights": lambda weights: weights.astype(str)},
        {"bias": lambda bias: bias[np.newaxis]},
        {"bias": lambda bias: bias.astype(complex)},
    ],
)
def test_detector_with_invalid_arrays_raises_bundle_error(run: Run, changes: dict[str, Change]) -> None:
    change_arrays("model/novelty.npz", **changes)(run)

    with pytest.raises(BundleError, match=r"novelty\.npz of the model in .* is missing or damaged"):
        Predictor(run.bundle)


def test_network_with_one_changed_byte_is_not_loaded(run: Run) -> None:
    content = bytearray(run.bundle.tflite_file.read_bytes())
    content[-1] ^= 1
    run.bundle.tflite_file.write_bytes(content)

    with pytest.raises(BundleError, match="cannot be used"):
        Predictor(run.bundle)


# The tests' network flattens 5 x 5 x 8 features; their number is stored as a constant of 4 bytes.
WIDTH = struct.pack("<ii", 4, 200)
WRONG_WIDTH = struct.pack("<ii", 4, 201)


def replace_last_bias(content: bytes, values: bytes) -> bytes:
    """Return the network with other values for its last bias."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content)
    (bias,) = (tensor["index"] for tensor in interpreter.get_tensor_details() if list(tensor["shape"]) == [10])
    original = interpreter.get_tensor(bias).tobytes()
    assert content.count(original) == 1
    return content.replace(original, values)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content.replace(WIDTH, WRONG_WIDTH),
        lambda content: replace_last_bias(content, np.full(10, np.nan, np.float32).tobytes()),
    ],
    ids=["inference fails", "outputs are NaN"],
)
def test_damage_that_shows_only_during_inference_is_detected(run: Run, damage: Callable[[bytes], bytes]) -> None:
    edit_json("model/card.json", "network_fingerprint", to=None)(run)
    original = run.bundle.tflite_file.read_bytes()
    run.bundle.tflite_file.write_bytes(damage(original))
    assert run.bundle.tflite_file.read_bytes() != original
    Network(run.bundle.tflite_file)

    with pytest.raises(BundleError, match="cannot be used"):
        Predictor(run.bundle)


@pytest.mark.parametrize("count", [1, 40])
def test_damaged_network_raises_bundle_error(run: Run, count: int) -> None:
    run.bundle.tflite_file.write_bytes(run.bundle.tflite_file.read_bytes().replace(WIDTH, WRONG_WIDTH))
    network = Network(run.bundle.tflite_file)

    with pytest.raises(BundleError, match="cannot be used"):
        network(np.zeros((count, 28, 28), np.uint8))
