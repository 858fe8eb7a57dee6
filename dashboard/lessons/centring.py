"""Lesson 2: why centring matters."""

from __future__ import annotations

import streamlit as st

from core.classifier.predictor import Reading, prediction_lock
from core.ink.drawing import Pixels, Steps, prepare
from core.language import Message, number, tr
from core.lessons.pixels import is_off_centre, moved_to_corner
from core.lessons.results import Result
from dashboard.lessons.lesson import Lesson, ask, finish, to_do, verdict
from dashboard.lessons.material import images
from dashboard.lessons.own_digit import draw_digit
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, metric_tile
from dashboard.parts.png import image_html
from dashboard.parts.prediction import show_prediction
from dashboard.session.hands import current_model

_OPTIONS = {"same": Message("Just as well"), "worse": Message("Much worse"), "never": Message("Not a single one")}
_ANSWERS = {
    "same": Message("The answer is: just as well."),
    "worse": Message("The answer is: much worse."),
    "never": Message("The answer is: not a single one."),
}
_COUNT = 500
"""Number of images that are moved to the corner; the model reads them in a tenth of a second."""

_MUCH_WORSE = 0.05
"""Drop in accuracy that counts as much worse."""

_NO_STEPS = Steps(crop=False, scale=False, stroke_width=False, centre=False)


def _show() -> None:
    st.markdown(
        tr(
            "The model learned from digits that all sit in the middle and are equally large. Before it sees your "
            "drawing, Trazo cuts out the digit, scales it and moves it to the middle. Is that really needed?"
        )
    )
    guess = ask("centring", tr("If digits sit in a corner instead, how well does the model read them?"), _OPTIONS)
    if guess is None:
        return
    st.markdown(tr("**Now draw a small digit in a corner**, and say which one it is."))
    left, right = st.columns([1, 1.4], gap="large")
    with left:
        ink = draw_digit()
    with right:
        meant = st.pills(tr("I drew a"), range(10), key="centring_meant")
        if ink is None:
            to_do(tr("Draw a digit in one of the four corners."))
            return
        processed, unprocessed = _read(ink)
        _show_pair(processed, unprocessed)
    if not is_off_centre(ink):
        to_do(tr("This digit is near the middle. Clear it, and draw a smaller one in a corner."))
    elif meant is None:
        to_do(tr("Say which digit you drew."))
    elif processed.shown_digits != (meant,):
        to_do(tr("With all steps, the model does not read a {digit}. Draw it again, more clearly.", digit=meant))
    else:
        _show_many(guess)


def _read(ink: Pixels) -> tuple[Reading, Reading]:
    """Return the prediction with all steps, and the prediction without any steps."""
    predictor = current_model()[1]
    with prediction_lock:
        return predictor.read(ink), predictor.read_drawing(prepare(ink, _NO_STEPS))


def _show_pair(processed: Reading, unprocessed: Reading) -> None:
    pairs = (
        (tr("Cut out, scaled and centred"), processed, "with"),
        (tr("Just as you drew it"), unprocessed, "without"),
    )
    for column, (title, reading, key) in zip(st.columns(2, gap="medium"), pairs, strict=True):
        with column:
            st.markdown(f"**{title}**")
            if reading.drawing.image is not None:
                st.html(image_html(reading.drawing.image, 112, title))
            with st.container(key=f"lesson_pair_{key}_steps"):
                shown = None if reading.verdict == "blank" else reading
                show_prediction(shown, tr("No ink left"), key=f"centring_{key}")


def _show_many(guess: str) -> None:
    data = images()
    split = data.validation
    count = min(_COUNT, len(split))
    predictor = current_model()[1]
    labels = split.labels[:count]
    centred = float((predictor.probabilities(split.images[:count]).argmax(axis=1) == labels).mean())
    corner_images = moved_to_corner(split.images[:count])
    cornered = float((predictor.probabilities(corner_images).argmax(axis=1) == labels).mean())
    st.markdown(
        tr(
            "One drawing proves little, so here are **{count} handwritten digits** that the model has not learned "
            "from: read in the middle, and read again after moving each one to the top left corner.",
            count=count,
        )
    )
    with st.grid(2, min_column_width=MIN_TILE_WIDTH):
        metric_tile(tr("In the middle"), number(centred, ".1%"), tr("read correctly"))
        metric_tile(tr("In the corner"), number(cornered, ".1%"), tr("read correctly"))
    answer = "never" if cornered == 0 else "worse" if centred - cornered > _MUCH_WORSE else "same"
    finding = verdict(right=True) if guess == answer else tr(_ANSWERS[answer])
    finish(
        "centring",
        guess,
        f"{finding} {tr('The steps before the model are as important as the model.')}",
        centred=centred,
        cornered=cornered,
    )
    st.page_link(
        "views/inside.py", label=tr("Turn the steps off one by one"), icon=":material/frame_inspect:", width="content"
    )


def _report(result: Result) -> str:
    return tr(
        "The model read {centred:.1%} of the digits in the middle, and {cornered:.1%} of the same digits in a corner.",
        centred=result.measured.get("centred", 0),
        cornered=result.measured.get("cornered", 0),
    )


LESSON = Lesson(
    "centring",
    Message("Why centring matters"),
    Message("The position of a digit should not matter, so Trazo moves it to the middle first."),
    ":material/center_focus_strong:",
    _OPTIONS,
    _show,
    _report,
)
