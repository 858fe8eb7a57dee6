"""The row below an answer on the Draw page with which the chosen hand teaches what it meant."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from core.classifier.predictor import Reading
from core.errors import HandError
from core.ink.canvas_strokes import Stroke
from core.language import Message, tr
from core.personal.exam import list_exams, sealed_fingerprints
from core.personal.hand import Hand, hand_name
from core.personal.result import answered_digit
from core.personal.taught import forget, taught, teach
from core.personal.written import Written, fingerprint, stored_strokes
from dashboard.hands.labels import label_buttons
from dashboard.session.hands import chosen_hand
from dashboard.session.markdown import plain
from dashboard.session.permission import attempt, may_write

_LESSON = "lesson"


def show_lesson(strokes: Sequence[Stroke], reading: Reading, model: str) -> None:
    """Ask what the drawing is meant to be, if the visitor has chosen a hand; one tap teaches it."""
    hand = chosen_hand()
    if hand is None or not may_write(hand):
        return
    try:
        drawn = stored_strokes(strokes)
    except HandError:  # hundreds of strokes are no digit
        return
    predicted = answered_digit(reading)
    written = Written(strokes=drawn, label=None, predicted=predicted, model=model, time=time.time())
    hand_id, drawing, told = st.session_state.get(_LESSON) or ("", "", None)
    if (hand_id, drawing) != (hand.id, fingerprint(written)):
        told = None
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="lesson"):
        if told is not None:
            st.markdown(tr("Added to the digits of {name}.", name=plain(hand_name(hand))), width="content")
            st.button(
                tr("Undo"),
                type="tertiary",
                key="undo_lesson",
                on_click=attempt,
                args=(_forget, hand, told),
                kwargs={"hand": hand},
            )
            return
        st.markdown(tr("**{name}** meant", name=plain(hand_name(hand))), width="content")
        label_buttons("meant", hand, _teach, hand, written, likely=predicted)


def _teach(hand: Hand, drawn: Written, label: int | None) -> None:
    written = drawn.model_copy(update={"label": label})
    # A second tap while the first is on its way must not teach twice.
    if fingerprint(written) in {fingerprint(each) for each in taught(hand).values()}:
        raise HandError(Message("This drawing is taught already."))
    taught_id = teach(hand, written, sealed_fingerprints(list_exams(hand)))
    st.session_state[_LESSON] = (hand.id, fingerprint(written), taught_id)


def _forget(hand: Hand, taught_id: str) -> None:
    forget(hand, taught_id)
    st.session_state[_LESSON] = None
