"""Hands: created, found by name, renamed, and deleted for good."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import HandError, ReadOnly, StorageError
from core.personal import hand as module
from core.personal.exam import answer, read_exam, start_exam, take_back
from core.personal.fooling import attempts, submit, withdraw
from core.personal.hand import (
    MAX_NAME_LENGTH,
    Hand,
    create_hand,
    delete_hand,
    find_hand,
    hand_name,
    list_hands,
    rename_hand,
)
from core.personal.taught import forget, relabel, taught, teach
from core.workspace import PROJECT, Workspace
from tests.support.full_disk import fill_disk
from tests.support.written_digits import write

KILLED_WHILE_DELETING = """
import os, shutil, signal
from core.personal.hand import delete_hand, find_hand
from core.workspace import Workspace
shutil.rmtree = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
workspace = Workspace.from_environment()
delete_hand(workspace, find_hand(workspace, "Anna"))
"""


def files_of(workspace: Workspace) -> list[Path]:
    return sorted(workspace.personal.rglob("*"))


def test_hands_are_listed_by_age_and_found_by_id_or_name(workspace: Workspace) -> None:
    assert list_hands(workspace) == []

    anna, ben = create_hand(workspace, "Anna"), create_hand(workspace, "  Ben   Müller ")

    assert list_hands(workspace) == [anna, ben]
    assert [find_hand(workspace, name) for name in (anna.id, "anna ", "ben müller")] == [anna, anna, ben]
    assert anna.record().model is None
    rename_hand(workspace, anna, "Anni")
    rename_hand(workspace, anna, "ANNI")
    assert hand_name(find_hand(workspace, "anni")) == "ANNI"
    with pytest.raises(HandError, match="no hand named 'Anna'"):
        find_hand(workspace, "Anna")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "Give the hand a name"),
        (" \n\x00\u200b", "Give the hand a name"),
        ("x" * (MAX_NAME_LENGTH + 1), "at most 40 characters"),
        ("aNNa", "a hand with this name already"),
    ],
)
def test_unusable_name_is_rejected_with_a_reason(workspace: Workspace, name: str, message: str) -> None:
    anna, ben = create_hand(workspace, "Anna"), create_hand(workspace, "Ben")

    with pytest.raises(HandError, match=message):
        create_hand(workspace, name)
    with pytest.raises(HandError, match=message):
        rename_hand(workspace, ben, name)

    assert list_hands(workspace) == [anna, ben]
    assert hand_name(ben) == "Ben"


@settings(max_examples=50)
@given(st.text(st.characters(), min_size=1, max_size=50))
def test_any_name_is_kept_or_refused(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    workspace = Workspace(tmp_path_factory.mktemp("hands"))

    hands = []
    with suppress(HandError):
        hands.append(create_hand(workspace, name))

    assert list_hands(workspace) == hands
    assert [find_hand(workspace, hand_name(hand)) for hand in hands] == hands
    assert [hand.folder.parent for hand in hands] == [workspace.personal] * len(hands)


def test_deletion_leaves_nothing_behind_and_later_changes_fail(workspace: Workspace) -> None:
    anna, ben = create_hand(workspace, "Anna"), create_hand(workspace, "Ben")
    teach(anna, write(3))

    delete_hand(workspace, anna)

    assert list_hands(workspace) == [ben]
    assert files_of(workspace) == [ben.folder, ben.record_file]
    for change in (
        anna.record,
        lambda: teach(anna, write(4)),
        lambda: anna.write_record(ben.record()),
        lambda: rename_hand(workspace, anna, "Anni"),
        lambda: delete_hand(workspace, anna),
    ):
        with pytest.raises(HandError, match="deleted"):
            change()
    assert files_of(workspace) == [ben.folder, ben.record_file]


def test_full_hand_takes_no_more_digits_but_gives_them_up(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = create_hand(workspace, "Anna")
    for seed in range(10):  # digits that were removed still count
        forget(hand, teach(hand, write(3, seed)))
    exam = start_exam(hand)
    answer(hand, exam, write(exam.prompts[0]))
    taught_id, drawing = teach(hand, write(4)), submit(hand, write(5).model_copy(update={"predicted": 6}))
    monkeypatch.setattr(module, "MAX_HAND_BYTES", hand.taught_file.stat().st_size)

    exam = read_exam(hand, exam.id)
    for add in (
        lambda: teach(hand, write(7)),
        lambda: relabel(hand, taught_id, 9),
        lambda: answer(hand, exam, write(7)),
        lambda: start_exam(hand),
        lambda: submit(hand, write(7).model_copy(update={"predicted": 1})),
    ):
        with pytest.raises(HandError, match="This hand is full"):
            add()
    forget(hand, taught_id)
    take_back(hand, exam)
    withdraw(hand, drawing)

    assert taught(hand) == {}
    assert read_exam(hand, exam.id).written == ()
    assert attempts(workspace) == []


def test_hand_deleted_while_it_is_taught_stays_deleted(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    hand = create_hand(workspace, "Anna")
    # Another process deletes the hand between the check and the write.
    append = module.append_records
    monkeypatch.setattr(module, "append_records", lambda *args: (delete_hand(workspace, hand), append(*args)))

    with pytest.raises(HandError, match="deleted"):
        teach(hand, write(3))

    assert files_of(workspace) == []


def test_killed_deletion_is_completed_by_the_next_change(workspace: Workspace) -> None:
    hand = create_hand(workspace, "Anna")
    teach(hand, write(3))

    killed = subprocess.run([sys.executable, "-c", KILLED_WHILE_DELETING], cwd=PROJECT, check=False)

    assert killed.returncode == -signal.SIGKILL
    assert files_of(workspace)
    assert list_hands(workspace) == []
    recreated = create_hand(workspace, "Anna")
    assert taught(recreated) == {}
    assert files_of(workspace) == [recreated.folder, recreated.record_file]


def test_damaged_hand_is_listed_last_and_can_be_deleted(workspace: Workspace) -> None:
    damaged, intact = create_hand(workspace, "Anna"), create_hand(workspace, "Ben")
    damaged.record_file.write_text("{")

    assert list_hands(workspace) == [intact, damaged]
    assert hand_name(damaged) == damaged.id
    with pytest.raises(HandError, match=r"hand\.json of the hand .* is damaged"):
        damaged.record()
    delete_hand(workspace, find_hand(workspace, damaged.id))
    assert list_hands(workspace) == [intact]


def test_full_disk_leaves_no_partial_hand(small_disk: Path) -> None:
    workspace = Workspace(small_disk)
    hand = create_hand(workspace, "Anna")
    fill_disk(small_disk / "filler")

    with pytest.raises(StorageError, match="disk is full"):
        create_hand(workspace, "Ben")
    with pytest.raises(StorageError, match="disk is full"):
        teach(hand, write(3))

    assert list_hands(workspace) == [hand]
    assert files_of(workspace)[0] == hand.folder
    (small_disk / "filler").unlink()
    teach(hand, write(4))
    assert [written.label for written in taught(hand).values()] == [4]
    assert hand_name(hand) == "Anna"


def test_limit_on_hands_is_explained(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_HANDS", 1)
    hand = create_hand(workspace, "Anna")

    with pytest.raises(HandError, match="There are 1 hands already"):
        create_hand(workspace, "Ben")

    assert list_hands(workspace) == [hand]


def test_hands_in_a_read_only_workspace_cannot_be_changed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand: Hand = create_hand(workspace, "Anna")
    before = files_of(workspace)
    monkeypatch.setenv("TRAZO_READONLY", "1")

    for change in (
        lambda: create_hand(workspace, "Ben"),
        lambda: rename_hand(workspace, hand, "Anni"),
        lambda: delete_hand(workspace, hand),
        lambda: teach(hand, write(1)),
    ):
        with pytest.raises(ReadOnly):
            change()

    assert files_of(workspace) == before
