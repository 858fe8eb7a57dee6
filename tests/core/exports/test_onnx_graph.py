"""The ONNX graph computes what Keras computes, for every architecture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from core.explain.keras_reader import read_network
from core.exports.onnx_graph import OnnxNetwork, onnx_model
from tests.support.tiny_networks import ARCHITECTURES, save_random_model


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("dense_units", [0, 6])
def test_probabilities_are_those_of_keras(architecture: str, dense_units: int, tmp_path: Path) -> None:
    model, path = save_random_model(tmp_path, architecture, dense_units=dense_units)
    inputs = np.random.default_rng(3).random((5, 28, 28, 1), np.float32)

    network = OnnxNetwork(onnx_model(read_network(path)).SerializeToString())

    expected = np.asarray(model(inputs, training=False))
    assert network(inputs) == pytest.approx(expected, abs=1e-5)
    assert network(inputs[:1]) == pytest.approx(expected[:1], abs=1e-5)


def test_temperature_of_the_network_is_used(tmp_path: Path) -> None:
    _, path = save_random_model(tmp_path, "strided")
    images = np.random.default_rng(3).random((2, 28, 28), np.float32)
    network = read_network(path, temperature=2.5)

    found = OnnxNetwork(onnx_model(network).SerializeToString())(images[..., np.newaxis])

    assert found == pytest.approx(network.probabilities(images), abs=1e-5)
    assert found != pytest.approx(read_network(path).probabilities(images), abs=1e-3)


def test_graph_has_one_input_and_one_output(tmp_path: Path) -> None:
    graph = onnx_model(read_network(save_random_model(tmp_path, "deep")[1])).graph

    def shapes(values: object) -> list[tuple[str, list[int | str]]]:
        return [
            (value.name, [side.dim_param or side.dim_value for side in value.type.tensor_type.shape.dim])
            for value in values
        ]  # type: ignore[attr-defined]

    assert shapes(graph.input) == [("image", ["n", 28, 28, 1])]
    assert shapes(graph.output) == [("probabilities", ["n", 10])]
    assert {value.type.tensor_type.elem_type for value in [*graph.input, *graph.output]} == {onnx.TensorProto.FLOAT}
