"""The pieces of which every lesson is made: its description, the guess, and its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st

from core.lessons.results import LessonId, Result
from dashboard.session import lessons


@dataclass(frozen=True)
class Lesson:
    """One lesson.

    `idea`: what it teaches, in one sentence. `icon`: a Material symbol. `options`: the labels of the possible guesses.
    `show` draws the lesson; it raises TrazoError if something is missing. `report` returns a sentence about a result.
    """

    id: LessonId
    title: str
    idea: str
    icon: str
    options: Mapping[str, str]
    show: Callable[[], None]
    report: Callable[[Result], str]


def ask(lesson: LessonId, question: str, options: Mapping[str, str]) -> str | None:
    """Ask for a guess, and return it; None, and nothing more to see, until the visitor has made one.

    `options`: the labels by value.
    """
    guess = lessons.guess(lesson)
    with st.container(border=True, key=f"guess_{lesson}"):
        st.markdown(f"**First, your guess.** {question}")
        if guess is not None and guess in options:
            st.markdown(f":material/check: You guessed: **{options[guess]}**")
            return guess
        with st.container(horizontal=True, gap="small"):
            for value, label in options.items():
                st.button(label, key=f"guess_{lesson}_{value}", on_click=lessons.keep_guess, args=(lesson, value))
    return None


def finish(lesson: LessonId, guess: str, message: str, **measured: float) -> None:
    """Show that the lesson is done, and keep what was measured.

    `message`: what the visitor found out.
    """
    st.success(message, icon=":material/check_circle:")
    if lessons.keep_result(lesson, Result(guess=guess, measured=measured)):
        # The list of lessons, above, and the browser have to know.
        st.rerun()


def to_do(text: str) -> None:
    """Show what is still to be done."""
    st.info(text, icon=":material/flag:")
