"""The sum behind one value of a feature map, and the pixels of the image that it depends on."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from core.explain.feature_maps import Box, WeightedSum, find_source, receptive_field, weighted_sum
from core.explain.layers import Layer, Normalisation, ReLU
from core.explain.numpy_network import NumpyNetwork
from core.ink.drawing import IMAGE_SIZE, Pixels
from core.language import ntr, number, tr
from dashboard.explain.colours import activation_picture
from dashboard.explain.value_map import Place
from dashboard.parts.png import png_data_uri

_SHOWN_CHANNELS = 6
"""Number of input channels that are shown with their patch and filter: two rows of three on a desktop."""


def show_weighted_sum(
    network: NumpyNetwork,
    image: Pixels,
    activations: Sequence[np.ndarray],
    layer: int,
    place: Place,
    channel: int,
    *,
    off: bool,
) -> None:
    """Show the receptive field and the weighted sum of one value; `off`: its channel is switched off."""
    source, source_place = find_source(network, activations, layer, place, channel)
    breakdown = weighted_sum(network, image, activations, source, source_place, channel)
    box = receptive_field(network, layer, *place)
    st.markdown(tr("**Where does this value come from?**"))
    left, right = st.columns([1, 3.4], gap="large")
    with left:
        st.html(_field_html(image, box))
        st.caption(_field_sentence(box))
    with right:
        st.markdown(sum_sentence(network.layers[source + 1 : layer + 1], breakdown, channel))
        if off:
            st.markdown(tr("This channel is off, so the network gets **0** instead."))
        st.html(_terms_html(breakdown, source))
        st.caption(_rest_sentence(breakdown, source))


def _field_html(image: Pixels, box: Box) -> str:
    description = tr("the image")
    top, left, bottom, right = (100 * side / IMAGE_SIZE for side in box)
    return (
        f'<div class="field"><img alt="{escape(description)}" src="{png_data_uri(image)}">'
        f'<span style="top:{top}%;left:{left}%;height:{bottom - top}%;width:{right - left}%"></span></div>'
    )


def _field_sentence(box: Box) -> str:
    top, left, bottom, right = box
    if (bottom - top, right - left) == (IMAGE_SIZE, IMAGE_SIZE):
        return tr("It depends on the whole image.")
    return tr(
        "It depends only on the {height} × {width} pixels in the frame, its **receptive field**.",
        height=bottom - top,
        width=right - left,
    )


def sum_sentence(layers: Sequence[Layer], breakdown: WeightedSum, channel: int) -> str:
    """Describe the sum, and the effect of the layers without weights that follow it."""
    value = breakdown.total
    products = float(breakdown.products.sum())
    parts = [
        tr(
            "Inputs × weights {products:+.3f}, bias {bias:+.3f}: together **{total:.3f}**",
            products=products,
            bias=breakdown.bias,
            total=value,
        )
    ]
    for layer in layers:
        if isinstance(layer, Normalisation):
            value = value * float(layer.scale[channel]) + float(layer.offset[channel])
            parts.append(tr("normalised to **{value:.3f}**", value=value))
        elif isinstance(layer, ReLU):
            negative = tr("ReLU replaces negative values with **0**")
            parts.append(negative if value < 0 else tr("ReLU keeps positive values"))
            value = max(value, 0)
        else:
            parts.append(tr("no value in its pooling window is larger"))
    return "; ".join(parts) + "."


def _terms_html(breakdown: WeightedSum, source: int) -> str:
    """Return HTML of the input channels that contribute most to the sum, each as inputs × weights = products.

    The first channel is shown with its numbers.
    """
    arrays = (breakdown.patch, breakdown.weights, breakdown.products)
    limits = [float(np.abs(values).max()) for values in arrays]
    first, *others = _largest_channels(breakdown.channel_sums)
    figures = [
        _figure(breakdown, source, first, [_numbers(v[..., first], m) for v, m in zip(arrays, limits, strict=True)])
    ]
    figures += [
        _figure(breakdown, source, each, [_picture(v[..., each], m) for v, m in zip(arrays, limits, strict=True)])
        for each in others
    ]
    return f'<div class="terms">{"".join(figures)}</div>'


def _figure(breakdown: WeightedSum, source: int, channel: int, factors: Sequence[str]) -> str:
    name = tr("Pixels") if source == 0 else tr("Channel {channel}", channel=breakdown.first_channel + channel)
    inputs, weights, products = factors
    return (
        f"<figure><div>{inputs}<b>×</b>{weights}<b>=</b>{products}</div>"
        f"<figcaption>{escape(name)}: {number(breakdown.channel_sums[channel], '+.3f')}</figcaption></figure>"
    )


def _picture(values: np.ndarray, limit: float) -> str:
    return f'<img alt="" src="{png_data_uri(activation_picture(values, limit))}">'


def _numbers(values: np.ndarray, limit: float) -> str:
    """Return HTML that shows values (h, w) as numbers on their colours."""
    colours = activation_picture(values, limit).reshape(-1, 3).tolist()
    rounded = values.ravel().round(2) + np.float32(0)  # no negative zeros
    cells = "".join(
        f'<i style="background:rgb({red},{green},{blue});color:{_text_colour(red, green, blue)}">'
        f"{number(value, '.2f')}</i>"
        for value, (red, green, blue) in zip(rounded.tolist(), colours, strict=True)
    )
    return f'<span class="numbers" style="grid-template-columns:repeat({values.shape[1]},1fr)">{cells}</span>'


def _text_colour(red: int, green: int, blue: int) -> str:
    """Return black or white, whichever has more contrast; the weights are those of relative luminance (WCAG 2.1)."""
    luminance = sum(
        weight * (value / 255) ** 2.2
        for weight, value in zip((0.2126, 0.7152, 0.0722), (red, green, blue), strict=True)
    )
    # At 0.18, the contrasts with black and with white are equal.
    return "#000" if luminance > 0.18 else "#fff"


def _largest_channels(sums: np.ndarray) -> list[int]:
    return [int(channel) for channel in np.argsort(-np.abs(sums), kind="stable")[:_SHOWN_CHANNELS]]


def _rest_sentence(breakdown: WeightedSum, source: int) -> str:
    sums = breakdown.channel_sums
    rest = len(sums) - _SHOWN_CHANNELS
    sentences = [
        tr("Inputs from the image, weights, and their products; teal is positive, orange negative.")
        if source == 0
        else tr("Inputs from the previous layer, weights, and their products; teal is positive, orange negative.")
    ]
    if rest > 0:
        others = float(sums.sum() - sums[_largest_channels(sums)].sum())
        sentences.append(
            ntr(
                "The other channel adds {others:+.3f}.",
                "The other {count} channels add {others:+.3f}.",
                rest,
                others=others,
            )
        )
    return " ".join(sentences)
