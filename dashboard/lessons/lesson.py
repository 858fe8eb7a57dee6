"""The pieces of every lesson: its description, the guess and the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st

from core.language import Message, tr
from core.lessons.results import LessonId, Result
from dashboard.session import lessons


@dataclass(frozen=True)
class Lesson:
    """One lesson.

    `idea`: what it teaches, in one sentence. `icon`: a Material symbol. `options`: the labels of the possible guesses.
    `show` draws the lesson; it raises TrazoError if something is missing. `report` returns a sentence about a result.
    """

    id: LessonId
    title: Message
    idea: Message
    icon: str
    options: Mapping[str, Message]
    show: Callable[[], None]
    report: Callable[[Result], str]


def ask(lesson: LessonId, question: str, options: Mapping[str, Message]) -> str | None:
    """Ask for a guess and return it; until the visitor has made one, return None, and the lesson shows nothing more.

    `question`: in the visitor's language. `options`: the labels by value.
    """
    guess = lessons.guess(lesson)
    with st.container(border=True, key=f"guess_{lesson}"):
        st.markdown(tr("**First, your guess.** {question}", question=question))
        if guess is not None and guess in options:
            st.markdown(f":material/check: {tr('You guessed: **{guess}**', guess=options[guess])}")
            return guess
        with st.container(horizontal=True, gap="small"):
            for value, label in options.items():
                st.button(tr(label), key=f"guess_{lesson}_{value}", on_click=lessons.keep_guess, args=(lesson, value))
    return None


def finish(lesson: LessonId, guess: str, message: str, **measured: float) -> None:
    """Show that the lesson is done, and keep the measurements.

    `message`: what the visitor found out, in their language.
    """
    st.success(message, icon=":material/check_circle:")
    if lessons.keep_result(lesson, Result(guess=guess, measured=measured)):
        # The list of lessons and the browser need the new result.
        st.rerun()


def verdict(*, right: bool) -> str:
    """Return a sentence that says whether the guess was right."""
    return tr("You guessed it.") if right else tr("Your guess was different.")


def to_do(text: str) -> None:
    """Show what remains to be done; `text` is in the visitor's language."""
    st.info(text, icon=":material/flag:")
