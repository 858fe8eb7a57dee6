"""The section "Make it another digit": a small change in ink that turns the image into another digit."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import streamlit as st

from core.classifier.predictor import Predictor, Reading
from core.explain.counterfactual import MAX_CHANGE, Counterfactual, change_into
from core.explain.numpy_network import NumpyNetwork
from core.ink.drawing import IMAGE_SIZE, Drawing, Pixels
from core.language import tr
from dashboard.explain.colours import change_picture
from dashboard.explain.probabilities import show_probabilities
from dashboard.parts.png import image_html

_RECENT = 16
"""Number of changes to keep, with their networks; every step on the page needs the same one."""


@lru_cache(maxsize=_RECENT)
def _find_change(network: NumpyNetwork, pixels: bytes, digit: int) -> Counterfactual | None:
    return change_into(network, np.frombuffer(pixels, np.uint8).reshape(IMAGE_SIZE, IMAGE_SIZE), digit)


@st.fragment
def show_counterfactual_section(
    network: NumpyNetwork, predictor: Predictor, reading: Reading, image: Pixels, model: str
) -> None:
    """Show, step by step, a small change that turns the image into another digit.

    `reading`: the prediction at the top of the page, for the image (28, 28).
    """
    st.subheader(tr("Make it another digit"), anchor=False)
    st.markdown(
        tr(
            "A small change in ink that turns this image into another digit for the model: :green[**green ink**] is "
            "added, :red[**red ink**] is removed."
        )
    )
    predicted, second = reading.candidates
    others = [digit for digit in range(10) if digit != predicted]
    digit = st.pills(
        tr("Make it a"), others, default=second, required=True, key=f"make_it_{model}_{predicted}", format_func=str
    )
    counterfactual = _find_change(network, image.tobytes(), digit)
    if counterfactual is None:
        st.info(
            tr(
                "The search found no change of up to {change:.0%} of the ink that turns this image into a {digit}.",
                digit=digit,
                change=MAX_CHANGE,
            ),
            icon=":material/block:",
        )
        return
    last = len(counterfactual.images) - 1
    step = _choose_step(last, key=f"make_it_step_{model}_{digit}_{last}") if last else 0
    current = counterfactual.images[step]
    step_reading = predictor.read_drawing(Drawing.of_image(current), several=reading.several)
    rejected = step_reading.verdict == "not_a_digit"
    with st.container(key="make_it"):
        st.html(image_html(change_picture(image, current), 280, tr("the image on its way to a {digit}", digit=digit)))
        with st.container(key="make_it_answer_frame"):
            # Most steps are rejected; only a picture that was rejected itself then has no digit.
            basis = reading if rejected else step_reading
            show_probabilities(predictor, basis, counterfactual.probabilities[step], "make_it_answer")
    sentences = [
        tr(
            "Step {step} of {last}. Together, all steps add and remove ink equal to {change:.0%} of the image's ink.",
            step=step,
            last=last,
            change=counterfactual.change,
        )
    ]
    if rejected and reading.verdict != "not_a_digit":
        sentences.append(
            tr("The detector of non-digits rejects this image: it is unlike any digit in the training data.")
        )
    st.caption(" ".join(sentences))


def _choose_step(last: int, key: str) -> int:
    """Let the visitor apply and undo the steps one at a time, or move to any of them."""

    def move(by: int) -> None:
        st.session_state[key] = min(max(st.session_state[key] + by, 0), last)

    st.session_state.setdefault(key, last)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        step = st.slider(tr("Step"), 0, last, key=key, help=tr("0 is your image."), width=360)
        st.button(
            tr("Undo a step"),
            icon=":material/undo:",
            key="undo_step",
            on_click=move,
            args=(-1,),
            disabled=step == 0,
        )
        st.button(
            tr("Apply a step"),
            icon=":material/redo:",
            key="apply_step",
            on_click=move,
            args=(1,),
            disabled=step == last,
        )
    return step
