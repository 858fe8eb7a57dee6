"""Reads the network in a bundle's `.keras` file as NumPy layers, without TensorFlow."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from core.classifier.bundle import UNREADABLE_OR_DAMAGED, Bundle, file_error
from core.data.datasets import CLASSES
from core.errors import BundleError
from core.explain.blas import use_one_blas_thread
from core.explain.layers import (
    Convolution,
    Dense,
    DepthwiseConvolution,
    Flatten,
    Kind,
    Layer,
    MaxPooling,
    Normalisation,
    ReLU,
    Softmax,
    Window,
    same_margins,
)
from core.explain.numpy_network import NumpyNetwork
from core.ink.drawing import IMAGE_SIZE
from core.language import Message
from core.storage import open_file

_EPSILON = 1e-3  # Keras' default for batch normalisation, which a portable file omits
_GROUPS = {"Conv2D": "conv2d", "DepthwiseConv2D": "depthwise_conv2d", "Dense": "dense"}
_NORMALISATION_GROUP = "batch_normalization"


class _UnknownLayer(ValueError):
    """A layer or setting that no preset of this version has."""


def load_network(bundle: Bundle) -> NumpyNetwork:
    """Read a bundle's network with its calibration; raises BundleError if the card or the Keras file is unusable."""
    calibration = bundle.card().calibration
    return read_network(bundle.keras_file, calibration.temperature if calibration else 1.0)


def read_network(path: Path, temperature: float = 1.0) -> NumpyNetwork:
    """Read the network of a `.keras` file; raises BundleError if it is damaged or has unknown layers.

    From then on, this process multiplies matrices on one thread.
    """
    # Imported here, so that the dashboard starts faster.
    import h5py

    use_one_blas_thread()
    try:
        with open_file(path) as file, zipfile.ZipFile(file) as archive:
            config = json.loads(archive.read("config.json"))
            # Read the complete entry, which verifies its checksum: HDF5 may crash on damaged bytes.
            weights = archive.read("model.weights.h5")
        with h5py.File(io.BytesIO(weights)) as weights_file:
            return NumpyNetwork(_Builder(weights_file, temperature).build(config["config"]["layers"]))
    except _UnknownLayer as error:
        raise BundleError(
            Message(
                "The model in {folder} was made by an earlier version of Trazo, and its layers cannot be "
                "shown ({reason}). Choose another model, or train it again.",
                folder=path.parent,
                reason=error,
            ),
            path.parent,
        ) from error
    except Exception as error:  # zipfile, json and HDF5 raise a dozen kinds of error
        raise file_error(path, UNREADABLE_OR_DAMAGED) from error


class _Builder:
    """Builds the layers one after another; `_shape` is the output shape of the last one."""

    def __init__(self, weights_file: Any, temperature: float) -> None:
        self._weights_file = weights_file
        self._temperature = temperature
        self._shape: tuple[int, ...] = (IMAGE_SIZE, IMAGE_SIZE, 1)
        self._layers: list[Layer] = []
        self._groups: Counter[str] = Counter()
        self._numbers: Counter[Kind] = Counter()
        self._predecessor = Message("the image")

    def build(self, configs: list[dict[str, Any]]) -> tuple[Layer, ...]:
        add = {
            "Conv2D": self._add_convolution,
            "DepthwiseConv2D": self._add_depthwise,
            "BatchNormalization": self._add_normalisation,
            "ReLU": self._add_relu,
            "MaxPooling2D": self._add_pooling,
            "Flatten": self._add_flatten,
            "Dense": self._add_dense,
        }
        for layer in configs:
            kind = layer["class_name"]
            if kind in ("InputLayer", "Dropout"):  # dropout is active during training only
                continue
            if kind not in add:
                raise _UnknownLayer(str(kind))
            add[kind](layer["config"])
        if not isinstance(self._layers[-1], Softmax) or self._shape != (CLASSES,):
            raise _UnknownLayer(Message("no softmax over ten digits at the end"))
        return tuple(self._layers)

    def _add_convolution(self, config: dict[str, Any]) -> None:
        kernel, bias = self._weights("Conv2D", config)
        window = self._window(config, config["kernel_size"], config.get("strides", 1))
        _expect_shape(kernel, (window.side, window.side, self._shape[-1], config["filters"]))
        shape = self._output_shape(window, config["filters"])
        number = self._next_number("convolution")
        self._predecessor = Message("convolution {number}", number=number)
        title = Message(
            "Convolution {number} ({filters} filters, {side}x{side})",
            number=number,
            filters=config["filters"],
            side=window.side,
        )
        self._append(Convolution("convolution", title, shape, window, kernel, bias))
        self._add_activation(config)

    def _add_depthwise(self, config: dict[str, Any]) -> None:
        kernel, bias = self._weights("DepthwiseConv2D", config)
        window = self._window(config, config["kernel_size"], config.get("strides", 1))
        _expect_shape(kernel, (window.side, window.side, self._shape[-1], 1))
        shape = self._output_shape(window, self._shape[-1])
        number = self._next_number("depthwise")
        self._predecessor = Message("depthwise convolution {number}", number=number)
        title = Message(
            "Depthwise convolution {number} ({filters} filters, {side}x{side})",
            number=number,
            filters=self._shape[-1],
            side=window.side,
        )
        self._append(DepthwiseConvolution("depthwise", title, shape, window, kernel[..., 0], bias))
        self._add_activation(config)

    def _add_dense(self, config: dict[str, Any]) -> None:
        kernel, bias = self._weights("Dense", config)
        _expect_shape(kernel, (*self._shape, config["units"]))
        number = self._next_number("dense")
        self._predecessor = Message("dense layer {number}", number=number)
        title = Message("Dense layer {number} ({units} units)", number=number, units=config["units"])
        self._append(Dense("dense", title, (config["units"],), kernel, bias))
        self._add_activation(config)

    def _add_normalisation(self, config: dict[str, Any]) -> None:
        """Fold the normalisation into the convolution before it, or add it as a layer of its own."""
        gamma, beta, mean, variance = self._read_group(_NORMALISATION_GROUP, 4)
        _expect_shape(np.stack([gamma, beta, mean, variance]), (4, self._shape[-1]))
        scale = gamma / np.sqrt(variance + config.get("epsilon", _EPSILON))
        offset = beta - mean * scale
        previous = self._layers[-1]
        if isinstance(previous, Convolution | DepthwiseConvolution):
            kernel, bias = previous.kernel * scale, previous.bias * scale + offset
            self._layers[-1] = _replace_weights(previous, _as_floats(kernel), _as_floats(bias))
            return
        title = Message("Batch normalisation after {layer}", layer=self._predecessor)
        self._append(Normalisation("normalisation", title, self._shape, _as_floats(scale), _as_floats(offset)))

    def _add_pooling(self, config: dict[str, Any]) -> None:
        if config.get("padding", "valid") != "valid":
            raise _UnknownLayer(Message("MaxPooling2D with padding"))
        size = config.get("pool_size", 2)
        window = self._window(config, size, config.get("strides") or size)
        title = Message("Max pooling after {layer} ({side}x{side})", layer=self._predecessor, side=window.side)
        self._append(MaxPooling("pooling", title, self._output_shape(window, self._shape[-1]), window))

    def _add_flatten(self, _: dict[str, Any]) -> None:
        self._append(Flatten("flatten", Message("Flatten"), (int(np.prod(self._shape)),)))

    def _add_relu(self, config: dict[str, Any]) -> None:
        if any(config.get(name) for name in ("max_value", "negative_slope", "threshold")):
            raise _UnknownLayer(Message("ReLU with non-default settings"))
        self._append(ReLU("relu", Message("ReLU after {layer}", layer=self._predecessor), self._shape))

    def _add_activation(self, config: dict[str, Any]) -> None:
        """Add the activation function that Keras stores as a setting of another layer."""
        activation = config.get("activation", "linear")
        if activation == "relu":
            self._add_relu({})
        elif activation == "softmax":
            self._append(Softmax("softmax", Message("Probabilities (softmax)"), self._shape, self._temperature))
        elif activation != "linear":
            raise _UnknownLayer(Message("activation {activation}", activation=activation))

    def _append(self, layer: Layer) -> None:
        self._layers.append(layer)
        self._shape = layer.output_shape

    def _next_number(self, kind: Kind) -> int:
        self._numbers[kind] += 1
        return self._numbers[kind]

    def _window(self, config: dict[str, Any], size: Any, strides: Any) -> Window:
        side, stride = _one_number(size), _one_number(strides)
        is_unusual = config.get("data_format", "channels_last") != "channels_last" or config.get("groups", 1) != 1
        if is_unusual or _one_number(config.get("dilation_rate", 1)) != 1:
            raise _UnknownLayer(Message("a convolution with unusual settings"))
        is_same_padding = config.get("padding", "valid") == "same"
        return Window(side, stride, same_margins(self._shape[0], side, stride) if is_same_padding else (0, 0))

    def _output_shape(self, window: Window, channels: int) -> tuple[int, int, int]:
        side = window.output_side(self._shape[0])
        if side < 1:
            raise ValueError(f"A window of {window.side} pixels does not fit into {self._shape[0]} pixels.")
        return side, side, channels

    def _weights(self, kind: str, config: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        """Return the kernel and the bias of the next layer of a kind; without a bias, return zeros for it."""
        if config.get("use_bias", True):
            kernel, bias = self._read_group(_GROUPS[kind], 2)
        else:
            (kernel,) = self._read_group(_GROUPS[kind], 1)
            bias = np.zeros(kernel.shape[-2] if kind == "DepthwiseConv2D" else kernel.shape[-1], np.float32)
        return kernel, bias

    def _read_group(self, group: str, count: int) -> list[np.ndarray]:
        """Return the variables of the next layer of a kind; Keras numbers the layers of each kind from 0."""
        number = self._groups[group]
        self._groups[group] += 1
        variables = self._weights_file[f"layers/{group}_{number}/vars" if number else f"layers/{group}/vars"]
        return [_as_floats(variables[str(index)]) for index in range(count)]


def _as_floats(values: Any) -> np.ndarray:
    array = np.asarray(values, np.float32)
    if not array.size or not np.isfinite(array).all():
        raise ValueError("Expected finite weights.")
    return array


def _expect_shape(array: np.ndarray, shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise ValueError(f"Expected weights of shape {shape}. Received: {array.shape}.")


def _one_number(setting: Any) -> int:
    """Return a setting that is one number, or the same number for both axes."""
    values = set(setting) if isinstance(setting, list) else {setting}
    if len(values) != 1:
        raise _UnknownLayer(Message("a window that is not square"))
    return int(values.pop())


def _replace_weights(
    layer: Convolution | DepthwiseConvolution, kernel: np.ndarray, bias: np.ndarray
) -> Convolution | DepthwiseConvolution:
    return type(layer)(layer.kind, layer.title, layer.output_shape, layer.window, kernel, bias)
