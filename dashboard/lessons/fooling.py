"""Lesson 8: what is not a digit, and how to fool a model."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.classifier.bundle import Bundle
from core.classifier.predictor import Predictor
from core.data.datasets import CLASSES
from core.explain.numpy_network import NumpyNetwork
from core.ink.drawing import Drawing, Pixels
from core.language import Message, tr
from core.lessons.examples import clearest
from core.lessons.fooling import STEP, STEPS, first_different_answer, fooling_path
from core.lessons.results import Result
from dashboard.explain.colours import activation_picture
from dashboard.lessons.lesson import Lesson, ask, finish, to_do, verdict
from dashboard.lessons.material import images, predictions
from dashboard.lessons.own_digit import draw_digit
from dashboard.parts.glossary import term, text_with_terms
from dashboard.parts.png import image_html
from dashboard.parts.prediction import show_prediction
from dashboard.session import cache
from dashboard.session.hands import current_model
from dashboard.session.language import Spinner
from dashboard.session.lessons import WORK

_RANGES = {"faint": (1, 20), "visible": (21, 60), "strong": (61, 255)}
_OPTIONS = {
    "faint": Message("Faintly: by at most 20"),
    "visible": Message("Visibly: by 21 to 60"),
    "strong": Message("Strongly: by more than 60"),
}
_REJECTED = f"{WORK}rejected"


def _show() -> None:
    text_with_terms(
        tr(
            "The model knows only digits. A second part of it, a detector, says when a drawing looks like none of "
            "them: it is {unlike}. Can you fool them?",
            unlike=term("out-of-distribution", tr("unlike anything it learned from")),
        )
    )
    question = tr(
        "How much must every pixel of a clear digit change, on the scale from 0 to 255, before the model gives "
        "another answer?"
    )
    guess = ask("fooling", question, _OPTIONS)
    if guess is None:
        return
    active, predictor = current_model()
    if _show_rejection(predictor):
        _show_fooling(guess, active.bundle, predictor)


def _show_rejection(predictor: Predictor) -> bool:
    """Let the visitor draw something that is not a digit; return True once the model has rejected it."""
    st.subheader(tr("Draw something that is not a digit"), anchor=False)
    st.markdown(tr("A star, a face, a letter: find a drawing that the model **rejects** as not a digit."))
    left, right = st.columns([1, 1.4], gap="large")
    with left:
        ink = draw_digit()
    reading = predictor.read(ink) if ink is not None else None
    with right:
        shown = None if reading is None or reading.verdict == "blank" else reading
        show_prediction(shown, tr("Draw anything"), key="fooling_answer")
    if reading is not None and reading.novelty is None:
        st.caption(tr("The model in use has no detector, so it takes everything for a digit. Continue below."))
        return True
    if reading is not None and reading.verdict == "not_a_digit":
        st.session_state[_REJECTED] = True
    if not st.session_state.get(_REJECTED, False):
        if reading:
            to_do(tr("The model takes this for a digit. Draw something wilder."))
        else:
            to_do(tr("Draw anything but a digit."))
        return False
    st.markdown(f":material/check: {tr('The model has rejected one of your drawings.')}")
    return True


def _show_fooling(guess: str, bundle: Bundle, predictor: Predictor) -> None:
    st.subheader(tr("Now fool it on purpose"), anchor=False)
    st.markdown(
        tr(
            "Here is a digit that the model reads without doubt. Trazo makes each pixel a little brighter or darker, "
            "whichever makes the model less sure. **Find the smallest change that gives another answer.**"
        )
    )
    data = images()
    digit = st.pills(tr("The digit to change"), range(CLASSES), default=2, required=True, key="fooling_digit")
    index = clearest(predictions(data), digit)
    if index is None:
        to_do(tr("There is no such digit among these images. Choose another one."))
        return
    path = _path(bundle, predictor.version, data.fingerprint, index, data.validation.images[index])
    answers = predictor.probabilities(path).argmax(axis=1)
    strength = st.slider(
        tr("Change in each pixel, out of 255"), 0, STEP * STEPS, 0, STEP, key=f"fooling_strength_{digit}"
    )
    position = strength // STEP
    _show_pictures(path[0], path[position], predictor)
    first = first_different_answer(answers)
    if first is None:
        to_do(tr("The model never changes its answer for this digit. Choose another one."))
    elif answers[position] == answers[0]:
        to_do(tr("The model still answers {digit}. Move the slider.", digit=answers[position]))
    elif position > first:
        to_do(tr("The model answers {digit}. A smaller change is enough; find it.", digit=answers[position]))
    else:
        low, high = _RANGES[guess]
        reading = predictor.read_drawing(Drawing.of_image(path[position]))
        fooled = tr(
            "A change of {strength} out of 255 turns the answer from {before} into {after}.",
            strength=strength,
            before=answers[0],
            after=answers[position],
        )
        if reading.verdict == "not_a_digit":
            noticed = tr("Its detector notices that something is wrong.")
        else:
            noticed = tr("Not even its detector notices.")
        moral = tr("A model looks at pixels in its own way, not in ours.")
        finish(
            "fooling",
            guess,
            f"{fooled} {verdict(right=low <= strength <= high)} {noticed} {moral}",
            strength=strength,
            before=int(answers[0]),
            after=int(answers[position]),
        )


def _show_pictures(before: Pixels, after: Pixels, predictor: Predictor) -> None:
    change = after.astype(float) - before
    pictures, answer = st.columns([2, 1.6], gap="medium")
    with pictures:
        left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(tr("**The change**"))
        st.html(image_html(activation_picture(change, 100), 196, tr("the change in each pixel")))
        st.caption(tr("Teal pixels become brighter, orange ones darker."))
    with right:
        st.markdown(tr("**The changed digit**"))
        st.html(image_html(after, 196, tr("the changed digit")))
    with answer, st.container(key="lesson_pair_fooled"):
        show_prediction(predictor.read_drawing(Drawing.of_image(after)), "", key="fooled_answer")


def _path(bundle: Bundle, version: str, fingerprint: str, index: int, image: Pixels) -> np.ndarray:
    return _cached_path(version, fingerprint, index, cache.numpy_network(bundle), image)


@st.cache_data(show_spinner=Spinner(Message("Looking for the model's weak spots…")), max_entries=40)
def _cached_path(
    version: str,  # noqa: ARG001 - the first three arguments are the key of the cache
    fingerprint: str,  # noqa: ARG001
    index: int,  # noqa: ARG001
    _network: NumpyNetwork,
    _image: Pixels,
) -> np.ndarray:
    return fooling_path(_network, _image)


def _report(result: Result) -> str:
    return tr(
        "The model rejected one of my drawings. Changing each pixel by {strength:.0f} out of 255 made it mistake a "
        "{before:.0f} for a {after:.0f}.",
        strength=result.measured.get("strength", 0),
        before=result.measured.get("before", 0),
        after=result.measured.get("after", 0),
    )


LESSON = Lesson(
    "fooling",
    Message("What is not a digit, and how to fool it"),
    Message("A model answers even where there is no answer, and small changes can fool it."),
    ":material/theater_comedy:",
    _OPTIONS,
    _show,
    _report,
)
