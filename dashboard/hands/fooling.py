"""Fool it: students draw digits that the model misreads, and vote blindly on each other's drawings."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import cast

import numpy as np
import streamlit as st

from core.data.datasets import CLASSES
from core.ink.drawing import Pixels
from core.language import ntr, tr
from core.personal.fooling import (
    MAX_DRAWINGS,
    MIN_AGREEING,
    Attempt,
    attempts,
    next_to_judge,
    stamps,
    submit,
    vote,
    withdraw,
)
from core.personal.hand import Hand, hand_name
from core.personal.result import with_prediction
from core.personal.written import WrittenDigit, images_of, ink_of
from dashboard.hands.labels import label_buttons
from dashboard.hands.pad import writing_pad
from dashboard.parts.digit_grid import digit_grid
from dashboard.parts.png import image_html
from dashboard.session import cache
from dashboard.session.markdown import plain
from dashboard.session.state import workspace

POLL_SECONDS = 5.0

_PROMPTS = "fooling_prompts"
_SHOWN = "fooling_shown"


def show_fooling(hand: Hand | None) -> None:
    """Show the pad for the next drawing, and another student's drawing to vote on."""
    if hand is None:
        return
    st.markdown(
        tr(
            "Write digits that people can read and the model cannot. Your class then says what it sees, without "
            "knowing what you meant. If at least {count} agree and the model is wrong, you score.",
            count=MIN_AGREEING,
        )
    )
    draw, judge = st.columns(2, gap="large")
    with draw:
        _show_pad(hand)
    with judge:
        _show_vote(hand)


@st.fragment
def _show_pad(hand: Hand) -> None:
    prompts, ids = _prompts_and_ids(hand)

    def keep(position: int, written: WrittenDigit) -> None:
        del ids[position:]
        active, predictor = cache.predictor().current()  # the same model for everybody
        ids.append(submit(hand, with_prediction(written, active.name, predictor)))

    def take_back(_: int) -> None:
        if ids:
            withdraw(hand, ids.pop())

    writing_pad(hand, f"fool_{hand.id}", prompts, len(ids), keep, take_back, tr("Done"))


def _prompts_and_ids(hand: Hand) -> tuple[list[int], list[str]]:
    """Return this visit's prompts, and the ids of the drawings made so far, a list to be changed in place."""
    entry = st.session_state.get(_PROMPTS)
    if entry is None or entry[0] != hand.id:
        entry = st.session_state[_PROMPTS] = (hand.id, random.choices(range(CLASSES), k=MAX_DRAWINGS), list[str]())
    return cast("tuple[list[int], list[str]]", entry[1:])


@st.fragment(run_every=POLL_SECONDS)
def _show_vote(hand: Hand) -> None:
    all_attempts = class_attempts()
    attempt = _attempt_to_judge(hand, all_attempts)
    st.subheader(tr("What is this?"), anchor=False)
    if attempt is None:
        st.caption(tr("There is nothing to vote on now. New drawings appear here."))
    else:
        st.html(image_html(_square_picture(ink_of(attempt.written)), 200, tr("a drawing by another student")))
        with st.container(horizontal=True, gap="xsmall", key="fool_votes"):
            label_buttons("vote", hand, vote, hand, attempt)
    own_attempts = [each for each in all_attempts if each.hand == hand]
    score = sum(each.scores for each in own_attempts)
    st.caption(
        ntr(
            "Your score: {score} of {count} drawing.",
            "Your score: {score} of {count} drawings.",
            len(own_attempts),
            score=score,
        )
    )


def _attempt_to_judge(hand: Hand, all_attempts: Sequence[Attempt]) -> Attempt | None:
    """Return the drawing to vote on: the one on the screen, until this hand has voted on it."""
    shown = next((each for each in all_attempts if each.id == st.session_state.get(_SHOWN)), None)
    attempt = (
        shown if shown and shown.hand != hand and hand.id not in shown.votes else next_to_judge(hand, all_attempts)
    )
    st.session_state[_SHOWN] = attempt.id if attempt else None
    return attempt


def show_fooling_scores(hide_names: bool) -> None:
    """Show who has fooled the model, and the drawings that did; `hide_names`: True to hide the nicknames."""
    scoring_attempts = [each for each in class_attempts() if each.scores]
    if not scoring_attempts:
        return
    st.subheader(tr("Fool it"), anchor=False)
    st.caption(
        tr(
            "Drawings on which at least {count} students agreed and the model was wrong. The class model learns them.",
            count=MIN_AGREEING,
        )
    )
    if not hide_names:
        scores = Counter(each.hand for each in scoring_attempts).most_common()
        st.markdown(" · ".join(f"{plain(hand_name(hand))} **{score}**" for hand, score in scores))
    digit_grid(
        images_of([each.written for each in scoring_attempts]),
        key="fooled",
        captions=[_caption(each) for each in scoring_attempts],
        tile=84,
        clickable=False,
    )


def class_attempts() -> list[Attempt]:
    """Return all drawings with their votes; files are read again only after a change."""
    return _attempts(stamps(workspace()))


def _square_picture(ink: Pixels) -> Pixels:
    """Return the ink centred in a black square, so that the buttons below it do not move."""
    height, width = ink.shape
    side = round(1.25 * max(height, width, 1))
    square = np.zeros((side, side), np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = ink
    return square


def _caption(attempt: Attempt) -> str:
    predicted = attempt.written.predicted
    if predicted is None:
        return tr("{digit}, rejected", digit=attempt.agreed)
    return tr("{digit}, read as {read}", digit=attempt.agreed, read=predicted)


@st.cache_resource(show_spinner=False, max_entries=2)
def _attempts(version: tuple[tuple[str, int, int], ...]) -> list[Attempt]:  # noqa: ARG001
    """Return all drawings; `version` is the key of the cache."""
    return attempts(workspace())
