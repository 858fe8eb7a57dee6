"""The exam on the page Your hand: fifty digits are written, then the result says how well the model reads them."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from core.classifier.predictor import Predictor
from core.errors import HandError
from core.personal.exam import EXAM_DIGITS, Exam, answer, list_exams, read_exam, start_exam, take_back
from core.personal.hand import Hand
from core.personal.result import ExamResult, examine
from core.personal.written import Written, images_of
from dashboard.hands.chooser import first_hand
from dashboard.hands.pad import writing_pad
from dashboard.parts.charts import confusion_heatmap
from dashboard.parts.digit_grid import digit_grid
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, metric_tile
from dashboard.parts.theme import text_colour
from dashboard.session.hands import current_model
from dashboard.session.permission import attempt

WRITERS = (99.2, 99.2, 100.0, 99.2, 99.2, 100.0, 100.0, 96.8, 100.0, 99.6)
"""Accuracy of the shipped model on the digits of writers 21 to 30, in percent (`make bench ARGS=hands`)."""


def show_exam(hand: Hand | None) -> None:
    """Show the exam that is being written, or the result of the last one."""
    exams = list_exams(hand) if hand else []
    if hand and exams and not exams[0].complete:
        _show_writing(hand, exams[0])
    elif hand and exams:
        _show_result(exams[0])
        _show_start(hand, "Take another exam")
    else:
        st.markdown(
            f"How well does the model read **your** writing? Write {EXAM_DIGITS} digits, one after the other, as you "
            "always do; it takes about two minutes. No model ever learns from an exam, so its result is honest."
        )
        _show_start(hand, "Start the exam", primary=True)


def _show_start(hand: Hand | None, label: str, *, primary: bool = False) -> None:
    st.button(
        label,
        type="primary" if primary else "secondary",
        icon=":material/edit_note:",
        key="start_exam",
        on_click=attempt,
        args=(_start,),
        kwargs={"hand": hand},
    )


def _start() -> None:
    start_exam(first_hand())


@st.fragment
def _show_writing(hand: Hand, begun: Exam) -> None:
    exam = read_exam(hand, begun.id)
    if exam.complete:
        st.rerun()

    def keep(position: int, written: Written) -> None:
        present = read_exam(hand, exam.id)
        if len(present.written) != position:
            raise HandError("This exam went on in another tab. Continue there, or reload this page.")
        answer(hand, present, written)

    writing_pad(
        hand,
        f"exam_{exam.id}",
        exam.prompts,
        len(exam.written),
        keep,
        lambda _: take_back(hand, exam),
        "Done",
    )


def _show_result(exam: Exam) -> None:
    model, predictor = current_model()
    result = exam_result(model.name, exam.id, predictor, exam)
    low, high = result.interval
    with st.grid(4, min_column_width=MIN_TILE_WIDTH):
        metric_tile(
            "Read correctly",
            f"{int(result.right.sum())} of {len(result.labels)}",
            f"{low:.0%} to {high:.0%} of all",
            "With 95% confidence, the model reads this fraction of all that you write correctly (Wilson's interval).",
        )
        metric_tile("Misread", str(int((~result.right).sum())), "as another digit")
        metric_tile("Close calls", str(result.count("unsure")), "with two candidates")
        metric_tile("Rejected", str(result.count("not_a_digit")), "as no digit")
    show_writers(result.accuracy)
    _show_mistakes(exam, result)


def show_writers(accuracy: float) -> None:
    """Show this accuracy, 0..1, among those of ten other people."""
    st.markdown(
        "**Among other people.** Each dot is one of ten people whose digits no model has learned from; the line is you."
    )
    low = np.floor(min(*WRITERS, 100 * accuracy, 95))
    place = alt.X("accuracy:Q", scale=alt.Scale(domain=[low, 100]), title="Digits read correctly (%)")
    tooltip = [alt.Tooltip("accuracy", title="read correctly (%)", format=".1f")]
    others = alt.Chart(pd.DataFrame({"accuracy": WRITERS})).mark_circle(size=130, opacity=0.55)
    person = alt.Chart(pd.DataFrame({"accuracy": [100 * accuracy]})).mark_tick(
        thickness=5, size=44, color=text_colour()
    )
    chart = others.encode(x=place, tooltip=tooltip) + person.encode(x=place, tooltip=tooltip)
    st.altair_chart(chart.properties(height=110), width="stretch")


def _show_mistakes(exam: Exam, result: ExamResult) -> None:
    wrong = np.flatnonzero(~result.right)
    if not len(wrong):
        st.success("Every digit of this exam is read correctly.", icon=":material/check:")
        return
    st.subheader("What it misreads", anchor=False)
    show_digits(exam, wrong, [f"{result.labels[i]} read as {_name(int(result.digits[i]))}" for i in wrong], "mistakes")
    with st.expander("Your confusion matrix", icon=":material/grid_on:"):
        st.altair_chart(
            confusion_heatmap(result.confusions, percentages=False, text_colour=text_colour()), width="content"
        )


def show_digits(exam: Exam, positions: np.ndarray, captions: list[str], key: str) -> None:
    """Show digits of an exam by their positions, with captions."""
    images = images_of([exam.written[position] for position in positions])
    digit_grid(images, key=f"{key}_{exam.id}", captions=captions, tile=84, clickable=False)


def _name(digit: int) -> str:
    return "nothing" if digit > 9 else str(digit)


@st.cache_data(show_spinner="Reading the exam…", max_entries=200)
def exam_result(model: str, exam_id: str, _predictor: Predictor, _exam: Exam) -> ExamResult:  # noqa: ARG001
    """Return what a model makes of an exam; the first two arguments are the key of the cache."""
    return examine(_predictor, _exam.written)
