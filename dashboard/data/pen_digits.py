"""The pen digits on the Data page: their strokes as written, and the digits of each writer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pandas as pd
import streamlit as st

from core.data.datasets import CLASSES
from core.data.pen_digits import (
    HOME_PAGE,
    LICENSE_PAGE,
    MEASURING_WRITERS,
    PEN_DIGITS_FINGERPRINT,
    PEN_DIGITS_SOURCE,
    TRAINING_WRITERS,
)
from core.errors import DataError
from core.handwriting.pen_digits import PenDigit, canvas_strokes
from core.ink.canvas_strokes import draw_strokes
from core.ink.drawing import Pixels, prepare
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

_USES = {"all": "All", "training": "Training", "measuring": "Measuring"}
_WRITERS = {
    "all": range(TRAINING_WRITERS.start, MEASURING_WRITERS.stop),
    "training": TRAINING_WRITERS,
    "measuring": MEASURING_WRITERS,
}


def show_pen_digits() -> None:
    """Show the pen digits, or a banner that offers to get them."""
    st.markdown(
        "Digits that 30 people wrote on a tablet; none of them is in MNIST. The tablet recorded the pen's path, so "
        "each digit can be drawn again at any size, in any place and with any brush."
    )
    try:
        digits = cache.pen_digits()
    except DataError as error:
        show_pen_digits_banner(error)
    else:
        _show_sizes(digits)
        strokes, writers = st.tabs(["Strokes", "Writers"])
        with strokes:
            _show_strokes(digits)
        with writers:
            _show_writers(digits)
    st.caption(
        f"{PEN_DIGITS_SOURCE}. [Home page]({HOME_PAGE}) · [License]({LICENSE_PAGE}) · "
        f"Fingerprint of the data: `{PEN_DIGITS_FINGERPRINT[:16]}…`"
    )


def _show_sizes(digits: Sequence[PenDigit]) -> None:
    training = sum(digit.writer in TRAINING_WRITERS for digit in digits)
    with st.grid(4, min_column_width=MIN_TILE_WIDTH):
        st.metric("Digits", f"{len(digits):,}")
        st.metric("Writers", len(_WRITERS["all"]))
        st.metric(
            f"For training: {_names(TRAINING_WRITERS)}",
            f"{training:,}",
            help="A network may learn from the digits of these writers.",
        )
        st.metric(
            f"For measuring: {_names(MEASURING_WRITERS)}",
            f"{len(digits) - training:,}",
            help="No network learns from these writers, so they show how well it reads people it has never seen.",
        )


def _use(writer: int) -> str:
    return "training" if writer in TRAINING_WRITERS else "measuring"


def _names(writers: range) -> str:
    return f"writers {writers[0]} to {writers[-1]}"


@st.fragment
def _show_strokes(digits: Sequence[PenDigit]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        use = st.segmented_control(
            "Use", list(_USES), default="all", format_func=_USES.__getitem__, required=True, key="pen_use"
        )
        writers = st.multiselect("Writers", _WRITERS[use], placeholder="All", key=f"pen_writers_{use}", width=220)
        labels = st.pills("Digits", list(range(CLASSES)), selection_mode="multi", key="pen_digits")
    chosen = [
        digit
        for digit in digits
        if digit.writer in (writers or _WRITERS[use]) and (not labels or digit.label in labels)
    ]
    with st.container(horizontal=True, vertical_alignment="center"):
        page = choose_page(len(chosen), _PAGE_SIZE, key=f"pen_page_{use}_{writers}_{labels}")
        st.caption(
            f"{len(chosen):,} digits. Each stroke starts at its dot; the first is white, the second turquoise, the "
            "third orange. Click a digit to see how the model reads it."
        )
    shown = chosen[page]
    clicked = tile_grid(
        [stroke_picture(digit) for digit in shown],
        key="pen_grid",
        captions=[f"{digit.label}\nwriter {digit.writer}" for digit in shown],
        titles=[_title(digit) for digit in shown],
        tile=64,
    )
    if clicked is not None:
        show_panel([_picture(shown[clicked])])


def _title(digit: PenDigit) -> str:
    count = len(digit.strokes)
    return f"{digit.label} by writer {digit.writer}, {count} stroke{'s' if count > 1 else ''}"


def _picture(digit: PenDigit) -> Picture:
    """Return a digit for the panel, drawn with a brush; Draw opens its strokes."""
    strokes = canvas_strokes(digit)
    drawing = prepare(draw_strokes(strokes).ink)
    image = cast("Pixels", drawing.image)  # missing only without ink
    use = _use(digit.writer)
    lengths = [
        f"{len(stroke)} points ({colour})" for stroke, colour in zip(digit.strokes, STROKE_COLOURS, strict=False)
    ]
    return Picture(
        _title(digit),
        image,
        drawing=stroke_objects(strokes),
        source=stroke_picture(digit),
        note=f"{_names(_WRITERS[use]).capitalize()} are for {use}. Strokes: {', '.join(lengths)}.",
    )


def _show_writers(digits: Sequence[PenDigit]) -> None:
    st.caption("The number of digits of each writer, in total and by label.")
    st.dataframe(
        _counts(digits),
        hide_index=True,
        width="content",
        height="content",
        column_config={"Writer": st.column_config.NumberColumn(alignment="left")},
    )


def _counts(digits: Sequence[PenDigit]) -> pd.DataFrame:
    """Return a row for each writer: number, use, total, and the count of each label."""
    counts = pd.crosstab([digit.writer for digit in digits], [str(digit.label) for digit in digits])
    totals = {"Writer": counts.index, "Use": counts.index.map(_use), "Digits": counts.sum(axis=1).array}
    return pd.DataFrame(totals).join(counts.reset_index(drop=True))
