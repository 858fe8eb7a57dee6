"""A trained network as an ONNX graph, built from its layers in NumPy; neither TensorFlow nor a converter is needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from core.data.datasets import CLASSES
from core.explain.layers import (
    Convolution,
    Dense,
    DepthwiseConvolution,
    Flatten,
    Layer,
    MaxPooling,
    Normalisation,
    ReLU,
    Softmax,
    Window,
)
from core.explain.numpy_network import NumpyNetwork
from core.ink.drawing import IMAGE_SIZE

INPUT, OUTPUT = "image", "probabilities"
"""Names of the graph's input and output."""

_OPSET = 17  # from 2022; every later runtime reads it
_IR_VERSION = 8  # the file format that came with this opset
_CHANNELS_FIRST, _CHANNELS_LAST = (0, 3, 1, 2), (0, 2, 3, 1)
_DESCRIPTION = (
    "Handwritten digits, trained with Trazo. Input: float32 (n, 28, 28, 1), white ink (1) on black (0), centred as in "
    "MNIST. Output: the probabilities of the digits 0 to 9, float32 (n, 10)."
)


def onnx_model(network: NumpyNetwork) -> onnx.ModelProto:
    """Return the graph of a network, with a dynamic batch dimension and the ten probabilities as its only output."""
    graph = _Graph()
    for layer in network.layers:
        graph.add(layer)
    model = helper.make_model(
        graph.build(), opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION, producer_name="Trazo"
    )
    model.doc_string = _DESCRIPTION
    onnx.checker.check_model(model, full_check=True)
    return model


class OnnxNetwork:
    """An `.onnx` file in ONNX Runtime, on one thread."""

    def __init__(self, file: Path | bytes) -> None:
        """Load the file or its content."""
        # Imported here, because only the worker runs the graph.
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only
        content = file if isinstance(file, bytes) else str(file)
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """Return the probabilities float32 (n, 10) for inputs float32 (n, 28, 28, 1)."""
        (probabilities,) = self._session.run([OUTPUT], {INPUT: inputs})
        return np.asarray(probabilities)


class _Graph:
    """Adds one layer after another; `_last_output` is the name of the last output.

    Feature maps are channels-first, as ONNX's operators expect. Weights of dense layers are for channels-last inputs.
    """

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []
        self._last_output = INPUT
        self._is_feature_map = True
        self._node("Transpose", perm=_CHANNELS_FIRST)

    def build(self) -> onnx.GraphProto:
        self._nodes[-1].output[0] = OUTPUT
        image = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["n", IMAGE_SIZE, IMAGE_SIZE, 1])
        probabilities = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["n", CLASSES])
        return helper.make_graph(self._nodes, "digits", [image], [probabilities], self._weights)

    def add(self, layer: Layer) -> None:
        match layer:
            case Convolution():
                self._convolution(layer.window, layer.kernel.transpose(3, 2, 0, 1), layer.bias)
            case DepthwiseConvolution():
                kernel = layer.kernel.transpose(2, 0, 1)[:, np.newaxis]
                self._convolution(layer.window, kernel, layer.bias, group=len(kernel))
            case Normalisation():
                self._node("Mul", self._channel_values(layer.scale))
                self._node("Add", self._channel_values(layer.offset))
            case ReLU():
                self._node("Relu")
            case MaxPooling():
                side, stride = layer.window.side, layer.window.stride
                self._node("MaxPool", kernel_shape=[side, side], strides=[stride, stride])
            case Flatten():
                self._node("Transpose", perm=_CHANNELS_LAST)
                self._node("Flatten", axis=1)
                self._is_feature_map = False
            case Dense():
                self._node("Gemm", layer.kernel, layer.bias)
            case Softmax():
                if layer.temperature != 1:
                    self._node("Div", np.float32(layer.temperature))
                self._node("Softmax", axis=1)

    def _convolution(self, window: Window, kernel: np.ndarray, bias: np.ndarray, group: int = 1) -> None:
        before, after = window.margins
        stride = [window.stride, window.stride]
        self._node("Conv", kernel, bias, group=group, strides=stride, pads=[before, before, after, after])

    def _channel_values(self, values: np.ndarray) -> np.ndarray:
        return values[:, np.newaxis, np.newaxis] if self._is_feature_map else values

    def _node(self, operator: str, *weights: np.ndarray | np.float32, **attributes: object) -> None:
        """Append an operator that takes the last output and these weights."""
        number = len(self._nodes)
        names = [f"{operator.lower()}_{number}_weights_{index}" for index in range(len(weights))]
        self._weights += [
            numpy_helper.from_array(np.ascontiguousarray(values, np.float32), name)
            for name, values in zip(names, weights, strict=True)
        ]
        output = f"{operator.lower()}_{number}"
        self._nodes.append(helper.make_node(operator, [self._last_output, *names], [output], name=output, **attributes))
        self._last_output = output
