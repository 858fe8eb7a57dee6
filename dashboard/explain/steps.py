"""The section "From ink to pixels": the steps of preparing a drawing, each with a switch."""

from __future__ import annotations

import streamlit as st

from core.classifier.predictor import Predictor, Reading, prediction_lock
from core.ink.drawing import ALL_STEPS, Steps, prepare
from core.language import Message, tr
from dashboard.draw.reading import show_steps
from dashboard.explain.subject import Subject
from dashboard.parts.prediction import show_prediction

_SWITCHES = {
    "crop": (Message("Crop"), Message("Remove the empty margin and stray dots.")),
    "scale": (Message("Scale"), Message("Scale the digit to 20 pixels.")),
    "stroke_width": (Message("Stroke width"), Message("Make strokes about as wide as MNIST's.")),
    "centre": (Message("Centre"), Message("Move the digit's centre of mass to the centre.")),
}
_NAMES_IN_SENTENCE = {
    "crop": Message("crop"),
    "scale": Message("scale"),
    "stroke_width": Message("stroke width"),
    "centre": Message("centre"),
}
"""The names of the steps as they appear within a sentence."""


@st.fragment
def show_steps_section(predictor: Predictor, subject: Subject, reading: Reading) -> None:
    """Show the steps with switches, and the prediction with all steps beside the one with the chosen steps.

    `reading`: the prediction at the top of the page, with all steps.
    """
    st.subheader(tr("From ink to pixels"), anchor=False)
    if subject.label is not None:
        st.markdown(
            tr("This image was cropped, scaled and centred when its dataset was made, so the model sees it as is.")
        )
        return
    st.markdown(
        tr(
            "Your drawing goes through these steps before the model sees it. **Turn a step off** to see what the model "
            "makes of the drawing without it. Many other demos leave out centring and misread digits in a corner."
        )
    )
    with st.container(horizontal=True, key="step_switches"):
        steps = Steps(
            **{
                name: st.toggle(tr(label), True, key=f"step_{name}", help=tr(explanation))
                for name, (label, explanation) in _SWITCHES.items()
            }
        )
    with prediction_lock:
        chosen_reading = predictor.read_drawing(prepare(subject.picture, steps), several=reading.several)
    show_steps(chosen_reading.drawing, steps, key="inside_steps")
    left, right = st.columns(2, gap="large")
    with left:
        _show_result(tr("With all steps"), reading, "all_steps")
    with right:
        _show_result(_title(steps), chosen_reading, "chosen_steps")


def _title(steps: Steps) -> str:
    if steps == ALL_STEPS:
        return tr("With the chosen steps: all")
    left_out = [tr(name) for step, name in _NAMES_IN_SENTENCE.items() if not getattr(steps, step)]
    return tr("Without {steps}", steps=", ".join(left_out))


def _show_result(title: str, reading: Reading, key: str) -> None:
    st.markdown(f"**{title}**")
    with st.container(key=f"inside_pair_{key}"):
        show_prediction(None if reading.verdict == "blank" else reading, tr("No ink left"), key=key)
