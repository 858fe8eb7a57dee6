"""Session-state keys of the Learn page, with typed accessors: guesses, and the results that the browser keeps."""

from __future__ import annotations

from typing import cast

import streamlit as st

from core.lessons.results import LessonId, Result, Results, read_results

_RESULTS = "lesson_results_kept"
_LOADED = "lesson_results_loaded"
_FORGOTTEN = "lesson_results_forgotten"
_GUESS = "lesson_guess_"

WORK = "lesson_work_"
"""Prefix of the keys of what a visitor has made in a lesson, such as their bets."""


def results() -> Results:
    """Return the results of this visitor's finished lessons."""
    return cast("Results", st.session_state.get(_RESULTS, Results()))


def keep_result(lesson: LessonId, result: Result) -> bool:
    """Remember the result of a lesson; return False if it is the same as before."""
    if results().lessons.get(lesson) == result:
        return False
    st.session_state[_RESULTS] = results().with_result(lesson, result)
    return True


def loaded() -> bool:
    """Return True once the browser has sent the results that it has kept."""
    return bool(st.session_state.get(_LOADED, False))


def load(stored: object) -> None:
    """Add the results that the browser has kept; those of this visit are newer."""
    st.session_state[_RESULTS] = read_results(stored).merged(results())
    st.session_state[_LOADED] = True


def forgotten() -> bool:
    """Return True if the visitor has deleted all results; the browser then keeps only newer ones."""
    return bool(st.session_state.get(_FORGOTTEN, False))


def forget() -> None:
    """Delete all results and guesses, and what the visitor has made in the lessons."""
    st.session_state[_RESULTS] = Results()
    st.session_state[_FORGOTTEN] = True
    for key in [key for key in st.session_state if str(key).startswith((_GUESS, WORK))]:
        del st.session_state[key]


def guess(lesson: LessonId) -> str | None:
    """Return the option that the visitor chose before seeing the answer, or None."""
    kept = st.session_state.get(_GUESS + lesson)
    result = results().lessons.get(lesson)
    return cast("str | None", kept or (result.guess if result else None))


def keep_guess(lesson: LessonId, option: str) -> None:
    """Remember the visitor's guess."""
    st.session_state[_GUESS + lesson] = option
