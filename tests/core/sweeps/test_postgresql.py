"""A study that several machines share in a real PostgreSQL database."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from core.cli import main
from core.sweeps import control, database
from core.sweeps.opening import open_shared_study, read_shared_settings
from core.sweeps.records import SweepSettings, Trial
from core.sweeps.study import AskedTrial, Study
from core.workspace import PROJECT, Workspace
from tests.support.postgresql import PostgreSQL, find_postgresql
from tests.support.requirements import skip_or_fail
from tests.support.tiny_sweeps import tiny_settings
from tests.support.waiting import wait_until

pytestmark = pytest.mark.extended

TRIALS = 8
ASK_AND_TELL = """
import sys
from core.sweeps.records import Trial
from core.sweeps.opening import open_shared_study, read_shared_settings
study = open_shared_study("shared", read_shared_settings("shared"), sys.argv[1])
while asked := study.ask():
    print(asked.number, asked.values["learning_rate"], flush=True)
    study.finish(Trial(number=asked.number, state="complete", settings=asked.values, values=(0.5,), started=1.0))
"""


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    programs = find_postgresql()
    if programs is None or find_spec("psycopg") is None:
        skip_or_fail(
            "PostgreSQL or psycopg is not on this machine; install the package postgresql and requirements-cluster.txt."
        )
    server = PostgreSQL(programs)
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _shared_storage(postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_SWEEP_STORAGE", postgresql.url)


def open_study(name: str, settings: SweepSettings, machine: str) -> Study:
    return open_shared_study(name, settings, machine)


def test_two_processes_ask_and_tell_without_duplicates() -> None:
    settings = tiny_settings(trials=TRIALS)
    open_study("shared", settings, "creator")
    command = [sys.executable, "-c", ASK_AND_TELL]
    processes = [
        subprocess.Popen([*command, machine], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
        for machine in ("one", "other")
    ]
    lines = [line.split() for process in processes for line in process.communicate(timeout=300)[0].splitlines()]

    assert [process.returncode for process in processes] == [0, 0]
    assert len(lines) == TRIALS
    assert len({number for number, _ in lines}) == TRIALS
    assert len({rate for _, rate in lines}) == TRIALS
    records = open_study("shared", settings, "creator").records()
    assert [trial.state for trial in records.values()] == ["complete"] * TRIALS


def test_trial_of_a_machine_that_disappears_is_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "GRACE_SECONDS", 1)
    monkeypatch.setattr(database, "HEARTBEAT_SECONDS", 1)
    settings = tiny_settings(trials=1)
    lost_machine = open_study("lost", settings, "lost")
    lost_trial = lost_machine.ask()
    assert lost_trial is not None
    survivor = open_study("lost", settings, "survivor")
    assert survivor.ask() is None
    assert not survivor.creator
    assert survivor.others_are_running()

    def ask_again() -> AskedTrial | None:
        survivor.beat()
        return survivor.ask()

    asked = wait_until(ask_again, what="the lost trial")

    assert asked.values == lost_trial.values
    assert asked.number != lost_trial.number
    survivor.finish(
        Trial(number=asked.number, state="complete", settings=asked.values, values=(0.5,), started=1.0, ended=2.0)
    )
    assert [trial.state for trial in survivor.records().values()] == ["failed", "complete"]
    assert survivor.ask() is None
    # The lost machine, which was only asleep, ends its trial.
    assert lost_machine.report(lost_trial.number, 1, 0.9, 100)
    lost_machine.finish(
        Trial(number=lost_trial.number, state="pruned", settings=lost_trial.values, started=1.0, ended=2.0)
    )
    assert [trial.state for trial in lost_machine.records().values()] == ["failed", "complete"]


def test_another_machine_can_join_a_sweep(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tiny_settings(trials=2)
    open_study("20261129-120000-quiet-otter", settings, "creator")
    monkeypatch.setattr(control, "start", lambda *_: None)

    assert main(["sweep", "join", "20261129-120000-quiet-otter"]) == 0

    (sweep,) = control.list_sweeps(workspace)
    assert sweep.settings() == settings == read_shared_settings(sweep.id)
    assert main(["sweep", "join", "20261129-120000-quiet-otter"]) == 1
    assert main(["sweep", "join", "nobody"]) == 1
