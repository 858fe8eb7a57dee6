"""Fool it: students draw digits that the model misreads, and vote on the drawings of others without knowing more."""

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
from core.personal.written import Written, images_of, ink_of
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
    """Show the pad for the next drawing, and one drawing of another student to vote on."""
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

    def keep(position: int, written: Written) -> None:
        del ids[position:]
        active, predictor = cache.predictor().current()  # the same for everybody
        ids.append(submit(hand, with_prediction(written, active.name, predictor)))

    def take_back(_: int) -> None:
        if ids:
            withdraw(hand, ids.pop())

    writing_pad(hand, f"fool_{hand.id}", prompts, len(ids), keep, take_back, tr("Done"))


def _prompts_and_ids(hand: Hand) -> tuple[list[int], list[str]]:
    """Return this visit's prompts, and the ids of the drawings for the first of them, to be changed in place."""
    kept = st.session_state.get(_PROMPTS)
    if kept is None or kept[0] != hand.id:
        kept = st.session_state[_PROMPTS] = (hand.id, random.choices(range(CLASSES), k=MAX_DRAWINGS), list[str]())
    return cast("tuple[list[int], list[str]]", kept[1:])


@st.fragment(run_every=POLL_SECONDS)
def _show_vote(hand: Hand) -> None:
    found = class_attempts()
    judged = _judged(hand, found)
    st.subheader(tr("What is this?"), anchor=False)
    if judged is None:
        st.caption(tr("There is nothing to vote on now. New drawings appear here."))
    else:
        st.html(image_html(_framed(ink_of(judged.written)), 200, tr("a drawing of another student")))
        with st.container(horizontal=True, gap="xsmall", key="fool_votes"):
            label_buttons("vote", hand, vote, hand, judged)
    own = [each for each in found if each.hand == hand]
    score = sum(each.scores for each in own)
    st.caption(
        ntr(
            "Your score: {score} of {count} drawing.", "Your score: {score} of {count} drawings.", len(own), score=score
        )
    )


def _judged(hand: Hand, found: Sequence[Attempt]) -> Attempt | None:
    """Return the drawing to vote on: the one on the screen until this hand has voted on it."""
    shown = next((each for each in found if each.id == st.session_state.get(_SHOWN)), None)
    judged = shown if shown and shown.hand != hand and hand.id not in shown.votes else next_to_judge(hand, found)
    st.session_state[_SHOWN] = judged.id if judged else None
    return judged


def show_fooling_scores(hidden: bool) -> None:
    """Show who has fooled the model, and with what; `hidden`: the nicknames are hidden."""
    scored = [each for each in class_attempts() if each.scores]
    if not scored:
        return
    st.subheader(tr("Fool it"), anchor=False)
    st.caption(
        tr(
            "Drawings on which at least {count} students agreed and the model was wrong. The class model learns them.",
            count=MIN_AGREEING,
        )
    )
    if not hidden:
        scores = Counter(each.hand for each in scored).most_common()
        st.markdown(" · ".join(f"{plain(hand_name(hand))} **{score}**" for hand, score in scores))
    digit_grid(
        images_of([each.written for each in scored]),
        key="fooled",
        captions=[_caption(each) for each in scored],
        tile=84,
        clickable=False,
    )


def class_attempts() -> list[Attempt]:
    """Return all drawings with their votes, which are read again only after a change."""
    return _attempts(stamps(workspace()))


def _framed(ink: Pixels) -> Pixels:
    """Return ink in the middle of a black square, so that the buttons below it stay where they are."""
    height, width = ink.shape
    side = round(1.25 * max(height, width, 1))
    square = np.zeros((side, side), np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = ink
    return square


def _caption(scored: Attempt) -> str:
    predicted = scored.written.predicted
    if predicted is None:
        return tr("{digit}, rejected", digit=scored.agreed)
    return tr("{digit}, read as {read}", digit=scored.agreed, read=predicted)


@st.cache_resource(show_spinner=False, max_entries=2)
def _attempts(version: tuple[tuple[str, int, int], ...]) -> list[Attempt]:  # noqa: ARG001
    """Return all drawings; `version` is the key of the cache."""
    return attempts(workspace())
