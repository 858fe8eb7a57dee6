"""The row below an answer on the Draw page, in which the chosen hand teaches what the drawing was meant to be."""

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
from core.personal.written import WrittenDigit, fingerprint, stored_strokes
from dashboard.hands.labels import label_buttons
from dashboard.session.hands import chosen_hand
from dashboard.session.markdown import plain
from dashboard.session.permission import attempt, may_write

_LESSON = "lesson"


def show_lesson(strokes: Sequence[Stroke], reading: Reading, model: str) -> None:
    """If the visitor has chosen a hand, ask what the drawing was meant to be; one tap teaches it."""
    hand = chosen_hand()
    if hand is None or not may_write(hand):
        return
    try:
        drawn_strokes = stored_strokes(strokes)
    except HandError:  # hundreds of strokes are not a digit
        return
    predicted = answered_digit(reading)
    written = WrittenDigit(strokes=drawn_strokes, label=None, predicted=predicted, model=model, time=time.time())
    hand_id, drawing, taught_id = st.session_state.get(_LESSON) or ("", "", None)
    if (hand_id, drawing) != (hand.id, fingerprint(written)):
        taught_id = None
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="teach_row"):
        if taught_id is not None:
            st.markdown(tr("Added to the digits of {name}.", name=plain(hand_name(hand))), width="content")
            st.button(
                tr("Undo"),
                type="tertiary",
                key="undo_lesson",
                on_click=attempt,
                args=(_forget, hand, taught_id),
                kwargs={"hand": hand},
            )
            return
        st.markdown(tr("**{name}** meant", name=plain(hand_name(hand))), width="content")
        label_buttons("meant", hand, _teach, hand, written, likely=predicted)


def _teach(hand: Hand, drawing: WrittenDigit, label: int | None) -> None:
    written = drawing.model_copy(update={"label": label})
    # A second tap before the first is handled must not teach the drawing twice.
    if fingerprint(written) in {fingerprint(each) for each in taught(hand).values()}:
        raise HandError(Message("This drawing has already been taught."))
    taught_id = teach(hand, written, sealed_fingerprints(list_exams(hand)))
    st.session_state[_LESSON] = (hand.id, fingerprint(written), taught_id)


def _forget(hand: Hand, taught_id: str) -> None:
    forget(hand, taught_id)
    st.session_state[_LESSON] = None
