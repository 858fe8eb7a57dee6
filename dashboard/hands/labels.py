"""A row of buttons, one for each digit and one for no digit."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.data.datasets import CLASSES
from core.language import Message, tr
from core.personal.hand import Hand
from dashboard.session.permission import attempt

NO_DIGIT = Message("No digit")
_UNSET = -1


def label_buttons(
    key: str,
    hand: Hand,
    action: Callable[..., None],
    *arguments: object,
    current: int | None = _UNSET,
    likely: int | None = None,
) -> None:
    """Show the buttons; each calls `action(*arguments, label)` for the hand, where None means no digit.

    `key`: prefix of the buttons' keys. `current`: the label whose button is disabled. `likely`: the digit whose
    button stands out.
    """
    for label in (*range(CLASSES), None):
        st.button(
            tr(NO_DIGIT) if label is None else str(label),
            key=f"{key}_{label}",
            type="primary" if label is not None and label == likely else "secondary",
            disabled=label == current,
            on_click=attempt,
            args=(action, *arguments, label),
            kwargs={"hand": hand},
        )
