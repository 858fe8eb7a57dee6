"""A class that shares one dashboard: the teacher's secret key, and the links that take students back to their hands."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from core.personal.hand import Hand, hand_with_id
from core.storage import atomic_write, read_file
from core.workspace import Workspace

KEY = re.compile(r"[A-Za-z0-9_-]{22,64}")
"""The form of a teacher's key."""

_KEY_BYTES = 16
_ID_LENGTH = 12
"""Length of a hand's id."""
_SEAL_LENGTH = 20
"""Hexadecimal digits of a seal: 80 bits, which nobody can guess over a network."""


def teacher_key(workspace: Workspace) -> str:
    """Return the key of the teacher's link; a missing or damaged one is replaced. Raises StorageError."""
    if key := _read_key(workspace):
        return key
    with workspace.locked():
        if key := _read_key(workspace):  # another process was faster
            return key
        key = secrets.token_urlsafe(_KEY_BYTES)
        with atomic_write(workspace.classroom_key, mode=0o600) as temporary:
            temporary.write_text(key + "\n")
    return key


def is_teacher_key(workspace: Workspace, key: str) -> bool:
    """Return True if this is the teacher's key."""
    expected = _read_key(workspace)
    return expected is not None and hmac.compare_digest(expected.encode(), key.encode())


def student_token(workspace: Workspace, hand: Hand) -> str:
    """Return the token in a student's link: the hand's id, and a seal that only this dashboard can make.

    The id alone would not be enough: it is also in the files of runs, which everybody can read. Raises StorageError.
    """
    return hand.id + _seal(workspace, hand.id)


def hand_of_token(workspace: Workspace, token: str) -> Hand | None:
    """Return the hand of a student's link, or None if the seal is wrong or the hand is deleted; raises StorageError."""
    hand_id, seal = token[:_ID_LENGTH], token[_ID_LENGTH:]
    if not hmac.compare_digest(_seal(workspace, hand_id).encode(), seal.encode()):
        return None
    return hand_with_id(workspace, hand_id)


def _seal(workspace: Workspace, hand_id: str) -> str:
    return hmac.new(teacher_key(workspace).encode(), hand_id.encode(), hashlib.sha256).hexdigest()[:_SEAL_LENGTH]


def _read_key(workspace: Workspace) -> str | None:
    try:
        key = read_file(workspace.classroom_key, 100).decode("ascii", "replace").strip()
    except OSError:
        return None
    return key if KEY.fullmatch(key) else None
