"""The form with which a student joins a class: a nickname gives them a hand of their own, without an account."""

from __future__ import annotations

import streamlit as st

from core.errors import TrazoError
from core.language import Message, tr
from core.personal.hand import MAX_NAME_LENGTH, hand_name
from dashboard.parts.headings import heading
from dashboard.session import state
from dashboard.session.classroom import is_student, join, keep_link, leave
from dashboard.session.hands import chosen_hand
from dashboard.session.markdown import plain
from dashboard.session.permission import safe_text

_JUST_JOINED = "just_joined"


def admit() -> bool:
    """Return True if this visitor may see the pages; otherwise, show the form with which a student joins."""
    keep_link()
    if is_student() and chosen_hand() is None:
        _show_form()
        return False
    # A student who has followed a link to another page, such as a lesson, stays there.
    if st.session_state.pop(_JUST_JOINED, False) and not state.current_page():
        st.switch_page("views/hand.py")
    return True


def show_membership() -> None:
    """Show the student's nickname and the button that lets another student join on this device."""
    hand = chosen_hand()
    if hand is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="membership"):
        st.markdown(f":material/front_hand: **{plain(hand_name(hand))}**", width="content")
        st.button(
            tr("Not you?"),
            type="tertiary",
            key="leave",
            help=tr("Lets another student join on this device. To come back later, save the address of this page."),
            on_click=leave,
        )


def _show_form() -> None:
    heading(Message("Join the class"), tr("Choose a nickname. You don't need an account or your real name."))
    with st.form("join", border=False, width=420):
        st.text_input(tr("Nickname"), max_chars=MAX_NAME_LENGTH, key="nickname", placeholder=tr("Such as Blue Otter"))
        st.form_submit_button(tr("Join"), type="primary", icon=":material/login:", on_click=_join)
    st.caption(
        tr(
            "Your nickname, what you write, and your guesses and results in the lessons are stored on the teacher's "
            "computer until the teacher deletes them. Your class may see your nickname and what you write."
        )
    )


def _join() -> None:
    try:
        join(st.session_state["nickname"])
    except TrazoError as error:
        st.toast(safe_text(error), icon=":material/error:", duration="long")
    else:
        st.session_state[_JUST_JOINED] = True
