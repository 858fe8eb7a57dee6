"""Roles in a class: the teacher, who has opened the link with the key, and the students, each with their own hand.

There are roles only if TRAZO_CLASSROOM is set.
"""

from __future__ import annotations

import math
from contextlib import suppress
from functools import cache

import streamlit as st

from core.environment import classroom
from core.errors import HandError, StorageError
from core.language import Message
from core.personal.classroom import hand_of_token, is_teacher_key, student_token
from core.personal.hand import create_hand
from dashboard.server.rate_limits import RateLimit
from dashboard.server.teacher import TEACHER_COOKIE
from dashboard.session import address
from dashboard.session.client import client
from dashboard.session.hands import choose_hand, chosen_hand
from dashboard.session.state import workspace

_TOKEN = "me"
"""URL parameter that restores a student's hand."""
_LINK_READ = "student_link_read"

JOINS_PER_HOUR = 80
"""Attempts of one client to join within an hour.

A class of 40 behind a proxy is one client; this is enough for it, even if each student needs a second attempt. One
client takes two hours to use up the places of MAX_HANDS that such a class leaves.
"""


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
    """Give this student a hand.

    Raises HandError if the nickname is empty or taken or after more than JOINS_PER_HOUR attempts, or StorageError.
    """
    if chosen_hand() is None:
        if wait := _joins().seconds_to_wait(client()):
            raise HandError(
                Message(
                    "Too many students have joined from your network in the last hour. Try again in {minutes} min.",
                    minutes=math.ceil(wait / 60),
                )
            )
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


@cache
def _joins() -> RateLimit:
    return RateLimit(JOINS_PER_HOUR, minutes=60)
