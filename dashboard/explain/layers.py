"""The section "Layer by layer": all feature maps of a layer, and the prediction without some of its channels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.classifier.bundle import Bundle
from core.classifier.predictor import Predictor, Reading
from core.errors import TrazoError
from core.explain.numpy_network import NumpyNetwork
from core.ink.drawing import Pixels
from core.language import Message, ntr, tr
from dashboard.explain.colours import activation_picture
from dashboard.explain.overview import feature_maps, show_overview, strengths
from dashboard.explain.probabilities import show_probabilities
from dashboard.explain.value_map import Place, chosen_place, show_value_map
from dashboard.explain.weighted_sum import show_weighted_sum
from dashboard.parts.digit_grid import keep_click, tile_grid
from dashboard.parts.png import png_data_uri
from dashboard.parts.prediction import show_prediction
from dashboard.session import cache, state
from dashboard.session.permission import safe_text

_SHARED_SCALE, _OWN_SCALE = Message("Shared scale"), Message("Own scale")
_HIDDEN_KINDS = ("flatten", "softmax")
"""Layers that show nothing new: the previous layer's values, and the probabilities."""


@st.fragment
def show_layers_section(
    network: NumpyNetwork, bundle: Bundle, predictor: Predictor, reading: Reading, image: Pixels, model: str
) -> None:
    """Show the feature maps of a layer, one of them enlarged, and the effect of switching channels off.

    `reading`: the prediction at the top of the page, for the image (28, 28).
    """
    st.subheader(tr("Layer by layer"), anchor=False)
    st.markdown(
        tr(
            "Each layer turns its input into **feature maps**, one per channel. The first layers find edges, later "
            "ones combine them into parts of digits. The picture shows the strongest maps of each block. Click a map "
            "to enlarge it, click one of its values to see the sum behind it, and switch channels off to see whether "
            "the prediction depends on them."
        )
    )
    activations = network.activations(image[np.newaxis])
    show_overview(network, image, activations, layer_key=f"layer_{model}", grid_prefix=f"maps_{model}_")
    layers = [index for index, layer in enumerate(network.layers) if layer.kind not in _HIDDEN_KINDS]
    first_relu = next((position for position, index in enumerate(layers) if network.layers[index].kind == "relu"), 0)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        layer = st.selectbox(
            tr("Layer"),
            layers,
            index=first_relu,
            format_func=lambda index: _layer_title(network, index),
            key=f"layer_{model}",
            width=360,
        )
        scale = st.segmented_control(
            tr("Colours"),
            [_SHARED_SCALE, _OWN_SCALE],
            default=_SHARED_SCALE,
            format_func=tr,
            required=True,
            key="layer_scale",
            help=tr(
                "With a shared scale, all maps have the same colours for the same values; with its own scale, each "
                "map shows its full range."
            ),
        )
    off_key = f"off_{model}_{layer}"
    channels_off: list[int] = st.session_state.get(off_key, [])
    maps = feature_maps(activations[layer])
    grid = f"maps_{model}_{layer}"
    chosen = state.chosen_tile(grid)
    channel = int(strengths(maps).argmax()) if chosen is None else chosen
    map_key = f"map_{model}_{layer}"
    place = chosen_place(map_key, maps[channel])
    maps[channels_off] = 0
    left, right = st.columns([2.2, 1], gap="large")
    with left:
        _show_maps(maps, grid, channel, channels_off, shared=scale == _SHARED_SCALE)
    with right:
        limit = _limit(maps) if scale == _SHARED_SCALE else _limit(maps[channel])
        _show_channel(maps[channel], channel, limit, place, key=map_key)
        _show_switches(off_key, channels_off, channel)
    show_weighted_sum(network, image, activations, layer, place, channel, off=channel in channels_off)
    end = network.block_end(layer)
    ablated_probabilities = network.probabilities(image[np.newaxis], {end: channels_off})[0]
    _compare_predictions(predictor, reading, ablated_probabilities, channels_off)
    if channels_off:
        _show_accuracy(bundle, end, channels_off)


def _layer_title(network: NumpyNetwork, index: int) -> str:
    layer = network.layers[index]
    shape = " × ".join(str(size) for size in layer.output_shape)
    return f"{tr(layer.title)}: {shape}"


def _limit(maps: np.ndarray) -> float:
    return float(np.abs(maps).max())


def _show_maps(maps: np.ndarray, key: str, channel: int, channels_off: Sequence[int], *, shared: bool) -> None:
    limit = _limit(maps)
    tile_grid(
        [png_data_uri(activation_picture(each, limit if shared else _limit(each))) for each in maps],
        key=key,
        captions=[
            tr("{channel} off", channel=index) if index in channels_off else str(index) for index in range(len(maps))
        ],
        titles=[
            tr(
                "channel {channel}, from {low:.2f} to {high:.2f}",
                channel=index,
                low=float(each.min()),
                high=float(each.max()),
            )
            for index, each in enumerate(maps)
        ],
        tile=56,
        selected=channel,
        on_click=keep_click(key, len(maps)),
    )


def _show_channel(values: np.ndarray, channel: int, limit: float, place: Place, key: str) -> None:
    """Show one map, enlarged, with the chosen place."""
    title = tr("Channel {channel}", channel=channel)
    st.markdown(f"**{title}**")
    show_value_map(values, activation_picture(values, limit), place, key=key, title=title)
    if values.size > 1:
        st.caption(
            tr(
                "Values from {low:.2f} to {high:.2f}. Click one to see where it comes from.",
                low=float(values.min()),
                high=float(values.max()),
            )
        )


def _show_switches(key: str, channels_off: list[int], channel: int) -> None:
    """Show the buttons that switch the enlarged channel on or off, and all channels back on.

    `key` must not be a widget's: a click also sends the old values of widgets, which would overwrite the new one.
    """

    def switch(channels: list[int]) -> None:
        st.session_state[key] = channels

    with st.container(horizontal=True):
        remaining_off = [each for each in channels_off if each != channel]
        st.button(
            tr("Switch channel {channel} on", channel=channel)
            if channel in channels_off
            else tr("Switch channel {channel} off", channel=channel),
            icon=":material/power_settings_new:",
            key="switch_channel",
            on_click=switch,
            args=(remaining_off if channel in channels_off else sorted([*channels_off, channel]),),
        )
        if remaining_off:
            st.button(tr("Switch all on"), key="switch_all_on", on_click=switch, args=([],))


def _compare_predictions(
    predictor: Predictor, reading: Reading, ablated_probabilities: np.ndarray, channels_off: Sequence[int]
) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(tr("**With all channels**"))
        with st.container(key="inside_pair_all_channels"):
            show_prediction(reading, "", key="all_channels")
    with right:
        st.markdown(
            ntr(
                "**Without channel {channels}**",
                "**Without channels {channels}**",
                len(channels_off),
                channels=_names(channels_off),
            )
            if channels_off
            else tr("**With the chosen channels: all**")
        )
        with st.container(key="inside_pair_chosen_channels"):
            show_probabilities(predictor, reading, ablated_probabilities, "chosen_channels")


def _names(channels: Sequence[int]) -> str:
    return ", ".join(map(str, channels))


def _show_accuracy(bundle: Bundle, layer: int, channels_off: Sequence[int]) -> None:
    """Measure, on demand, how switching off these channels affects accuracy on other images."""
    if not st.button(
        tr("Measure the effect on accuracy"),
        icon=":material/speed:",
        key="measure_accuracy",
        help=tr(
            "Reads all validation images, which the network has not learned from, with and without these channels."
        ),
    ):
        return
    try:
        accuracy, ablated_accuracy = (
            cache.validation_accuracy(bundle, layer, channels) for channels in ((), channels_off)
        )
    except TrazoError as error:
        st.info(safe_text(error), icon=":material/info:")
        return
    st.markdown(
        ntr(
            "Accuracy on the validation images: {complete:.2%} with all channels, **{without:.2%}** without channel "
            "{channels}.",
            "Accuracy on the validation images: {complete:.2%} with all channels, **{without:.2%}** without channels "
            "{channels}.",
            len(channels_off),
            complete=accuracy,
            without=ablated_accuracy,
            channels=_names(channels_off),
        )
    )
