"""Optuna's study in a journal: nothing is duplicated or lost when the process is killed at any point."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from core.errors import SweepError
from core.sweeps.opening import open_journal_study, open_shared_study, study_of
from core.sweeps.records import MIN_TRIALS_FOR_IMPORTANCE, Choice, Range, SweepSettings, Trial
from core.sweeps.study import AskedTrial, Study
from core.workspace import Workspace
from tests.support.requirements import skip_or_fail
from tests.support.tiny_sweeps import LEARNING_RATE, tiny_settings, tiny_sweep

FILTERS = Choice(name="filters", choices=((4, 4), (8, 8), (16, 16)))
UNITS = Range(name="dense_units", low=0, high=64)
SETTINGS = tiny_settings(parameters=(LEARNING_RATE, FILTERS, UNITS), trials=None, hours=1.0)


def open_study(folder: Path, settings: SweepSettings = SETTINGS) -> Study:
    return open_journal_study(settings, folder / "journal.log")


def ask(study: Study) -> AskedTrial:
    asked = study.ask()
    assert asked is not None
    return asked


def complete(study: Study, asked: AskedTrial, value: float) -> None:
    study.finish(
        Trial(number=asked.number, state="complete", settings=asked.values, values=(value,), started=1.0, ended=2.0)
    )


def test_first_trial_has_the_base_settings(tmp_path: Path) -> None:
    asked = ask(open_study(tmp_path))

    assert asked == AskedTrial(0, {"learning_rate": 0.01, "filters": (8, 8), "dense_units": 16})


def test_trial_survives_the_end_of_its_process(tmp_path: Path) -> None:
    asked = ask(open_study(tmp_path))

    study = open_study(tmp_path)

    assert study.unfinished() == [asked]
    complete(study, asked, 0.9)
    assert [trial.values for trial in open_study(tmp_path).records().values()] == [(0.9,)]
    assert ask(study).number == 1


def test_trial_survives_a_process_killed_while_asking(tmp_path: Path) -> None:
    study = open_study(tmp_path)
    complete(study, ask(study), 0.5)
    asked = ask(study)
    journal = tmp_path / "journal.log"
    lines = journal.read_bytes().splitlines(keepends=True)
    # The process was killed after creating the trial, while it was writing the second of the trial's three values.
    creation_index = max(index for index, line in enumerate(lines) if json.loads(line)["op_code"] == 4)
    journal.write_bytes(b"".join(lines[: creation_index + 2]) + lines[creation_index + 2][:20])

    (found,) = open_study(tmp_path).unfinished()

    assert found.number == asked.number == 1
    assert found.values["learning_rate"] == asked.values["learning_rate"]
    assert set(found.values) == {"learning_rate", "filters", "dense_units"}


def test_lock_of_a_killed_process_does_not_matter(tmp_path: Path) -> None:
    open_study(tmp_path)
    (tmp_path / "journal.log.lock").symlink_to(tmp_path / "journal.log")

    assert ask(open_study(tmp_path)).number == 0


def test_same_seed_gives_the_same_search_even_if_interrupted(tmp_path: Path) -> None:
    values = []
    for name, interrupted in (("first", False), ("second", True)):
        (tmp_path / name).mkdir()
        study = open_study(tmp_path / name)
        asked = []
        for number in range(8):
            asked.append(ask(study))
            complete(study, asked[-1], number / 10)
            study = open_study(tmp_path / name) if interrupted else study
        values.append([each.values for each in asked])

    assert values[0] == values[1]
    assert len({str(each) for each in values[0]}) == 8


def test_study_gives_no_more_trials_than_configured(tmp_path: Path) -> None:
    study = open_study(tmp_path, tiny_settings(trials=2))
    first, second = ask(study), ask(study)

    assert study.ask() is None
    complete(study, first, 0.5)
    complete(study, second, 0.5)
    assert study.ask() is None


def test_importance_needs_enough_trials(tmp_path: Path) -> None:
    study = open_study(tmp_path)
    for _ in range(MIN_TRIALS_FOR_IMPORTANCE):
        assert study.importance() is None
        asked = ask(study)
        complete(study, asked, asked.values["dense_units"] / 100)

    importances = study.importance()

    assert importances is not None
    assert sum(importances.values()) == pytest.approx(1)
    assert max(importances, key=lambda name: importances[name]) == "dense_units"


def test_sweep_keeps_the_storage_it_was_started_with(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    journal_sweep, database_sweep = tiny_sweep(workspace, title="here"), tiny_sweep(workspace, title="there")
    ask(study_of(journal_sweep, journal_sweep.settings()))
    database_sweep.machine_file.write_text("this machine")
    with pytest.raises(SweepError, match="are in a database"):
        study_of(database_sweep, database_sweep.settings())

    monkeypatch.setenv("TRAZO_SWEEP_STORAGE", "postgresql+psycopg://someone@127.0.0.1:1/trials")

    assert len(study_of(journal_sweep, journal_sweep.settings()).unfinished()) == 1


def test_only_postgresql_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_SWEEP_STORAGE", "sqlite:///trials.db")

    with pytest.raises(SweepError, match="must begin with postgresql"):
        open_shared_study("sweep", SETTINGS, "this machine")


def test_unreachable_database_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if find_spec("psycopg") is None:
        skip_or_fail("psycopg is not installed; install requirements-cluster.txt.")
    monkeypatch.setenv("TRAZO_SWEEP_STORAGE", "postgresql+psycopg://someone:secret@127.0.0.1:1/trials")

    with pytest.raises(SweepError, match="cannot be used") as caught:
        open_shared_study("sweep", SETTINGS, "this machine")

    assert "secret" not in str(caught.value)
