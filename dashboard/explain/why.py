"""The section "Why this digit?": ink for and against a digit, a second opinion, and tests of the explanations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from core.classifier.predictor import format_confidence
from core.explain.attribution import (
    DeletionCurve,
    deletion_curve,
    dot_effects,
    integrated_gradients,
    occlusion,
    sanity_check,
)
from core.explain.numpy_network import NumpyNetwork
from core.ink.drawing import IMAGE_SIZE, Pixels
from core.language import Message, tr
from dashboard.explain.colours import AGAINST_COLOUR, FOR_COLOUR, attribution_picture
from dashboard.explain.overview import short_title
from dashboard.parts.digit_grid import tile_grid
from dashboard.parts.png import png_data_uri
from dashboard.parts.show_chart import show_chart
from dashboard.parts.vega_lite import apply_layout

GRADIENTS, OCCLUSION, RANDOM = Message("Integrated gradients"), Message("Occlusion"), Message("Random order")

_RECENT = 16
"""Number of `Reasons` to keep, with their networks; every further click on the page needs the same ones."""


@dataclass(frozen=True)
class Reasons:
    """The evidence for and against a digit. All visitors share the arrays, so don't change them.

    `gradients`, `occlusion`, `dots`: attribution maps float32 (28, 28). `curves`: the digit's probability as ink is
    deleted, keyed by the ranking that sets the order.
    """

    gradients: np.ndarray
    occlusion: np.ndarray
    dots: np.ndarray
    curves: Mapping[Message, DeletionCurve]


@lru_cache(maxsize=_RECENT)
def _find_reasons(network: NumpyNetwork, pixels: bytes, digit: int) -> Reasons:
    image = np.frombuffer(pixels, np.uint8).reshape(IMAGE_SIZE, IMAGE_SIZE)
    gradients = integrated_gradients(network, image, digit).map
    occlusion_map = occlusion(network.probabilities, image, digit)
    dots = dot_effects(network.probabilities, image, digit)
    rankings = {GRADIENTS: gradients, OCCLUSION: occlusion_map, RANDOM: np.random.default_rng(0).random(image.shape)}
    curves = {name: deletion_curve(network.probabilities, image, ranking, digit) for name, ranking in rankings.items()}
    return Reasons(gradients, occlusion_map, dots, curves)


@st.fragment
def show_why_section(network: NumpyNetwork, image: Pixels, predicted: int, model: str) -> None:
    """Show the ink that counts for and against a digit, and test the explanation on this drawing."""
    st.subheader(tr("Why this digit?"), anchor=False)
    st.markdown(
        tr(
            ":red[**Red ink**] counts for the digit, :blue[**blue ink**] against it. Ask about any digit: why "
            "{digit}, and why not another one?",
            digit=predicted,
        )
    )
    digit = st.pills(
        tr("Digit"), range(10), default=predicted, required=True, key=f"why_{model}_{predicted}", format_func=str
    )
    reasons = _find_reasons(network, image.tobytes(), digit)
    curves = reasons.curves
    maps = (reasons.gradients, reasons.occlusion, reasons.dots)
    tile_grid(
        [png_data_uri(attribution_picture(values, image)) for values in maps],
        key="why_maps",
        captions=[
            tr("Integrated gradients: how much each pixel of ink counts for the {digit}", digit=digit),
            tr(
                "Occlusion, a second opinion: how much less certain the {digit} is when a square is erased", digit=digit
            ),
            tr("Blank areas: where more ink would count for or against the {digit}", digit=digit),
        ],
        titles=[
            tr("Integrated gradients for the digit {digit}", digit=digit),
            tr("Occlusion for the digit {digit}", digit=digit),
            tr("Blank areas for the digit {digit}", digit=digit),
        ],
        tile=210,
        clickable=False,
    )
    st.markdown(
        tr(
            "**Is the explanation accurate?** First delete the ink that it ranks highest: the probability of the digit "
            "should fall faster than when ink is deleted in random order."
        )
    )
    show_chart(_deletion_chart(curves, digit), alt=tr("Probability as ink is deleted"))
    st.caption(
        tr(
            "Mean probability over each curve, lower is better: integrated gradients {gradients:.0%}; occlusion "
            "{occlusion:.0%}; random order {random:.0%}.",
            gradients=curves[GRADIENTS].area,
            occlusion=curves[OCCLUSION].area,
            random=curves[RANDOM].area,
        )
    )
    _show_sanity_check(network, image, digit)


def _deletion_chart(curves: Mapping[Message, DeletionCurve], digit: int) -> alt.LayerChart | alt.Chart:
    names = [tr(name) for name in curves]
    table = pd.concat(
        pd.DataFrame(
            {
                "order": name,
                "deleted": curve.fractions,
                "probability": curve.probabilities,
                "shown": [tr(format_confidence(probability)) for probability in curve.probabilities],
            }
        )
        for name, curve in zip(names, curves.values(), strict=True)
    )
    axis = alt.Axis(format="%", gridOpacity=0.5, tickCount=5)
    chart = (
        alt.Chart(table)
        .mark_line(point=alt.OverlayMarkDef(size=18), strokeWidth=2)
        .encode(
            x=alt.X("deleted:Q", title=tr("Deleted ink"), axis=axis, scale=alt.Scale(domain=[0, 1])),
            y=alt.Y(
                "probability:Q",
                title=tr("Probability of {digit}", digit=digit),
                axis=axis,
                scale=alt.Scale(domain=[0, 1]),
            ),
            color=alt.Color(
                "order:N",
                title=None,
                sort=names,
                scale=alt.Scale(domain=names, range=[FOR_COLOUR, AGAINST_COLOUR, "#8a9693"]),
                legend=alt.Legend(orient="top", columns=2),  # a row of three is too wide for a phone
            ),
            tooltip=[
                alt.Tooltip("order", title=tr("order")),
                alt.Tooltip("deleted", title=tr("deleted"), format=".0%"),
                alt.Tooltip("shown", title=tr("probability")),
            ],
        )
    )
    return apply_layout(chart, 320)


def _show_sanity_check(network: NumpyNetwork, image: Pixels, digit: int) -> None:
    """Show, on demand, the maps of a network whose weights are shuffled layer by layer, the last layer first."""
    if not st.button(
        tr("Check with shuffled weights"),
        icon=":material/shuffle:",
        key="sanity_check",
        help=tr(
            "An explanation of the network must change when the network's weights are random (Adebayo et al., 2018)."
        ),
    ):
        return
    steps = sanity_check(network, image, digit)
    st.markdown(
        tr(
            "The weights are shuffled layer by layer, from the last to the first. The map should become less and "
            "less similar to the original: 1 means identical maps, 0 unrelated ones."
        )
    )
    tile_grid(
        [png_data_uri(attribution_picture(step.map, image)) for step in steps],
        key="sanity_maps",
        captions=[
            tr(
                "{layer}\nsimilarity {similarity:.2f}",
                layer=short_title(step.layers[-1]),
                similarity=step.correlation,
            )
            for step in steps
        ],
        tile=112,
        clickable=False,
    )
