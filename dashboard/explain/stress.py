"""The section "Stress dial": sliders that change the image, and the points where the prediction changes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from core.classifier.predictor import Predictor, format_confidence, prediction_lock
from core.explain.stress import STRESSES, StressCurve, apply_stress, stress_curve, training_settings
from core.ink.drawing import Drawing, Pixels
from core.language import Message, number, tr
from core.runs.active import SHIPPED
from dashboard.parts.charts import CORRECT_COLOUR, MISTAKE_COLOUR
from dashboard.parts.png import image_html
from dashboard.parts.prediction import show_prediction
from dashboard.parts.show_chart import show_chart
from dashboard.parts.theme import text_colour
from dashboard.parts.vega_lite import apply_layout
from dashboard.session.permission import may_change

_CURVE = "stress_curve"


@dataclass(frozen=True)
class _Dial:
    """A slider's label, its step, the format and unit of its values, and its help text."""

    label: Message
    step: float
    format: str
    unit: str = ""
    help: Message | None = None

    def text(self, value: float, neutral: float) -> str:
        """Return a value with its unit, rounded away from the neutral value.

        If the prediction changes at 0.4°, the slider shows another digit at 1°, but not at 0°.
        """
        scale = 10 ** int(self.format[-2])
        whole = math.ceil if value > neutral else math.floor
        return number(whole(round(value * scale, 3)) / scale, self.format) + self.unit


_DIALS = {
    "rotation": _Dial(Message("Rotation"), 1.0, "+.0f", "°", Message("Clockwise if positive.")),
    "shift_right": _Dial(Message("Shift to the right"), 0.5, "+.1f", " px", Message("Pixels of the 28×28 image.")),
    "shift_down": _Dial(Message("Shift down"), 0.5, "+.1f", " px", Message("Pixels of the 28×28 image.")),
    "size": _Dial(Message("Size"), 0.05, ".2f", "×"),
    "thickness": _Dial(
        Message("Thickness"), 0.1, "+.1f", " px", Message("Pixels by which each edge of a stroke moves out.")
    ),
    "slant": _Dial(Message("Slant"), 1.0, "+.0f", "°", Message("To the right if positive.")),
    "noise": _Dial(
        Message("Noise"),
        0.02,
        ".2f",
        help=Message("Standard deviation of Gaussian noise, as a fraction of full ink."),
    ),
    "contrast": _Dial(Message("Contrast"), 0.05, ".2f", help=Message("Fraction of full ink.")),
    "hidden_rows": _Dial(
        Message("Hidden rows"),
        0.05,
        "+.2f",
        help=Message("Fraction of the digit, hidden from the top if negative, else from the bottom."),
    ),
    "hidden_columns": _Dial(
        Message("Hidden columns"),
        0.05,
        "+.2f",
        help=Message("Fraction of the digit, hidden from the left if negative, else from the right."),
    ),
}


@st.fragment
def show_stress_section(predictor: Predictor, image: Pixels, preset: str, model: str, *, several: bool) -> None:
    """Show the sliders, the changed image with its prediction, and the curve over the range of one change.

    `several`: True if the image shows several digits.
    """
    st.subheader(tr("Stress dial"), anchor=False)
    st.markdown(
        tr(
            "How much can the image change before the model changes its mind? **Move a slider**: the curve shows the "
            "probability of the digit over its whole range, and where the prediction changes."
        )
    )
    with st.grid(5, min_column_width=150):
        values = {name: _slider(name, dial) for name, dial in _DIALS.items()}
    changed_image = apply_stress(image, values)
    left, right = st.columns([1, 1.15], gap="large")
    with prediction_lock:
        reading = predictor.read_drawing(Drawing.of_image(changed_image), several=several)
    with left, st.container(key="stress_result"):
        st.html(image_html(changed_image, 150, tr("the changed image")))
        with st.container(key="inside_pair_stress"):
            show_prediction(reading, "", key="stress_answer")
    with right:
        name = st.selectbox(tr("Curve"), list(_DIALS), format_func=lambda name: tr(_DIALS[name].label), key=_CURVE)
        with prediction_lock:
            curve = stress_curve(predictor.probabilities, image, name, values)
        show_chart(
            _curve_chart(curve, tr(_DIALS[name].label), values[name], text_colour()),
            alt=tr(
                "Probability of {digit} over the whole range: {change}", digit=curve.digit, change=_DIALS[name].label
            ),
        )
        st.caption(tipping_sentence(curve))
    _show_training_link(values, preset, model)


def _slider(name: str, dial: _Dial) -> float:
    stress = STRESSES[name]
    return st.slider(
        tr(dial.label),
        float(stress.low),
        float(stress.high),
        float(stress.neutral),
        dial.step,
        format=f"%{dial.format}{dial.unit}",
        help=tr(dial.help) if dial.help else None,
        key=f"stress_{name}",
        on_change=_show_curve,
        args=(name,),
    )


def _show_curve(name: str) -> None:
    st.session_state[_CURVE] = name


def tipping_sentence(curve: StressCurve) -> str:
    """Return the values at which the prediction changes, in a sentence."""
    dial, neutral = _DIALS[curve.stress.name], curve.stress.neutral
    points = [dial.text(value, neutral) for value in curve.tipping_points if value is not None]
    if not points:
        return tr("It stays a {digit} over the whole range.", digit=curve.digit)
    if len(points) == 1:
        return tr("It stops being a {digit} at {strength}.", digit=curve.digit, strength=points[0])
    return tr(
        "It stops being a {digit} at {first} and at {second}.", digit=curve.digit, first=points[0], second=points[1]
    )


def _curve_chart(curve: StressCurve, title: str, value: float, colour: str) -> alt.LayerChart:
    """Draw the probability of the digit and of its strongest rival; dashed lines mark the tipping points."""
    rival = np.delete(curve.probabilities, curve.digit, axis=1).max(axis=1)
    names = [f"{curve.digit}", tr("Strongest other digit")]
    table = pd.concat(
        pd.DataFrame(
            {
                "digit": name,
                "value": curve.values,
                "probability": probabilities,
                "shown": [tr(format_confidence(probability)) for probability in probabilities],
            }
        )
        for name, probabilities in zip(names, (curve.probabilities[:, curve.digit], rival), strict=True)
    )
    scale = alt.Scale(domain=[curve.stress.low, curve.stress.high], nice=False)
    lines = (
        alt.Chart(table)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X("value:Q", title=title, scale=scale, axis=alt.Axis(grid=False)),
            y=alt.Y(
                "probability:Q",
                title=tr("Probability"),
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format="%", gridOpacity=0.5, tickCount=5),
            ),
            color=alt.Color(
                "digit:N",
                title=None,
                scale=alt.Scale(domain=names, range=[CORRECT_COLOUR, MISTAKE_COLOUR]),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=[
                alt.Tooltip("digit", title=tr("digit")),
                alt.Tooltip("value", title=tr("value"), format=".2f"),
                alt.Tooltip("shown", title=tr("probability")),
            ],
        )
    )
    marks = pd.DataFrame({"value": [each for each in curve.tipping_points if each is not None]}, dtype=float)
    tipping_points = (
        alt.Chart(marks).mark_rule(color=MISTAKE_COLOUR, strokeDash=[5, 4], strokeWidth=1.5).encode(x="value:Q")
    )
    current_value = alt.Chart(pd.DataFrame({"value": [value]})).mark_rule(color=colour, opacity=0.6).encode(x="value:Q")
    return apply_layout(lines + tipping_points + current_value, 240)


def _show_training_link(values: dict[str, float], preset: str, model: str) -> None:
    """Link to the Train page with an augmentation that covers the chosen changes."""
    if not may_change():
        return
    settings = training_settings(values)
    base = {"preset": preset} if model == SHIPPED else {"again": model}
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            "views/train.py",
            label=tr("Train with this augmentation"),
            icon=":material/model_training:",
            query_params=base | {name: f"{value:g}" for name, value in settings.items()},
            disabled=not settings,
            width="content",
        )
        if settings:
            st.caption(
                tr(
                    "The form is filled in with random changes up to these amounts, as far as the settings allow; "
                    "contrast and hidden parts have no setting."
                )
            )
