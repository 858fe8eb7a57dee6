"""A class: the teacher's key, and the tokens that bring students back to their hands."""

from __future__ import annotations

import pytest

from core.personal.classroom import hand_of_token, is_teacher_key, student_token, teacher_key
from core.personal.hand import create_hand, delete_hand
from core.workspace import Workspace


def test_key_is_made_once_and_only_its_owner_can_read_it(workspace: Workspace) -> None:
    assert not is_teacher_key(workspace, "")
    key = teacher_key(workspace)

    assert teacher_key(workspace) == key
    assert workspace.classroom_key.stat().st_mode & 0o077 == 0
    assert is_teacher_key(workspace, key)
    assert not any(is_teacher_key(workspace, wrong) for wrong in ("", key[:-1], key + "a", "ключ"))


@pytest.mark.parametrize("damage", [b"", b"\n", b"\xff\x00", b"short"])
def test_damaged_key_grants_no_rights_and_is_replaced(workspace: Workspace, damage: bytes) -> None:
    key = teacher_key(workspace)
    workspace.classroom_key.write_bytes(damage)

    assert not is_teacher_key(workspace, damage.decode("ascii", "replace").strip())
    assert teacher_key(workspace) not in ("", key)


def test_token_identifies_only_its_own_hand(workspace: Workspace) -> None:
    ana, ben = create_hand(workspace, "Ana"), create_hand(workspace, "Ben")
    token = student_token(workspace, ana)

    assert hand_of_token(workspace, token) == ana
    forged = ben.id + token[len(ben.id) :]
    assert [hand_of_token(workspace, each) for each in ("", "Ana", ana.id, forged, token + "0", "é" * 40)] == [None] * 6
    delete_hand(workspace, ana)
    assert hand_of_token(workspace, token) is None
