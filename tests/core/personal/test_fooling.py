"""Fool it: a drawing scores if people agree on a digit and the model is wrong."""

from __future__ import annotations

import pytest

from core.errors import HandError
from core.personal.fooling import attempts, next_to_judge, stamps, submit, vote, withdraw, won
from core.personal.hand import Hand, create_hand, delete_hand
from core.personal.written import WrittenDigit
from core.workspace import Workspace
from tests.support.written_digits import write


@pytest.fixture
def students(workspace: Workspace) -> list[Hand]:
    return [create_hand(workspace, f"Student {number}") for number in range(5)]


def misread(label: int, predicted: int | None, seed: int = 0) -> WrittenDigit:
    return write(label, seed).model_copy(update={"predicted": predicted})


@pytest.mark.parametrize(
    ("labels", "agreed", "scores"),
    [
        ([7, 7], None, False),
        ([7, 7, 7], 7, True),
        ([7, 7, 7, 1], 7, True),
        ([1, 1, 1, 7], 1, False),  # the model read a 1
        ([None, None, None], None, False),
        ([], None, False),
    ],
)
def test_three_agreeing_votes_decide(
    workspace: Workspace, students: list[Hand], labels: list[int | None], agreed: int | None, scores: bool
) -> None:
    artist, *voters = students
    submit(artist, misread(7, predicted=1))
    for voter, label in zip(voters, labels, strict=False):
        vote(voter, attempts(workspace)[0], label)

    (attempt,) = attempts(workspace)
    assert (attempt.agreed, attempt.scores) == (agreed, scores)
    assert [written.label for written in won([attempt])] == ([agreed] if scores else [])


def test_nobody_votes_twice_or_on_their_own_drawing(workspace: Workspace, students: list[Hand]) -> None:
    artist, voter, *_ = students
    submit(artist, misread(7, predicted=None))
    submit(artist, misread(4, predicted=9, seed=1))
    first, second = attempts(workspace)
    assert next_to_judge(artist, [first, second]) is None
    vote(voter, first, 7)

    with pytest.raises(HandError, match="already"):
        vote(voter, first, 1)
    with pytest.raises(HandError, match="your own"):
        vote(artist, second, 4)
    assert next_to_judge(voter, attempts(workspace)) == second
    assert [dict(each.votes) for each in attempts(workspace)] == [{voter.id: 7}, {}]


def test_drawing_that_the_model_reads_correctly_is_refused(students: list[Hand], workspace: Workspace) -> None:
    with pytest.raises(HandError, match="The model reads this 7, too"):
        submit(students[0], misread(7, predicted=7))

    assert attempts(workspace) == []


def test_drawings_and_votes_are_deleted_with_their_hand(workspace: Workspace, students: list[Hand]) -> None:
    artist, other, *voters = students
    drawing = submit(artist, misread(7, predicted=1))
    submit(other, misread(3, predicted=8))
    for voter in voters:
        for attempt in attempts(workspace):
            vote(voter, attempt, attempt.written.label)
    before = stamps(workspace)
    assert len(won(attempts(workspace))) == 2

    withdraw(other, drawing)  # changes nothing, because it is not their drawing
    delete_hand(workspace, voters[0])
    assert stamps(workspace) != before
    assert [len(each.votes) for each in attempts(workspace)] == [2, 2]
    withdraw(artist, drawing)
    delete_hand(workspace, other)
    assert attempts(workspace) == []
