"""The network at a glance: the image, the strongest feature maps of each block, and the probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.classifier.predictor import format_confidence
from core.explain.numpy_network import NumpyNetwork
from core.ink.drawing import Pixels
from core.language import tr
from dashboard.explain.colours import activation_picture
from dashboard.parts.component import component
from dashboard.parts.png import png_data_uri
from dashboard.session import state

_SHOWN_MAPS = 5
"""Number of maps in a column, which then fits on a phone's screen."""

_component = component("network_overview", '<div class="scroll"><div class="network"></div></div>')


def show_overview(
    network: NumpyNetwork, image: Pixels, activations: Sequence[np.ndarray], layer_key: str, grid_prefix: str
) -> None:
    """Show all blocks; a click on a map chooses its layer and channel.

    `activations`: each layer's values for this image. `layer_key`: widget key of the chosen layer.
    `grid_prefix`: key of a layer's grid of maps, without the layer's index.
    """

    def choose() -> None:
        chosen = st.session_state[_KEY]["chosen"]
        if chosen is not None:
            layer, channel = (int(number) for number in chosen)
            st.session_state[layer_key] = layer
            state.choose_tile(f"{grid_prefix}{layer}", channel)

    shown_layer = st.session_state.get(layer_key)
    probabilities = activations[-1][0].astype(float)
    _component(
        key=_KEY,
        data={
            "image": png_data_uri(image),
            "blocks": [
                _block(
                    network,
                    activations,
                    start,
                    end,
                    state.chosen_tile(f"{grid_prefix}{end}") if end == shown_layer else None,
                )
                for start, end in _blocks(network)
            ],
            "probabilities": probabilities.round(4).tolist(),
            "values": [tr(format_confidence(probability)) for probability in probabilities],
            "words": {
                "image": tr("Image"),
                "picture": tr("the image"),
                "channel": tr("{layer}, channel {channel}"),
                "shown": tr("{shown} of {count}"),
                "probabilities": tr("Probabilities"),
            },
        },
        on_chosen_change=choose,
    )


_KEY = "network_overview"


def _blocks(network: NumpyNetwork) -> list[tuple[int, int]]:
    """Return the first and the last layer of each block with weights, except the block of the logits."""
    weighted_layers = [
        index for index, layer in enumerate(network.layers) if layer.kind in ("convolution", "depthwise", "dense")
    ]
    return [(index, network.block_end(index)) for index in weighted_layers[:-1]]


def _block(
    network: NumpyNetwork, activations: Sequence[np.ndarray], start: int, end: int, selected: int | None
) -> dict[str, object]:
    maps = feature_maps(activations[end])
    channels = set(np.argsort(-strengths(maps), kind="stable")[:_SHOWN_MAPS].tolist())
    limit = float(np.abs(maps).max())
    return {
        "layer": end,
        "name": short_title(network.layers[start].title),
        "count": len(maps),
        "maps": [
            {
                "source": png_data_uri(activation_picture(maps[channel], limit)),
                "channel": channel,
                "selected": channel == selected,
            }
            for channel in sorted(channels)
        ],
    }


def strengths(maps: np.ndarray) -> np.ndarray:
    """Return the largest absolute value of each map: (channels,) for maps (channels, h, w).

    By their mean, maps that only show the background would be the strongest.
    """
    largest: np.ndarray = np.abs(maps).max(axis=(1, 2))
    return largest


def short_title(title: str) -> str:
    """Return the title of a layer without its size in parentheses."""
    return tr(title).partition(" (")[0]


def feature_maps(activation: np.ndarray) -> np.ndarray:
    """Return the maps of one image, (channels, h, w); the units of a dense layer are maps of one pixel."""
    values = activation[0]
    return np.array(values.reshape(-1, 1, 1) if values.ndim == 1 else np.moveaxis(values, -1, 0))
