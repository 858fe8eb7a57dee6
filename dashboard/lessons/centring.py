"""Lesson 2: why centring matters."""

from __future__ import annotations

import streamlit as st

from core.classifier.predictor import Reading, prediction_lock
from core.ink.drawing import Pixels, Steps, prepare
from core.lessons.pixels import is_off_centre, moved_to_corner
from core.lessons.results import Result
from dashboard.lessons.lesson import Lesson, ask, finish, to_do
from dashboard.lessons.material import images
from dashboard.lessons.own_digit import draw_digit
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, metric_tile
from dashboard.parts.png import image_html
from dashboard.parts.prediction import show_prediction
from dashboard.session.hands import current_model

_OPTIONS = {"same": "Just as well", "worse": "Much worse", "never": "Not a single one"}
_SEVERAL = 500
"""Images that are moved to the corner; the model reads them in a tenth of a second."""

_MUCH_WORSE = 0.05
"""Fall of the accuracy that counts as much worse."""

_NO_STEPS = Steps(crop=False, scale=False, stroke_width=False, centre=False)


def _show() -> None:
    st.markdown(
        "The model learned from digits that all sit in the middle and are equally large. Before it sees your drawing, "
        "Trazo cuts out the digit, scales it and moves it to the middle. Is that really needed?"
    )
    guess = ask("centring", "If digits sit in a corner instead, how well does the model read them?", _OPTIONS)
    if guess is None:
        return
    st.markdown("**Now draw a small digit in a corner**, and say which one it is.")
    left, right = st.columns([1, 1.4], gap="large")
    with left:
        ink = draw_digit()
    with right:
        meant = st.pills("I drew a", range(10), key="centring_meant")
        if ink is None:
            to_do("Draw a digit in one of the four corners.")
            return
        complete, bare = _read(ink)
        _show_pair(complete, bare)
    if not is_off_centre(ink):
        to_do("This digit is near the middle. Clear it, and draw a smaller one in a corner.")
    elif meant is None:
        to_do("Say which digit you drew.")
    elif complete.shown_digits != (meant,):
        to_do(f"With all steps, the model does not read a {meant}. Draw it again, more clearly.")
    else:
        _show_many(guess)


def _read(ink: Pixels) -> tuple[Reading, Reading]:
    """Return the prediction with all steps, and the one without any."""
    predictor = current_model()[1]
    with prediction_lock:
        return predictor.read(ink), predictor.read_drawing(prepare(ink, _NO_STEPS))


def _show_pair(complete: Reading, bare: Reading) -> None:
    pairs = (("Cut out, scaled and centred", complete, "with"), ("Just as you drew it", bare, "without"))
    for column, (title, reading, key) in zip(st.columns(2, gap="medium"), pairs, strict=True):
        with column:
            st.markdown(f"**{title}**")
            if reading.drawing.image is not None:
                st.html(image_html(reading.drawing.image, 112, title))
            with st.container(key=f"pair_{key}_steps"):
                show_prediction(None if reading.verdict == "blank" else reading, "No ink left", key=f"centring_{key}")


def _show_many(guess: str) -> None:
    data = images()
    split = data.validation
    count = min(_SEVERAL, len(split))
    predictor = current_model()[1]
    labels = split.labels[:count]
    centred = float((predictor.probabilities(split.images[:count]).argmax(axis=1) == labels).mean())
    moved = moved_to_corner(split.images[:count])
    cornered = float((predictor.probabilities(moved).argmax(axis=1) == labels).mean())
    st.markdown(
        f"One drawing proves little, so here are **{count} handwritten digits** that the model has not learned from: "
        "read in the middle, and read again after moving each one to the top left corner."
    )
    with st.grid(2, min_column_width=MIN_TILE_WIDTH):
        metric_tile("In the middle", f"{centred:.1%}", "read correctly")
        metric_tile("In the corner", f"{cornered:.1%}", "read correctly")
    answer = "never" if cornered == 0 else "worse" if centred - cornered > _MUCH_WORSE else "same"
    verdict = "You guessed it." if guess == answer else f"The answer is: {_OPTIONS[answer].lower()}."
    finish(
        "centring",
        guess,
        f"{verdict} The steps before the model are as important as the model.",
        centred=centred,
        cornered=cornered,
    )
    st.page_link(
        "views/inside.py", label="Turn the steps off one by one", icon=":material/frame_inspect:", width="content"
    )


def _report(result: Result) -> str:
    centred, cornered = result.measured.get("centred", 0), result.measured.get("cornered", 0)
    return (
        f"The model read {centred:.1%} of the digits in the middle, and {cornered:.1%} of the same digits in a corner."
    )


LESSON = Lesson(
    "centring",
    "Why centring matters",
    "Where a digit stands must not matter, so Trazo moves it to the middle first.",
    ":material/center_focus_strong:",
    _OPTIONS,
    _show,
    _report,
)
