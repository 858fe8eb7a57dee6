"""The sum behind one value of a feature map, and the pixels of the image that it depends on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.explain.feature_maps import Box, WeightedSum, find_source, receptive_field, weighted_sum
from core.explain.numpy_network import NumpyNetwork
from core.ink.drawing import IMAGE_SIZE, Pixels
from dashboard.explain.colours import activation_picture
from dashboard.explain.value_map import Place
from dashboard.parts.png import png_data_uri

_SHOWN_CHANNELS = 6
"""Number of input channels that are shown with their patch and filter: two rows of three on a desktop."""


def show_weighted_sum(
    network: NumpyNetwork, image: Pixels, activations: Sequence[np.ndarray], layer: int, place: Place, channel: int
) -> None:
    """Show the receptive field and the weighted sum of one value."""
    source, source_place = find_source(network, activations, layer, place, channel)
    found = weighted_sum(network, image, activations, source, source_place, channel)
    outputs = activations[layer][0]
    value = float(outputs[(*place, channel)] if outputs.ndim == 3 else outputs[channel])
    box = receptive_field(network, layer, *place)
    st.markdown("**Where does this value come from?**")
    left, right = st.columns([1, 3.4], gap="large")
    with left:
        st.html(_field_html(image, box))
        st.caption(_field_sentence(box))
    with right:
        st.markdown(_sum_sentence(network, found, layer, source, value))
        st.html(_terms_html(found, source))
        st.caption(_rest_sentence(found, source))


def _field_html(image: Pixels, box: Box) -> str:
    top, left, bottom, right = (100 * side / IMAGE_SIZE for side in box)
    return (
        f'<div class="field"><img alt="the image" src="{png_data_uri(image)}">'
        f'<span style="top:{top}%;left:{left}%;height:{bottom - top}%;width:{right - left}%"></span></div>'
    )


def _field_sentence(box: Box) -> str:
    top, left, bottom, right = box
    if (bottom - top, right - left) == (IMAGE_SIZE, IMAGE_SIZE):
        return "It depends on the complete image."
    return f"It depends only on the {bottom - top} × {right - left} pixels in the frame, its **receptive field**."


def _sum_sentence(network: NumpyNetwork, found: WeightedSum, layer: int, source: int, value: float) -> str:
    products = float(found.products.sum())
    sentence = f"Inputs × weights {products:+.3f}, bias {found.bias:+.3f}: together **{found.total:.3f}**"
    kinds = {network.layers[index].kind for index in range(source + 1, layer + 1)}
    if "pooling" in kinds:
        sentence += ", the largest in its window"
    if "normalisation" in kinds:
        sentence += f"; after normalisation **{value:.3f}**"
    elif "relu" in kinds and value == 0:
        sentence += "; ReLU replaces negative values with **0**"
    elif "relu" in kinds:
        sentence += "; ReLU keeps positive values"
    return sentence + "."


def _terms_html(found: WeightedSum, source: int) -> str:
    """Return the input channels with the largest parts in the sum, each as patch × weights = products."""
    sums, products = found.channel_sums, found.products
    limits = [float(np.abs(values).max()) for values in (found.patch, found.weights, products)]
    figures = []
    for channel in _largest(sums):
        factors = [
            f'<img alt="{name}" src="{png_data_uri(activation_picture(values[..., channel], limit))}">'
            for name, values, limit in zip(
                ("inputs", "weights", "products"), (found.patch, found.weights, products), limits, strict=True
            )
        ]
        name = "Pixels" if source == 0 else f"Channel {found.first_channel + channel}"
        figures.append(
            f"<figure><div>{factors[0]}<b>×</b>{factors[1]}<b>=</b>{factors[2]}</div>"
            f"<figcaption>{name}: {sums[channel]:+.3f}</figcaption></figure>"
        )
    return f'<div class="terms">{"".join(figures)}</div>'


def _largest(sums: np.ndarray) -> list[int]:
    return [int(channel) for channel in np.argsort(-np.abs(sums), kind="stable")[:_SHOWN_CHANNELS]]


def _rest_sentence(found: WeightedSum, source: int) -> str:
    sums = found.channel_sums
    rest = len(sums) - _SHOWN_CHANNELS
    inputs = "the image" if source == 0 else "the layer before"
    sentence = f"Inputs from {inputs}, weights, and their products; teal is positive, orange negative."
    if rest > 0:
        others = float(sums.sum() - sums[_largest(sums)].sum())
        sentence += f" The other {rest} channels add {others:+.3f}."
    return sentence
