"""The Draw page: draw a digit or a number, or choose a picture, and see the steps that lead to the prediction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.classifier.number_reader import NumberReading, read_digit, read_number
from core.classifier.predictor import Predictor, Reading, prediction_lock
from core.errors import TrazoError
from core.handwriting.pen_digits import BRUSH_WIDTH
from core.ink.canvas_strokes import Stroke
from core.ink.drawing import Drawing, Pixels
from core.ink.picture_ink import PictureInk
from core.language import Message, tr
from dashboard.draw import canvas
from dashboard.draw.drawn import DRAW, PHOTO, SOURCES, UPLOAD, Drawn, drawn_in_file, drawn_on_canvas, show_error
from dashboard.draw.number import show_brackets, show_digit_cards, show_number
from dashboard.draw.reading import show_steps
from dashboard.draw.second_model import SecondModel, choose_second_model, show_answers
from dashboard.explain.reasons import show_reasons
from dashboard.explain.subject import dataset_of_page, sample
from dashboard.hands.lesson import show_lesson
from dashboard.parts.canvas_objects import enlarged, image_objects
from dashboard.parts.headings import heading
from dashboard.parts.image_links import look_inside_link
from dashboard.parts.png import png_bytes
from dashboard.runs import run_cache
from dashboard.server import metrics
from dashboard.session import address, drawings, state
from dashboard.session.hands import current_model
from dashboard.session.permission import safe_text

MODES = {drawings.DIGIT: Message("One digit"), drawings.NUMBER: Message("A number")}
PROMPTS: dict[str, Message] = {UPLOAD: Message("Choose a picture"), PHOTO: Message("Take a photo")}
CANVAS_PROMPTS = {drawings.DIGIT: Message("Draw a digit"), drawings.NUMBER: Message("Draw a number")}
NEXT_STEPS = {
    "data": Message("See what it learned from"),
    "train": Message("Train your own"),
    "evaluate": Message("Find its mistakes"),
}

AnyReading = TypeVar("AnyReading", Reading, NumberReading)


@dataclass(frozen=True)
class Answer:
    """The reading of a digit, or None if there is none, and the container for its reasons."""

    reading: Reading | None
    reasons: DeltaGenerator


def read(
    reader: Callable[[Pixels | PictureInk, Sequence[Stroke] | None], AnyReading], drawn: Drawn | None
) -> AnyReading | None:
    """Return the reading by `reader`, or None if there is no ink or the prediction failed."""
    if drawn is None:
        return None
    try:
        reading = metrics.track_prediction("page", lambda: reader(drawn.ink, drawn.strokes))
    except TrazoError as error:
        show_error(error)
        return None
    return None if reading.verdict == "blank" else reading


@st.fragment
def show_reader(titles: Mapping[str, str]) -> None:
    """Show everything that changes after a stroke: from the ink to the prediction.

    `titles`: the display names of all models.
    """
    drawings.start_with_digits()
    (model, predictor), second = current_model(), None
    with st.container(horizontal=True, vertical_alignment="center", key="choices"):
        source = st.segmented_control(
            tr("Where the drawing comes from"),
            SOURCES,
            default=DRAW,
            format_func=tr,
            required=True,
            key="way",
            label_visibility="collapsed",
        )
        st.segmented_control(
            tr("What to read"),
            list(MODES),
            format_func=lambda mode: tr(MODES[mode]),
            required=True,
            key=drawings.DRAW_MODE,
            persist_state="session",
            label_visibility="collapsed",
        )
        if st.session_state[drawings.DRAW_MODE] == drawings.DIGIT:
            second = choose_second_model(titles, model.name)
    # The lock does not cover pictures: a large one takes a long time, and would block all other visitors.
    with prediction_lock if source == DRAW else nullcontext():
        answer = read_and_show(source, st.session_state[drawings.DRAW_MODE], model.name, predictor, second)
    # The reasons take longer than the answer, so they come after it and without the lock.
    if answer is not None:
        with answer.reasons:
            show_reasons(answer.reading, model.bundle, model.name)


def read_and_show(
    source: str, mode: str, model: str, predictor: Predictor, second: SecondModel | None
) -> Answer | None:
    """Show everything from the ink to the prediction; return the reading of a digit, or None for a number."""
    width = canvas.choose_width(mode == drawings.NUMBER)
    # A picture of one digit needs no wide column, even if the canvas holds a number.
    column = width if source == DRAW or mode == drawings.NUMBER else canvas.HEIGHT
    st.html(f"<style>.st-key-draw_and_read {{ --canvas-width: {column}; --canvas-height: {canvas.HEIGHT} }}</style>")
    with st.container(key="draw_and_read"):
        pen = st.container(key="pen")
        beside = st.container(key="answer_frame")
        across = st.container(key="across")
    with pen:
        if source == DRAW:
            below = show_canvas(mode, width)
            drawn, prompt = drawn_on_canvas(), tr(CANVAS_PROMPTS[mode])
        else:
            drawn, prompt = drawn_in_file(source, mode), tr(PROMPTS[source])
            below = st.container(key="below_canvas")
        if mode == drawings.NUMBER:
            number = read(partial(read_number, predictor), drawn)
        else:
            reading = read(partial(read_digit, predictor), drawn)
            keep_for_inside(reading, drawn)
    if mode == drawings.NUMBER:
        picture = number.all_ink.drawing.ink if number and drawn and not drawn.on_canvas else None
        with below:
            show_brackets(number, width if picture is None else picture.shape[1], picture)
        with beside:
            show_number(number, prompt)
            show_link(model, enabled=number is not None)
        with across:
            show_digit_cards(number)
        show_steps_of(chosen_drawing(number) if number else None)
        return None
    with beside:
        reasons = show_digit(reading, drawn, prompt, model, second)
    show_steps_of(reading.drawing if reading else None)
    return Answer(reading, reasons)


def show_digit(
    reading: Reading | None, drawn: Drawn | None, prompt: str, model: str, second: SecondModel | None
) -> DeltaGenerator:
    """Show the prediction of a digit and what can be done with it; return the container for its reasons."""
    show_answers(reading, read(second.read, drawn) if second else None, prompt, second)
    with st.container(horizontal=True, vertical_alignment="center", key="why_title"):
        st.markdown(tr("**Why?**"), width="content")
        show_link(model, enabled=reading is not None)
        if reading and reading.several:
            st.button(tr("Read a number"), icon=":material/pin:", key="read_number", on_click=drawings.read_numbers)
    reasons = st.container(key="reasons_frame")
    if reading is not None and drawn is not None and drawn.strokes:
        show_lesson(drawn.strokes, reading, model)
    return reasons


def show_canvas(mode: str, width: int) -> DeltaGenerator:
    """Show the canvas and its tools; return the container below the canvas."""
    frame, below = st.container(), st.container(key="below_canvas")
    with st.container(key="tools"):
        buttons = st.container(key="buttons_frame")
        # Created before the canvas, which needs the width.
        brush_width = st.slider(tr("Brush width"), 8, 30, BRUSH_WIDTH, key="brush_width", format="%d px")
    with frame:
        canvas.show(brush_width, width)
    with buttons:
        canvas.show_buttons(example=mode == drawings.DIGIT)
    return below


def chosen_drawing(number: NumberReading) -> Drawing:
    """Let the visitor choose a digit of the number; return its drawing, framed in the ink of all digits."""
    count = len(number.digits)
    position = 0
    if count > 1:
        position = st.segmented_control(
            tr("Position and digit"),
            range(count),
            # Streamlit confuses options with the same label, such as the two digits of 11.
            format_func=lambda position: f"{position + 1}: {number.digits[position].reading.digit}",
            default=0,
            required=True,
            key=f"digit_of_{count}",
        )
    digit = number.digits[position]
    drawings.keep_inspected_ink(png_bytes(digit.reading.drawing.ink))
    return replace(digit.reading.drawing, ink=number.all_ink.drawing.ink, box=digit.box)


def keep_for_inside(reading: Reading | None, drawn: Drawn | None) -> None:
    """Remember the ink of a picture for the Inside page; the canvas keeps its own."""
    on_canvas = drawn is None or drawn.on_canvas
    drawings.keep_inspected_ink(None if on_canvas or reading is None else png_bytes(reading.drawing.ink))


def show_link(model: str, *, enabled: bool) -> None:
    """Link to the page that explains the prediction; a disabled link is hidden but keeps its place."""
    look_inside_link(model=model, disabled=not enabled)


def show_steps_of(drawing: Drawing | None) -> None:
    with st.container(key="draw_steps"):
        with st.container(horizontal=True, vertical_alignment="bottom", key="steps_title"):
            st.subheader(tr("How your drawing became the model's image"), anchor=False, width="content")
            st.markdown(tr("MNIST's digits went through the same five steps."), width="content")
        show_steps(drawing)


def show_first_steps() -> None:
    """Show the four things to do in Trazo; the first is this page, the others are links."""
    with st.container(horizontal=True, vertical_alignment="center", key="first_steps"):
        st.markdown(f"**1** {tr(DRAW)}", width="content")
        for number, (view, label) in enumerate(NEXT_STEPS.items(), 2):
            st.page_link(f"views/{view}.py", label=f"**{number}** {tr(label)}", width="content")


def open_picture() -> None:
    """Put the picture named in the URL on the canvas, once: a dataset image, or the most recently offered drawing."""
    name = address.value("image")
    if name is None or not state.just_opened():
        return
    try:
        drawing = drawings.offered() if name == drawings.OFFERED else None
        if drawing is None:
            image = sample(name, dataset_of_page()).picture
            drawings.put_on_canvas(image_objects(image), enlarged(image))
        else:
            drawings.put_on_canvas(drawing)
    except TrazoError as error:
        st.warning(safe_text(error), icon=":material/search_off:")


open_picture()
heading(
    "Trazo",
    tr("A lab where a small neural network learns to read handwritten digits, and you can see how."),
)
st.html(canvas.STYLE)
show_first_steps()
with st.container(key="draw_page"):
    show_reader(run_cache.display_names(run_cache.usable_models()))
if address.value("image") is not None:
    # Otherwise the Back button would replace the drawing with the picture again.
    address.keep(image=None, dataset=None)
