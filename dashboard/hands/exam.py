"""The exam on the Your hand page: a person writes fifty digits, and the result says how well the model reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import streamlit as st

from core.classifier.predictor import Predictor
from core.errors import HandError
from core.language import Message, number, tr
from core.personal.exam import EXAM_DIGITS, Exam, answer, discard_exam, list_exams, read_exam, start_exam, take_back
from core.personal.hand import Hand
from core.personal.result import ExamResult, examine
from core.personal.written import WrittenDigit, images_of
from core.runs.active import SHIPPED
from dashboard.hands.charts import WRITER_ACCURACIES, writers_chart
from dashboard.hands.chooser import chosen_or_new_hand
from dashboard.hands.pad import writing_pad
from dashboard.parts.chart_text import confusions_text
from dashboard.parts.charts import confusion_heatmap
from dashboard.parts.dates import LONG, date_text
from dashboard.parts.digit_grid import digit_grid
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, metric_tile
from dashboard.parts.show_chart import show_chart
from dashboard.parts.theme import text_colour
from dashboard.runs import run_cache
from dashboard.session.hands import current_model
from dashboard.session.language import Spinner
from dashboard.session.markdown import plain
from dashboard.session.permission import attempt


def show_exam(hand: Hand | None) -> None:
    """Show the exam in progress, and the result of the latest complete exam."""
    exams = list_exams(hand) if hand else []
    complete_exam = next((exam for exam in exams if exam.complete), None)
    if hand and exams and not exams[0].complete:
        _show_writing(hand, exams[0])
        st.button(
            tr("Give up this exam"),
            key="discard_exam",
            on_click=attempt,
            args=(discard_exam, hand, exams[0]),
            kwargs={"hand": hand},
        )
    elif complete_exam is None:
        st.markdown(
            tr(
                "How well does the model read **your** writing? Write {count} digits, one after the other, as you "
                "always do; it takes about two minutes. No model ever learns from an exam, so its result is honest.",
                count=EXAM_DIGITS,
            )
        )
        _show_start(hand, tr("Start the exam"), primary=True)
    if hand and complete_exam:
        _show_result(hand, complete_exam)
        if complete_exam is exams[0]:
            _show_start(hand, tr("Take another exam"))


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
    hand = chosen_or_new_hand()
    if all(exam.complete for exam in list_exams(hand)):  # a double click starts one exam only
        start_exam(hand)


@st.fragment
def _show_writing(hand: Hand, started_exam: Exam) -> None:
    exam = read_exam(hand, started_exam.id)
    if exam.complete:
        st.rerun()

    def exam_at(position: int) -> Exam:
        current = read_exam(hand, exam.id)
        if len(current.written) != position:
            raise HandError(Message("This exam was continued in another tab. Go on there, or reload this page."))
        return current

    writing_pad(
        hand,
        f"exam_{exam.id}",
        exam.prompts,
        len(exam.written),
        lambda position, written: answer(hand, exam_at(position), written),
        lambda position: take_back(hand, exam_at(position)),
        tr("Done"),
    )


def _show_result(hand: Hand, exam: Exam) -> None:
    model, predictor = current_model()
    result = exam_result(hand, exam, predictor)
    low, high = result.interval
    exam_date = datetime.fromtimestamp(exam.started).astimezone()
    st.markdown(
        tr(
            "**The exam of {date}**, read by **{model}**:",
            date=date_text(exam_date, LONG),
            model=plain(run_cache.model_name(model.name)),
        )
    )
    with st.grid(4, min_column_width=MIN_TILE_WIDTH):
        metric_tile(
            tr("Read correctly"),
            tr("{right} of {count}", right=int(result.right.sum()), count=len(result.labels)),
            tr("probably {low:.0%} to {high:.0%} of all", low=low, high=high),
            tr(
                "With 95% confidence, the model reads this fraction of all the digits that you write (Wilson's "
                "interval)."
            ),
        )
        metric_tile(tr("Misread"), str(int(result.misread.sum())), tr("as another digit"))
        metric_tile(tr("Not answered"), str(int(result.rejected.sum())), tr("rejected as not a digit"))
        metric_tile(tr("Unsure"), str(result.count("unsure")), tr("of all answers"))
    if model.name == SHIPPED:
        show_writers(result)
    _show_mistakes(hand, exam, result)


def show_writers(result: ExamResult) -> None:
    """Show the accuracy of an exam, with its interval, among the accuracies of ten other people."""
    st.markdown(
        tr(
            "**Among other people.** Each dot is one of ten people whose digits no model has learned from. The line is "
            "you; the bar is the range in which your accuracy probably lies."
        )
    )
    low, high = result.interval
    others = "; ".join(number(writer / 100, ".1%") for writer in WRITER_ACCURACIES)
    show_chart(
        writers_chart(result.accuracy, result.interval, text_colour()),
        alt=tr(
            "You: {accuracy:.1%}, probably between {low:.1%} and {high:.1%}. Ten other people: {others}.",
            accuracy=result.accuracy,
            low=low,
            high=high,
            others=others,
        ),
    )


def _show_mistakes(hand: Hand, exam: Exam, result: ExamResult) -> None:
    wrong = np.flatnonzero(~result.right)
    if not len(wrong):
        st.success(tr("Every digit of this exam is read correctly."), icon=":material/check:")
        return
    st.subheader(tr("What it does not read correctly"), anchor=False)
    captions = [_caption(result, position) for position in wrong.tolist()]
    show_digits([exam.written[position] for position in wrong], captions, f"mistakes_{hand.id}_{exam.id}")
    with st.expander(tr("Your confusion matrix"), icon=":material/grid_on:"):
        show_chart(
            confusion_heatmap(result.confusions, percentages=False, text_colour=text_colour()),
            width="content",
            alt=confusions_text(result.confusions),
        )


def _caption(result: ExamResult, position: int) -> str:
    digit = result.labels[position]
    return tr("a {digit}: {answer}", digit=digit, answer=answer_of(result, position))


def answer_of(result: ExamResult, position: int) -> str:
    """Return a model's answer for one digit of an exam, in words."""
    return tr("no answer") if result.rejected[position] else tr("read as {digit}", digit=result.digits[position])


def show_digits(written: Sequence[WrittenDigit], captions: Sequence[str], key: str) -> None:
    """Show written digits with captions."""
    digit_grid(images_of(written), key=key, captions=captions, tile=84, clickable=False)


def exam_result(hand: Hand, exam: Exam, predictor: Predictor) -> ExamResult:
    """Return a model's result for an exam, as far as the exam has been written."""
    # In another tab, a digit may be taken back and written again.
    times = tuple(written.time for written in exam.written)
    return _exam_result(predictor.version, hand.id, exam.id, times, predictor, exam)


@st.cache_data(show_spinner=Spinner(Message("Reading your exam…")), max_entries=100)
def _exam_result(
    version: str,  # noqa: ARG001 - the first four arguments are the key of the cache
    hand_id: str,  # noqa: ARG001
    exam_id: str,  # noqa: ARG001
    times: tuple[float, ...],  # noqa: ARG001
    _predictor: Predictor,
    _exam: Exam,
) -> ExamResult:
    return examine(_predictor, _exam.written)
