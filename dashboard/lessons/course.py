"""The lessons in order, the list of lessons, and the navigation between them."""

from __future__ import annotations

import streamlit as st

from core.errors import TrazoError
from core.language import tr
from core.lessons.results import LESSON_IDS, Result
from dashboard.lessons import calibration, centring, confusion, filters, fooling, learning, memorising, pixels
from dashboard.lessons.browser import print_button
from dashboard.lessons.lesson import Lesson
from dashboard.session import address, lessons, state
from dashboard.session.permission import safe_text

LESSONS: dict[int, Lesson] = {
    LESSON_IDS.index(each.LESSON.id) + 1: each.LESSON
    for each in (pixels, centring, filters, learning, memorising, confusion, calibration, fooling)
}
"""The lessons by number."""

RESULTS = "results"
"""Value of the URL parameter that opens the page to print."""

_PARAMETER = "lesson"


def current() -> str:
    """Return the number of the lesson on the page, RESULTS, or an empty string for the list of lessons."""
    return address.value(_PARAMETER) or ""


def show(page: str) -> None:
    """Show the list of lessons, a lesson or the page to print, and write the choice to the URL."""
    page_exists = page == RESULTS or page in map(str, LESSONS)
    address.keep(**{_PARAMETER: page if page_exists else None})
    if page == RESULTS:
        _show_results()
    elif page_exists:
        _show_lesson(int(page))
    else:
        if page:
            st.warning(tr("There is no such lesson. Choose one of these."), icon=":material/search_off:")
        _show_list()


def _open(page: str) -> None:
    state.keep_parameters({_PARAMETER: [page] if page else []})


def _show_list() -> None:
    results = lessons.results().lessons
    count = sum(lesson.id in results for lesson in LESSONS.values())
    with st.container(horizontal=True, vertical_alignment="center", key="lesson_start"):
        next_number = next((number for number, lesson in LESSONS.items() if lesson.id not in results), None)
        if next_number is not None:
            label = (
                tr("Continue with lesson {number}", number=next_number) if count else tr("Start with the first lesson")
            )
            st.button(label, type="primary", key="lesson_go_on", on_click=_open, args=(str(next_number),))
        st.page_link("views/draw.py", label=tr("Just start drawing"), icon=":material/draw:", width="content")
        if count:
            _results_button()
    done_text = tr("{done} of {lessons} lessons done", done=count, lessons=len(LESSONS))
    st.progress(count / len(LESSONS), text=done_text)
    with st.grid(2, min_column_width=300):
        for number, lesson in LESSONS.items():
            with st.container(border=True, height="stretch", key=f"lesson_card_{number}"):
                result = results.get(lesson.id)
                st.button(
                    f"**{number}** {tr(lesson.title)}",
                    icon=":material/check_circle:" if result else lesson.icon,
                    type="tertiary",
                    key=f"open_lesson_{number}",
                    on_click=_open,
                    args=(str(number),),
                )
                st.markdown(lesson.report(result) if result else tr(lesson.idea))
    st.caption(_privacy_note())


def _privacy_note() -> str:
    """Return sentences about where the visitor's results are stored and who sees them."""
    if lessons.own_hand() is None:
        return tr("Your results stay in this browser. Nobody else sees them.")
    return tr(
        "Your guesses and results are stored with your hand, on the teacher's computer. The Class page shows the "
        "teacher how many students finished each lesson and what they guessed, without names."
    )


def _show_lesson(number: int) -> None:
    lesson = LESSONS[number]
    with st.container(key="lesson"):
        _back_button()
        st.header(f"{number} {tr(lesson.title)}", anchor=False)
        try:
            lesson.show()
        except TrazoError as error:
            st.error(safe_text(error), icon=":material/error:")
        _show_next_button(number)


def _show_next_button(number: int) -> None:
    next_number = next((each for each in LESSONS if each > number), None)
    done = LESSONS[number].id in lessons.results().lessons
    with st.container(horizontal=True, key="lesson_way_on"):
        if next_number is None:
            _results_button(primary=done)
        else:
            st.button(
                tr("Next: {title}", title=LESSONS[next_number].title),
                icon=":material/arrow_forward:",
                type="primary" if done else "secondary",
                key="next_lesson",
                on_click=_open,
                args=(str(next_number),),
            )


def _back_button() -> None:
    st.button(
        tr("All lessons"),
        icon=":material/arrow_back:",
        type="tertiary",
        key="all_lessons",
        on_click=_open,
        args=("",),
    )


def _results_button(*, primary: bool = False) -> None:
    st.button(
        tr("What I found out"),
        icon=":material/print:",
        type="primary" if primary else "secondary",
        key="lesson_results_button",
        on_click=_open,
        args=(RESULTS,),
    )


def _show_results() -> None:
    results = lessons.results().lessons
    with st.container(key="lesson_results_page"):
        _back_button()
        st.header(tr("What I found out with Trazo"), anchor=False)
        if not results:
            st.info(tr("Nothing yet. Finish a lesson, and its result appears here."), icon=":material/flag:")
            return
        st.text_input(tr("Name, for the printed page"), key="lesson_name", max_chars=60, placeholder=tr("Your name"))
        for number, lesson in LESSONS.items():
            if lesson.id in results:
                _show_result(number, lesson, results[lesson.id])
        with st.container(horizontal=True, vertical_alignment="center", key="lesson_results_tools"):
            print_button()
            with st.popover(tr("Delete my results"), type="tertiary"):
                st.button(tr("Delete them now"), key="forget_lessons", on_click=lessons.forget)


def _show_result(number: int, lesson: Lesson, result: Result) -> None:
    guess = lesson.options.get(result.guess)
    st.markdown(f"**{number} {tr(lesson.title)}**  \n{lesson.report(result)}")
    if guess is not None:
        st.caption(tr("My guess was: {guess}", guess=guess))
