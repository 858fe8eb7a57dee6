"""The end of a class: everything that was written is deleted."""

from __future__ import annotations

import streamlit as st

from core.language import tr
from core.personal.hand import delete_hand, list_hands
from dashboard.session.permission import attempt
from dashboard.session.state import workspace


def show_deletion() -> None:
    """Show a popover with an explanation and the button that deletes all hands."""
    with st.popover(tr("Delete everybody's handwriting"), icon=":material/delete:"):
        st.markdown(
            tr(
                "Nicknames and handwriting are personal data. This deletes all hands: nicknames, exams, taught "
                "digits, the drawings and votes of Fool it, and the guesses and results of lessons. Models that "
                "learned from them stay on the Runs page and can be deleted there. To delete only one hand, choose "
                "it on the Your hand page."
            )
        )
        st.button(
            tr("Delete for good"), icon=":material/delete:", key="delete_hands", on_click=attempt, args=(_delete_all,)
        )


def _delete_all() -> None:
    for hand in list_hands(workspace()):
        delete_hand(workspace(), hand)
