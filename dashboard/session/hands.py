"""The hand that this visitor has chosen, and the model that reads it."""

from __future__ import annotations

from typing import cast

import streamlit as st

from core.classifier.predictor import Predictor
from core.errors import HandError, TrazoError
from core.language import Message
from core.personal.hand import Hand, hand_with_id
from core.runs.active import ActiveModel
from core.runs.registry import find_run
from dashboard.session import cache
from dashboard.session.state import workspace

_HAND = "chosen_hand"


def chosen_id() -> str | None:
    """Return the id of the hand that the visitor has chosen, which may be damaged or deleted, or None."""
    return cast("str | None", st.session_state.get(_HAND))


def chosen_hand() -> Hand | None:
    """Return the hand that the visitor has chosen, or None if there is none or it has been deleted or damaged since."""
    hand_id = chosen_id()
    hand = hand_with_id(workspace(), hand_id) if hand_id else None
    try:
        if hand:
            hand.record()
    except HandError:
        return None
    return hand


def choose_hand(hand: Hand | None) -> None:
    """From now on, read with this hand's model, or with the active model if `hand` is None."""
    st.session_state[_HAND] = hand.id if hand else None


def current_model() -> tuple[ActiveModel, Predictor]:
    """Return the model of the chosen hand and its predictor, or the active model.

    If the hand's model was deleted or cannot be loaded, the active model is used, and its `problem` says why.
    """
    hand = chosen_hand()
    run_id = hand.record().model if hand else None
    active, predictor = cache.predictor().current()
    if run_id is None:
        return ActiveModel(active.run_id, active.bundle), predictor  # the sidebar already shows its problem
    try:
        run = find_run(workspace(), run_id)
        return ActiveModel(run.id, run.bundle), cache.bundle_predictor(run.bundle)
    except TrazoError:
        problem = Message("The model of this hand was deleted or is damaged; the active model is used instead.")
        return ActiveModel(active.run_id, active.bundle, problem), predictor
