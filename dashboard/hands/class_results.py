"""The class's results on the Class page, which are redrawn every few seconds while the students write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from core.classifier.evaluation import wilson_interval
from core.data.datasets import CLASSES
from core.errors import TrazoError
from core.language import number, tr
from core.personal.class_exams import ClassExams, StudentExam, class_confusions
from core.workspace import Workspace
from dashboard.hands.charts import students_chart
from dashboard.parts.chart_text import confusions_text, listed
from dashboard.parts.charts import confusion_heatmap
from dashboard.parts.digit_grid import digit_grid
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, metric_tile
from dashboard.parts.show_chart import show_chart
from dashboard.parts.theme import text_colour
from dashboard.session import cache
from dashboard.session.markdown import plain
from dashboard.session.permission import safe_text
from dashboard.session.state import workspace

POLL_SECONDS = 3.0

_FIRST_DIGIT = 7
"""The digit that people write in the greatest variety of ways."""


def class_exams() -> list[StudentExam]:
    """Return the newest exam of each hand, as read by the active model."""
    _, predictor = cache.predictor().current()
    return _class_exams(str(workspace().root)).read(predictor)


def shown_names(students: Sequence[StudentExam], hide_names: bool) -> list[str]:
    """Return the names to show: nicknames, or numbers in the order in which the students joined."""
    return [
        tr("Student {number}", number=position) if hide_names else student.name
        for position, student in enumerate(students, 1)
    ]


@st.fragment(run_every=POLL_SECONDS)
def show_results(hide_names: bool) -> None:
    """Show everybody's progress, what the model misreads, and everybody's drawings of one digit.

    `hide_names`: True to hide the nicknames.
    """
    try:
        students = class_exams()
    except TrazoError as error:
        st.error(safe_text(error), icon=":material/error:")
        return
    names = shown_names(students, hide_names)
    with st.container(key="refreshing"):
        _show_tiles(students)
        if not students:
            st.info(tr("Nobody has joined yet."), icon=":material/hourglass_empty:")
        elif not any(student.written for student in students):
            st.info(
                tr(
                    "Here so far: {names}. Ask them to start the exam on the Your hand page.",
                    names=", ".join(map(plain, names)),
                ),
                icon=":material/front_hand:",
            )
        else:
            _show_charts(students, names)
    if any(student.written for student in students):
        _show_drawings(students, names)


def _show_tiles(students: Sequence[StudentExam]) -> None:
    written = sum(student.written for student in students)
    right = sum(int(student.right.sum()) for student in students)
    low, high = wilson_interval(right, written) if written else (0.0, 1.0)
    complete = sum(student.complete for student in students)
    with st.grid(4, min_column_width=MIN_TILE_WIDTH):
        metric_tile(tr("Students"), str(len(students)), tr("have joined"))
        metric_tile(tr("Exams"), tr("{done} of {count}", done=complete, count=len(students)), tr("are complete"))
        metric_tile(tr("Digits"), number(written, ","), tr("written in the newest exams"))
        metric_tile(
            tr("Read correctly"),
            number(right / written, ".1%") if written else "–",
            tr("95%: {low:.0%} to {high:.0%}", low=low, high=high) if written else tr("no digits yet"),
            tr(
                "Fraction of the class's digits that the active model reads correctly, with its 95% confidence "
                "interval (Wilson, 1927)."
            ),
        )


def _show_charts(students: Sequence[StudentExam], names: Sequence[str]) -> None:
    by_student, confusions = st.columns([3, 2], gap="large")
    with by_student:
        st.subheader(tr("Accuracy by student"), anchor=False)
        st.caption(tr("Each dot is the fraction read correctly so far; its line is the 95% confidence interval."))
        numbers = listed(
            {
                name: f"{int(student.right.sum())} / {student.written}"
                for student, name in zip(students, names, strict=True)
                if student.written
            }
        )
        show_chart(
            students_chart(students, names, text_colour()),
            key="class_accuracy",
            alt=tr("Digits read correctly, of those written: {numbers}.", numbers=numbers),
        )
        without_digits = [name for student, name in zip(students, names, strict=True) if not student.written]
        if without_digits:
            st.caption(tr("No digits yet: {names}.", names=", ".join(map(plain, without_digits))))
    with confusions:
        st.subheader(tr("What it confuses"), anchor=False)
        st.caption(tr("Rows are the digits that the class meant, columns the digits that the model read."))
        matrix = class_confusions(students)
        chart = confusion_heatmap(matrix, percentages=False, text_colour=text_colour())
        show_chart(chart, width="content", key="class_confusions", alt=confusions_text(matrix))


def _show_drawings(students: Sequence[StudentExam], names: Sequence[str]) -> None:
    digit = st.session_state.get("class_digit", _FIRST_DIGIT)
    st.subheader(tr("Everybody's {digit}s", digit=digit), anchor=False)
    digit = st.segmented_control(
        tr("Digit"),
        range(CLASSES),
        default=_FIRST_DIGIT,
        required=True,
        key="class_digit",
        label_visibility="collapsed",
    )
    tiles = [
        (student.images[position], name, int(student.digits[position]))
        for student, name in zip(students, names, strict=True)
        for position in np.flatnonzero(student.labels == digit)
    ]
    if not tiles:
        st.caption(tr("Nobody has written a {digit} yet.", digit=digit))
        return
    digit_grid(
        [image for image, _, _ in tiles],
        key=f"class_{digit}",
        captions=[name for _, name, _ in tiles],
        titles=[_title(name, read) for _, name, read in tiles],
        marked={index for index, (_, _, read) in enumerate(tiles) if read != digit},
        tile=64,
        clickable=False,
    )
    st.caption(tr("A frame marks a digit that the model misreads."))


def _title(name: str, digit: int) -> str:
    if digit == CLASSES:
        return tr("{name}: not answered", name=name)
    return tr("{name}: read as {digit}", name=name, digit=digit)


@st.cache_resource(show_spinner=False, max_entries=2)
def _class_exams(root: str) -> ClassExams:
    return ClassExams(Workspace(Path(root)))
