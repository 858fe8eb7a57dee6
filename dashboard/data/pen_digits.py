"""The pen digits on the Data page: their strokes as written, and the digits of each writer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pandas as pd
import streamlit as st

from core.data.datasets import CLASSES
from core.data.pen_digits import (
    HELD_OUT_WRITERS,
    HOME_PAGE,
    LICENSE_PAGE,
    PEN_DIGITS_FINGERPRINT,
    PEN_DIGITS_SOURCE,
    TRAINING_WRITERS,
)
from core.errors import DataError
from core.handwriting.pen_digits import PenDigit, canvas_strokes
from core.ink.canvas_strokes import draw_strokes
from core.ink.drawing import Pixels, prepare
from core.language import Message, ntr, number, tr
from dashboard.data.banner import show_pen_digits_banner
from dashboard.data.paging import choose_page
from dashboard.data.stroke_picture import STROKE_COLOURS, stroke_picture
from dashboard.parts.canvas_objects import stroke_objects
from dashboard.parts.digit_grid import tile_grid
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH
from dashboard.parts.picture_panel import Picture, show_panel
from dashboard.session import cache

_PAGE_SIZE = 60
"""Digits per page, about as many as fit on a laptop screen."""

_USES = {"all": Message("All"), "training": Message("Training"), "measuring": Message("Measuring")}
_USE_NOTES = {
    "training": Message("Writers {first} to {last} are for training. Strokes: {strokes}."),
    "measuring": Message("Writers {first} to {last} are for measuring. Strokes: {strokes}."),
}
_USE_NAMES = {"training": Message("training"), "measuring": Message("measuring")}
_WRITERS = {
    "all": range(TRAINING_WRITERS.start, HELD_OUT_WRITERS.stop),
    "training": TRAINING_WRITERS,
    "measuring": HELD_OUT_WRITERS,
}


def show_pen_digits() -> None:
    """Show the pen digits, or a banner that offers to get them."""
    st.markdown(
        tr(
            "Digits that 30 people wrote on a tablet; none of them is in MNIST. The tablet recorded the pen's path, so "
            "each digit can be drawn again at any size, in any place and with any brush."
        )
    )
    try:
        digits = cache.pen_digits()
    except DataError as error:
        show_pen_digits_banner(error)
    else:
        _show_sizes(digits)
        strokes, writers = st.tabs([tr("Strokes"), tr("Writers")])
        with strokes:
            _show_strokes(digits)
        with writers:
            _show_writers(digits)
    st.caption(
        tr(
            "{source}. [Home page]({home_page}) · [License]({license_page}) · Fingerprint of the data: "
            "`{fingerprint}…`",
            source=PEN_DIGITS_SOURCE,
            home_page=HOME_PAGE,
            license_page=LICENSE_PAGE,
            fingerprint=PEN_DIGITS_FINGERPRINT[:16],
        )
    )


def _show_sizes(digits: Sequence[PenDigit]) -> None:
    training = sum(digit.writer in TRAINING_WRITERS for digit in digits)
    with st.grid(4, min_column_width=MIN_TILE_WIDTH):
        st.metric(tr("Digits"), number(len(digits), ","))
        st.metric(tr("Writers"), len(_WRITERS["all"]))
        st.metric(
            tr("For training: writers {first} to {last}", first=TRAINING_WRITERS[0], last=TRAINING_WRITERS[-1]),
            number(training, ","),
            help=tr("A network may learn from the digits of these writers."),
        )
        st.metric(
            tr("For measuring: writers {first} to {last}", first=HELD_OUT_WRITERS[0], last=HELD_OUT_WRITERS[-1]),
            number(len(digits) - training, ","),
            help=tr(
                "No network learns from these writers, so they show how well a network reads people it has never seen."
            ),
        )


def _use(writer: int) -> str:
    return "training" if writer in TRAINING_WRITERS else "measuring"


@st.fragment
def _show_strokes(digits: Sequence[PenDigit]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        use = st.segmented_control(
            tr("Use"),
            list(_USES),
            default="all",
            format_func=lambda use: tr(_USES[use]),
            required=True,
            key="pen_use",
        )
        writers = st.multiselect(
            tr("Writers"), _WRITERS[use], placeholder=tr("All"), key=f"pen_writers_{use}", width=220
        )
        labels = st.pills(tr("Digits"), list(range(CLASSES)), selection_mode="multi", key="pen_digits")
    chosen = [
        digit
        for digit in digits
        if digit.writer in (writers or _WRITERS[use]) and (not labels or digit.label in labels)
    ]
    with st.container(horizontal=True, vertical_alignment="center"):
        page = choose_page(len(chosen), _PAGE_SIZE, key=f"pen_page_{use}_{writers}_{labels}")
        st.caption(
            ntr(
                "{count:,} digit. Each stroke starts at its dot; the first is white, the second turquoise, the third "
                "orange. Click a digit to see how the model reads it.",
                "{count:,} digits. Each stroke starts at its dot; the first is white, the second turquoise, the third "
                "orange. Click a digit to see how the model reads it.",
                len(chosen),
            )
        )
    shown = chosen[page]
    clicked = tile_grid(
        [stroke_picture(digit) for digit in shown],
        key="pen_grid",
        captions=[tr("{label}\nwriter {writer}", label=digit.label, writer=digit.writer) for digit in shown],
        titles=[_title(digit) for digit in shown],
        tile=64,
    )
    if clicked is not None:
        show_panel([_picture(shown[clicked])])


def _title(digit: PenDigit) -> str:
    return ntr(
        "{label} by writer {writer}, {count} stroke",
        "{label} by writer {writer}, {count} strokes",
        len(digit.strokes),
        label=digit.label,
        writer=digit.writer,
    )


def _picture(digit: PenDigit) -> Picture:
    """Return a digit for the panel, drawn with a brush; the Draw page opens its strokes."""
    strokes = canvas_strokes(digit)
    drawing = prepare(draw_strokes(strokes).ink)
    image = cast("Pixels", drawing.image)  # None only without ink
    use = _use(digit.writer)
    writers = _WRITERS[use]
    lengths = [
        ntr("{count} point ({colour})", "{count} points ({colour})", len(stroke), colour=colour)
        for stroke, colour in zip(digit.strokes, STROKE_COLOURS, strict=False)
    ]
    return Picture(
        _title(digit),
        image,
        drawing=stroke_objects(strokes),
        source=stroke_picture(digit),
        note=tr(_USE_NOTES[use], first=writers[0], last=writers[-1], strokes=", ".join(lengths)),
    )


def _show_writers(digits: Sequence[PenDigit]) -> None:
    st.caption(tr("The number of digits of each writer, in total and by label."))
    st.dataframe(
        _counts(digits),
        hide_index=True,
        width="content",
        height="content",
        column_config={
            "Writer": st.column_config.NumberColumn(tr("Writer"), alignment="left"),
            "Use": st.column_config.TextColumn(tr("Use")),
            "Digits": st.column_config.NumberColumn(tr("Digits")),
        },
    )


def _counts(digits: Sequence[PenDigit]) -> pd.DataFrame:
    """Return a row for each writer: number, use, total, and the count of each label."""
    counts = pd.crosstab([digit.writer for digit in digits], [str(digit.label) for digit in digits])
    uses = counts.index.map(lambda writer: tr(_USE_NAMES[_use(writer)]))
    totals = {"Writer": counts.index, "Use": uses, "Digits": counts.sum(axis=1).array}
    return pd.DataFrame(totals).join(counts.reset_index(drop=True))
