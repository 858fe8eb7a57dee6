"""The section "From ink to pixels": the steps of preparing a drawing, each with a switch."""

from __future__ import annotations

import streamlit as st

from core.classifier.predictor import Predictor, Reading, prediction_lock
from core.ink.drawing import ALL_STEPS, Steps, prepare
from dashboard.draw.reading import show_prediction, show_steps
from dashboard.explain.subject import Subject

_SWITCHES = {
    "crop": ("Crop", "Remove the empty margin and stray dots."),
    "scale": ("Scale", "Scale the digit to 20 pixels."),
    "stroke_width": ("Stroke width", "Make strokes about as wide as MNIST's."),
    "centre": ("Centre", "Move the digit's centre of mass to the centre."),
}


@st.fragment
def show_steps_section(predictor: Predictor, subject: Subject) -> None:
    """Show the steps with switches, and the prediction with all steps beside the one with the chosen steps."""
    st.subheader("From ink to pixels", anchor=False)
    if subject.label is not None:
        st.markdown("This image was cropped, scaled and centred when its dataset was made, so the model sees it as is.")
        return
    st.markdown(
        "Your drawing goes through these steps before the model sees it. **Turn a step off** to see what the model "
        "makes of the drawing without it. Many other demos leave out centring and misread digits in a corner."
    )
    with st.container(horizontal=True, key="step_switches"):
        steps = Steps(
            **{
                name: st.toggle(label, True, key=f"step_{name}", help=explanation)
                for name, (label, explanation) in _SWITCHES.items()
            }
        )
    with prediction_lock:
        complete = predictor.read_drawing(prepare(subject.picture))
        chosen = predictor.read_drawing(prepare(subject.picture, steps))
    show_steps(chosen.drawing, steps, key="inside_steps")
    left, right = st.columns(2, gap="large")
    with left:
        _show_result("With all steps", complete, "all_steps")
    with right:
        _show_result(_title(steps), chosen, "chosen_steps")


def _title(steps: Steps) -> str:
    left_out = [label.lower() for name, (label, _) in _SWITCHES.items() if not getattr(steps, name)]
    return "With the chosen steps: all" if steps == ALL_STEPS else f"Without {', '.join(left_out)}"


def _show_result(title: str, reading: Reading, key: str) -> None:
    st.markdown(f"**{title}**")
    with st.container(key=f"pair_{key}"):
        show_prediction(None if reading.verdict == "blank" else reading, "No ink left", key=key)
