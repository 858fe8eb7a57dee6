"""The guesses and results that are stored with a hand."""

from __future__ import annotations

import pytest

from core.errors import HandError
from core.lessons import progress as progress_module
from core.lessons.progress import (
    LessonCount,
    Progress,
    class_progress,
    count_lessons,
    forget_lessons,
    progress,
    progress_stamps,
    store_guess,
    store_result,
)
from core.lessons.results import Result, Results
from core.personal.hand import create_hand, delete_hand
from core.workspace import Workspace


def result(guess: str, lit: float = 40) -> Result:
    return Result(guess=guess, measured={"lit": lit})


def test_first_guess_and_newest_result_count(workspace: Workspace) -> None:
    hand = create_hand(workspace, "Ana")
    assert progress(hand) == Progress()
    store_guess(hand, "pixels", "few")
    store_guess(hand, "pixels", "many")
    store_result(hand, "pixels", result("few", lit=50))
    store_result(hand, "pixels", result("few", lit=60))
    with (hand.folder / "lessons.jsonl").open("a") as file:
        file.write('{"kind": "guessed", "lesson": "cooking", "guess": "few"}\n{"kind": "fin')

    assert progress(hand) == Progress({"pixels": "few"}, Results(lessons={"pixels": result("few", lit=60)}))
    forget_lessons(hand)
    assert progress(hand) == Progress()


def test_class_is_counted_lesson_by_lesson(workspace: Workspace) -> None:
    ana, ben, eva = (create_hand(workspace, name) for name in ("Ana", "Ben", "Eva"))
    before = progress_stamps(workspace)
    for hand, guess in ((ana, "few"), (ben, "few"), (eva, "many")):
        store_guess(hand, "pixels", guess)
    store_result(ana, "pixels", result("few"))
    assert progress_stamps(workspace) != before

    counts = count_lessons(class_progress(workspace))

    assert counts["pixels"] == LessonCount(finished=1, guesses={"few": 2, "many": 1})
    assert counts["fooling"] == LessonCount(finished=0, guesses={})


def test_hand_stores_a_limited_number_of_results(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_module, "MAX_ENTRIES", 2)
    hand = create_hand(workspace, "Ana")
    store_guess(hand, "pixels", "few")
    for lit in (40, 50):
        store_result(hand, "pixels", result("few", lit))

    assert progress(hand).results.lessons["pixels"].measured == {"lit": 40}
    # Many results of one lesson leave room for the other lessons.
    store_guess(hand, "filter", "both")
    store_result(hand, "filter", result("both"))
    assert progress(hand).guesses == {"pixels": "few", "filter": "both"}
    assert progress(hand).results.lessons.keys() == {"pixels", "filter"}


def test_deleted_hand_stores_nothing(workspace: Workspace) -> None:
    hand = create_hand(workspace, "Ana")
    delete_hand(workspace, hand)

    with pytest.raises(HandError):
        store_guess(hand, "pixels", "few")
    assert not hand.folder.exists()
