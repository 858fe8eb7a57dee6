"""The lessons on the Class page: how many students finished each one, what they guessed, and a link to share."""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from core.language import language, tr
from core.lessons.progress import LessonCount, Progress, class_progress, count_lessons, progress_stamps
from dashboard.lessons.course import LESSONS
from dashboard.lessons.lesson import Lesson
from dashboard.session.state import workspace

POLL_SECONDS = 5.0

_STYLE = Path(__file__).parent.parent / "assets" / "class_lessons.css"


def show_class_lessons(students_url: str) -> None:
    """Show the statistics of the lessons, and a link to one; `students_url`: the URL at which students join."""
    st.subheader(tr("Lessons"), anchor=False)
    st.caption(tr("How many students finished each lesson, and what they guessed before they saw the answer."))
    _show_table()
    chosen = st.selectbox(
        tr("Link to a lesson, for your students"),
        list(LESSONS),
        format_func=lambda number: f"{number} {tr(LESSONS[number].title)}",
        key="class_lesson",
    )
    # A code block has a button that copies it.
    st.code(lesson_url(students_url, chosen), language=None, wrap_lines=True)
    st.caption(
        tr("The link asks for a nickname first. Students who have already joined find the lesson on their Learn page.")
    )


def lesson_url(students_url: str, number: int) -> str:
    """Return the URL of a lesson in the language of this page."""
    return f"{students_url}/learn?{urlencode({'lesson': number, 'lang': language()})}"


@st.fragment(run_every=POLL_SECONDS)
def _show_table() -> None:
    students = _class_progress(progress_stamps(workspace()))
    if not any(student.guesses for student in students):
        st.info(tr("Nobody has started a lesson yet. Share a link to one."), icon=":material/lightbulb:")
        return
    counts = count_lessons(students)
    columns = (tr("Lesson"), tr("Finished by"), tr("Guesses"))
    header = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    rows = "".join(_row(number, lesson, counts[lesson.id], len(students)) for number, lesson in LESSONS.items())
    st.html(_STYLE)
    st.html(f'<table class="trazo-class-lessons"><thead><tr>{header}</tr></thead><tbody>{rows}</tbody></table>')


def _row(number: int, lesson: Lesson, count: LessonCount, students: int) -> str:
    finished = tr("{done} of {count}", done=count.finished, count=students)
    guesses = "".join(
        _guess(tr(label), count.guesses.get(guess, 0), students) for guess, label in lesson.options.items()
    )
    return (
        f'<tr><th scope="row">{number} {escape(tr(lesson.title))}</th>'
        f'<td data-label="{escape(tr("Finished by"))}">{escape(finished)}</td><td><ul>{guesses}</ul></td></tr>'
    )


def _guess(label: str, count: int, students: int) -> str:
    return (
        f"<li><span>{escape(label)}</span><b>{count}</b>"
        f'<span class="bar"><i style="width:{count / students:.0%}"></i></span></li>'
    )


@st.cache_resource(show_spinner=False, max_entries=2)
def _class_progress(version: tuple[tuple[str, int, int], ...]) -> list[Progress]:  # noqa: ARG001
    """Return the progress of each hand; `version` is the key of the cache."""
    return class_progress(workspace())
