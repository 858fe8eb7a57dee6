"""Taught digits: added, relabelled and removed by several processes at once; a damaged line loses only its digit."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test

from core.errors import HandError
from core.personal import taught as module
from core.personal.hand import create_hand
from core.personal.taught import forget, relabel, taught, teach
from core.personal.written import WrittenDigit, fingerprint
from core.workspace import PROJECT, Workspace
from tests.support.written_digits import any_written, write

TEACHER = """
import sys
from core.personal.hand import list_hands
from core.personal.taught import teach
from core.workspace import Workspace
from tests.support.written_digits import write
(hand,) = list_hands(Workspace.from_environment())
digits = [write(int(sys.argv[1]), seed) for seed in range(30)]
print("ready", flush=True)
input()
for digit in digits:
    teach(hand, digit)
"""


def test_log_holds_exactly_the_digits_that_were_not_removed(tmp_path_factory: pytest.TempPathFactory) -> None:
    class Teaching(RuleBasedStateMachine):
        ids = Bundle("ids")

        def __init__(self) -> None:
            super().__init__()
            self.hand = create_hand(Workspace(tmp_path_factory.mktemp("hands")), "Anna")
            self.expected: dict[str, WrittenDigit] = {}

        @rule(target=ids, written=any_written)
        def teach(self, written: WrittenDigit) -> str:
            taught_id = teach(self.hand, written)
            self.expected[taught_id] = written
            return taught_id

        @rule(taught_id=ids, label=st.none() | st.integers(0, 9))
        def relabel(self, taught_id: str, label: int | None) -> None:
            relabel(self.hand, taught_id, label)
            self.expected[taught_id] = self.expected[taught_id].model_copy(update={"label": label})

        @rule(taught_id=consumes(ids))
        def forget(self, taught_id: str) -> None:
            forget(self.hand, taught_id)
            del self.expected[taught_id]

        @rule(cut=st.binary(max_size=20))
        def tear(self, cut: bytes) -> None:
            """Leave the first part of a line, as a killed process would."""
            with self.hand.taught_file.open("ab") as file:
                file.write(b'{"kind":"removed","id":"' + cut.replace(b"\n", b""))

        @invariant()
        def log_is_as_expected(self) -> None:
            assert list(taught(self.hand).items()) == list(self.expected.items())

    run_state_machine_as_test(Teaching, settings=settings(max_examples=20, stateful_step_count=15))


@settings(max_examples=30)
@given(st.data(), st.binary(max_size=30))
def test_damaged_line_costs_only_its_digit(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, damage: bytes
) -> None:
    hand = create_hand(Workspace(tmp_path_factory.mktemp("hands")), "Anna")
    ids = [teach(hand, write(digit)) for digit in range(3)]
    lines = hand.taught_file.read_bytes().splitlines()
    damaged = data.draw(st.integers(0, 2))
    lines[damaged] = damage

    hand.taught_file.write_bytes(b"\n".join(lines))

    assert list(taught(hand)) == [taught_id for index, taught_id in enumerate(ids) if index != damaged]
    forget(hand, ids[damaged])  # an id that is no longer there changes nothing
    relabel(hand, ids[damaged], 1)
    assert len(taught(hand)) == 2


def test_two_processes_that_teach_at_once_lose_nothing(workspace: Workspace) -> None:
    hand = create_hand(workspace, "Anna")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", TEACHER, str(digit)],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for digit in (3, 7)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=300)

    digits = list(taught(hand).values())
    assert [[each for each in digits if each.label == digit] for digit in (3, 7)] == [
        [write(digit, seed) for seed in range(30)] for digit in (3, 7)
    ]


def test_digit_of_an_exam_is_never_taught(workspace: Workspace) -> None:
    hand, digit = create_hand(workspace, "Anna"), write(3)

    with pytest.raises(HandError, match="belongs to an exam"):
        teach(hand, digit.model_copy(update={"label": 5, "time": 9.0}), [fingerprint(digit)])

    assert taught(hand) == {}
    teach(hand, write(3, seed=1), [fingerprint(digit)])
    assert len(taught(hand)) == 1


def test_limit_on_taught_digits_is_explained(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_TAUGHT", 2)
    hand = create_hand(workspace, "Anna")
    first = teach(hand, write(1))
    teach(hand, write(2))

    with pytest.raises(HandError, match="has taught 2 digits"):
        teach(hand, write(3))

    forget(hand, first)
    teach(hand, write(3))
    assert [written.label for written in taught(hand).values()] == [2, 3]
