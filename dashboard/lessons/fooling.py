"""Lesson 8: what is no digit, and how to fool a model."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.classifier.bundle import Bundle
from core.classifier.predictor import Predictor
from core.data.datasets import CLASSES
from core.explain.numpy_network import NumpyNetwork
from core.ink.drawing import Drawing, Pixels
from core.lessons.examples import clearest
from core.lessons.fooling import STEP, STEPS, first_other, fooling_path
from core.lessons.results import Result
from dashboard.explain.colours import activation_picture
from dashboard.lessons.lesson import Lesson, ask, finish, to_do
from dashboard.lessons.material import images, predictions
from dashboard.lessons.own_digit import draw_digit
from dashboard.parts.glossary import term, text_with_terms
from dashboard.parts.png import image_html
from dashboard.parts.prediction import show_prediction
from dashboard.session import cache
from dashboard.session.hands import current_model
from dashboard.session.lessons import WORK

_RANGES = {"faint": (1, 20), "visible": (21, 60), "strong": (61, 255)}
_OPTIONS = {"faint": "Faintly: by at most 20", "visible": "Visibly: by 21 to 60", "strong": "Strongly: by more than 60"}
_NOT_NOTICED = "Not even its detector notices."
_REJECTED = f"{WORK}rejected"


def _show() -> None:
    text_with_terms(
        "The model knows only digits. A second part of it, a detector, says when a drawing looks like none of them: it "
        f"is {term('out-of-distribution', 'unlike anything it learned from')}. Can you fool them?"
    )
    guess = ask(
        "fooling",
        "How strongly must every pixel of a clear digit change, on the scale from 0 to 255, until the model answers "
        "another digit?",
        _OPTIONS,
    )
    if guess is None:
        return
    active, predictor = current_model()
    if _show_rejection(predictor):
        _show_fooling(guess, active.bundle, predictor)


def _show_rejection(predictor: Predictor) -> bool:
    """Let the visitor draw what is no digit; return True once the model has rejected it."""
    st.subheader("Draw what is no digit", anchor=False)
    st.markdown("A star, a face, a letter: find a drawing that the model **rejects** as not a digit.")
    left, right = st.columns([1, 1.4], gap="large")
    with left:
        ink = draw_digit()
    reading = predictor.read(ink) if ink is not None else None
    with right:
        show_prediction(
            None if reading is None or reading.verdict == "blank" else reading, "Draw anything", key="fooling_answer"
        )
    if reading is not None and reading.novelty is None:
        st.caption("The model in use has no detector, so it takes everything for a digit. Go on below.")
        return True
    if reading is not None and reading.verdict == "not_a_digit":
        st.session_state[_REJECTED] = True
    if not st.session_state.get(_REJECTED, False):
        to_do("The model takes this for a digit. Draw something wilder." if reading else "Draw anything but a digit.")
        return False
    st.markdown(":material/check: The model has rejected a drawing of yours.")
    return True


def _show_fooling(guess: str, bundle: Bundle, predictor: Predictor) -> None:
    st.subheader("Now fool it on purpose", anchor=False)
    st.markdown(
        "Here is a digit that the model reads without doubt. Trazo makes each pixel a little brighter or darker, just "
        "so that the model's doubt grows. **Find the smallest change that gives another answer.**"
    )
    data = images()
    digit = st.pills("The digit to change", range(CLASSES), default=2, required=True, key="fooling_digit")
    index = clearest(predictions(data), digit)
    if index is None:
        to_do("There is no such digit among these images. Choose another one.")
        return
    path = _path(bundle, predictor.version, data.fingerprint, index, data.validation.images[index])
    answers = predictor.probabilities(path).argmax(axis=1)
    strength = st.slider("Change of each pixel, of 255", 0, STEP * STEPS, 0, STEP, key=f"fooling_strength_{digit}")
    position = strength // STEP
    _show_pictures(path[0], path[position], predictor)
    first = first_other(answers)
    if first is None:
        to_do("This digit keeps its answer, whatever happens. Choose another one.")
    elif answers[position] == answers[0]:
        to_do(f"The model still answers {answers[position]}. Move the slider.")
    elif position > first:
        to_do(f"The model answers {answers[position]}. A smaller change is enough; find it.")
    else:
        low, high = _RANGES[guess]
        reading = predictor.read_drawing(Drawing.of_image(path[position]))
        noticed = "Its detector notices that something is wrong." if reading.verdict == "not_a_digit" else _NOT_NOTICED
        verdict = "You guessed it." if low <= strength <= high else "Your guess was different."
        finish(
            "fooling",
            guess,
            f"A change by {strength} of 255 turns the answer from {answers[0]} into {answers[position]}. {verdict} "
            f"{noticed} A model looks at pixels in its own way, not in ours.",
            strength=strength,
            before=int(answers[0]),
            after=int(answers[position]),
        )


def _show_pictures(before: Pixels, after: Pixels, predictor: Predictor) -> None:
    change = after.astype(float) - before
    left, middle, right = st.columns([1, 1, 1.6], gap="medium")
    with left:
        st.markdown("**The change**")
        st.html(image_html(activation_picture(change, 100), 196, "the change of each pixel"))
        st.caption("Teal pixels become brighter, orange ones darker.")
    with middle:
        st.markdown("**The changed digit**")
        st.html(image_html(after, 196, "the changed digit"))
    with right, st.container(key="pair_fooled"):
        show_prediction(predictor.read_drawing(Drawing.of_image(after)), "", key="fooled_answer")


def _path(bundle: Bundle, version: str, fingerprint: str, index: int, image: Pixels) -> np.ndarray:
    return _cached_path(version, fingerprint, index, cache.numpy_network(bundle), image)


@st.cache_data(show_spinner="Looking for the weak spots of the model…", max_entries=40)
def _cached_path(
    version: str,  # noqa: ARG001 - the first three arguments are the key of the cache
    fingerprint: str,  # noqa: ARG001
    index: int,  # noqa: ARG001
    _network: NumpyNetwork,
    _image: Pixels,
) -> np.ndarray:
    return fooling_path(_network, _image)


def _report(result: Result) -> str:
    return (
        f"The model rejected a drawing of mine. A change of each pixel by {result.measured.get('strength', 0):.0f} of "
        f"255 made it take a {result.measured.get('before', 0):.0f} for a {result.measured.get('after', 0):.0f}."
    )


LESSON = Lesson(
    "fooling",
    "What is no digit, and how to fool it",
    "A model answers even where there is no answer, and small changes can fool it.",
    ":material/theater_comedy:",
    _OPTIONS,
    _show,
    _report,
)
