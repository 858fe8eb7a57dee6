"""Roles in a class: the teacher, who has opened the link with the key, and the students, each with their own hand.

There are roles only if TRAZO_CLASSROOM is set.
"""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from core.environment import classroom
from core.errors import StorageError
from core.personal.classroom import hand_of_token, is_teacher_key, student_token
from core.personal.hand import create_hand
from dashboard.server.teacher import TEACHER_COOKIE
from dashboard.session import address
from dashboard.session.hands import choose_hand, chosen_hand
from dashboard.session.state import workspace

_TOKEN = "me"
"""URL parameter that restores a student's hand."""
_LINK_READ = "student_link_read"


def is_teacher() -> bool:
    """Return True if this visitor is the teacher of a class."""
    return classroom() and is_teacher_key(workspace(), str(st.context.cookies.get(TEACHER_COOKIE, "")))


def is_student() -> bool:
    """Return True if this visitor is a student of a class, who may change only their own hand."""
    return classroom() and not is_teacher()


def restore_own_hand() -> None:
    """Choose the hand in the student's link, if the URL contains one."""
    # Once per visit: after "Not you?", the browser still sends the old URL.
    if st.session_state.get(_LINK_READ) or not is_student():
        return
    st.session_state[_LINK_READ] = True
    if token := st.query_params.get(_TOKEN):
        with suppress(StorageError):  # the join form shows the error
            choose_hand(hand_of_token(workspace(), token))


def join(nickname: str) -> None:
    """Give this student a hand; raises HandError if the nickname is empty or taken, or StorageError."""
    if chosen_hand() is None:
        choose_hand(create_hand(workspace(), nickname))


def leave() -> None:
    """Let another student join on this device; the hand stays, and its link brings it back."""
    choose_hand(None)


def keep_link() -> None:
    """Write the student's token to the page's URL, or remove a token that is not theirs."""
    if not is_student():
        return
    hand = chosen_hand()
    with suppress(StorageError):  # the student can continue, but without a link
        address.keep(**{_TOKEN: student_token(workspace(), hand) if hand else None})
