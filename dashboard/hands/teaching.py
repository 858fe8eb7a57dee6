"""Teaching on the Your hand page: a person writes prompted digits, and can review what they have taught."""

from __future__ import annotations

import random

import streamlit as st

from core.data.datasets import CLASSES
from core.language import tr
from core.personal.exam import list_exams, sealed_fingerprints
from core.personal.hand import Hand
from core.personal.result import with_prediction
from core.personal.taught import forget, relabel, taught, teach
from core.personal.written import WrittenDigit, images_of
from dashboard.hands.chooser import chosen_or_new_hand
from dashboard.hands.labels import NO_DIGIT, label_buttons
from dashboard.hands.pad import writing_pad
from dashboard.parts.digit_grid import digit_grid, keep_click
from dashboard.session import state
from dashboard.session.hands import current_model
from dashboard.session.permission import attempt

COUNTS = (10, 20, 50, 100)
"""Numbers of digits to teach at a time."""
DEFAULT_COUNT = 50

_COUNT = "teaching_count"
_PROMPTS = "teaching_prompts"


def show_teaching(hand: Hand | None) -> None:
    """Show the pad for prompted digits, or the choice of their number, and the digits taught so far."""
    prompts = st.session_state.get(_PROMPTS)
    if hand and prompts and prompts[0] == hand.id:
        _show_pad(hand, *prompts[1:])
    else:
        _show_start(hand)
    if hand:
        _show_taught(hand)


def _show_start(hand: Hand | None) -> None:
    st.markdown(
        tr(
            "Write some digits for the model to learn from, the same number of each. About 50 are enough. You can also "
            "correct an answer on the Draw page: press what you meant, below the answer."
        )
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(tr("Digits to write"), COUNTS, default=DEFAULT_COUNT, required=True, key=_COUNT)
        st.button(
            tr("Start writing"),
            type="primary",
            icon=":material/edit:",
            key="start_teaching",
            on_click=attempt,
            args=(_start,),
            kwargs={"hand": hand},
        )


def _start() -> None:
    # Read from the widget's state, because both clicks may arrive before the page is redrawn.
    count = st.session_state[_COUNT]
    prompts = [digit for digit in range(CLASSES) for _ in range(count // CLASSES)]
    random.shuffle(prompts)
    st.session_state[_PROMPTS] = (chosen_or_new_hand().id, prompts, [])


@st.fragment
def _show_pad(hand: Hand, prompts: list[int], written_ids: list[str]) -> None:
    """Show the pad. `written_ids`: ids of the digits taught for the first prompts; changed in place."""

    def keep(position: int, written: WrittenDigit) -> None:
        del written_ids[position:]
        model, predictor = current_model()
        predicted_digit = with_prediction(written, model.name, predictor)
        written_ids.append(teach(hand, predicted_digit, sealed_fingerprints(list_exams(hand))))

    def take_back(_: int) -> None:
        if written_ids:
            forget(hand, written_ids.pop())

    writing_pad(hand, f"teach_{hand.id}_{id(prompts)}", prompts, len(written_ids), keep, take_back, tr("Done"))
    complete = len(written_ids) >= len(prompts)
    label = tr("Show what was taught") if complete else tr("Stop here")
    if st.button(label, key="stop_teaching", icon=":material/check:"):
        del st.session_state[_PROMPTS]
        st.rerun()


@st.fragment
def _show_taught(hand: Hand) -> None:
    digits = taught(hand)
    if not digits:
        return
    st.subheader(tr("Taught so far: {count}", count=len(digits)), anchor=False)
    ids = list(reversed(digits))
    grid = f"taught_{hand.id}"
    chosen = state.chosen_tile(grid)
    digit_grid(
        images_of([digits[each] for each in ids]),
        key=grid,
        captions=["–" if digits[each].label is None else str(digits[each].label) for each in ids],
        titles=[_title(digits[each]) for each in ids],
        tile=56,
        selected=chosen,
        on_click=keep_click(grid, len(ids)),
    )
    if chosen is None or chosen >= len(ids):
        st.caption(tr("Click a digit to correct its label or to remove it."))
        return
    taught_id = ids[chosen]
    label = digits[taught_id].label
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(tr("**{digit}.** Meant:", digit=_title(digits[taught_id])), width="content")
        label_buttons("label", hand, relabel, hand, taught_id, current=label)
        st.button(
            tr("Remove"),
            icon=":material/delete:",
            key="forget",
            on_click=attempt,
            args=(forget, hand, taught_id),
            kwargs={"hand": hand},
        )


def _title(written: WrittenDigit) -> str:
    if written.label is None:
        meant = tr(NO_DIGIT)
    elif written.label == 8:
        meant = tr("An {digit}", digit=written.label)
    else:
        meant = tr("A {digit}", digit=written.label)
    if written.predicted is None:
        return tr("{meant}, not answered", meant=meant)
    return tr("{meant}, read as {read}", meant=meant, read=written.predicted)
