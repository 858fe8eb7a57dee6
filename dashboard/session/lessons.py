"""Session-state keys of the Learn page, with typed accessors: guesses and results.

The browser stores the results. In a class, a student's guesses and results are stored with their hand instead, so that
several students can use one device.
"""

from __future__ import annotations

from typing import cast

import streamlit as st

from core.errors import StorageError
from core.lessons.progress import Progress, forget_lessons, progress, store_guess, store_result
from core.lessons.results import LessonId, Result, Results, read_results
from core.personal.hand import Hand
from dashboard.session.classroom import is_student
from dashboard.session.hands import chosen_hand
from dashboard.session.permission import attempt

_RESULTS = "lesson_results_kept"
_LOADED = "lesson_results_loaded"
_FORGOTTEN = "lesson_results_forgotten"
_HAND = "lesson_results_hand"
_GUESS = "lesson_guess_"

WORK = "lesson_work_"
"""Prefix of the keys for a visitor's work in a lesson, such as their bets."""


def own_hand() -> Hand | None:
    """Return the student's hand, with which their guesses and results are stored; None for everyone else."""
    hand = chosen_hand() if is_student() else None
    if hand is not None and st.session_state.get(_HAND) != hand.id:
        _clear()  # another student has used this device
        st.session_state[_HAND] = hand.id
        stored_progress = _progress(hand)
        st.session_state[_RESULTS] = stored_progress.results
        for lesson, guess in stored_progress.guesses.items():
            st.session_state[_GUESS + lesson] = guess
    return hand


def results() -> Results:
    """Return the results of this visitor's finished lessons."""
    own_hand()
    return cast("Results", st.session_state.get(_RESULTS, Results()))


def keep_result(lesson: LessonId, result: Result) -> bool:
    """Remember the result of a lesson; return False if it has not changed."""
    if results().lessons.get(lesson) == result:
        return False
    st.session_state[_RESULTS] = results().with_result(lesson, result)
    if hand := own_hand():
        attempt(store_result, hand, lesson, result, hand=hand)
    return True


def loaded() -> bool:
    """Return True once the browser has sent its stored results."""
    return bool(st.session_state.get(_LOADED, False))


def load(stored: object) -> None:
    """Add the results that the browser has stored; those of this visit take precedence."""
    st.session_state[_RESULTS] = read_results(stored).merged(results())
    st.session_state[_LOADED] = True


def forgotten() -> bool:
    """Return True if the visitor has deleted all results; the browser then stores only newer ones."""
    return bool(st.session_state.get(_FORGOTTEN, False))


def forget() -> None:
    """Delete all results and guesses, and the visitor's work in the lessons."""
    if hand := own_hand():
        attempt(forget_lessons, hand, hand=hand)
    else:
        st.session_state[_FORGOTTEN] = True
    _clear()


def guess(lesson: LessonId) -> str | None:
    """Return the option that the visitor chose before seeing the answer, or None."""
    result = results().lessons.get(lesson)  # first, because this loads a student's stored guesses, too
    kept_guess = st.session_state.get(_GUESS + lesson)
    return cast("str | None", kept_guess or (result.guess if result else None))


def keep_guess(lesson: LessonId, option: str) -> None:
    """Remember the visitor's guess."""
    hand = own_hand()
    st.session_state[_GUESS + lesson] = option
    if hand:
        attempt(store_guess, hand, lesson, option, hand=hand)


def _progress(hand: Hand) -> Progress:
    try:
        return progress(hand)
    except StorageError:  # the lessons work without it
        return Progress()


def _clear() -> None:
    st.session_state[_RESULTS] = Results()
    for key in [key for key in st.session_state if str(key).startswith((_GUESS, WORK))]:
        del st.session_state[key]
