"""Trainings that are killed in any phase can be resumed and end the same."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.errors import RunError
from core.launcher.control import delete, request_stop
from core.launcher.queue import advance, resume, submit
from core.runs.registry import create_run, find_run, list_runs
from core.runs.run import Run
from core.runs.tables import HISTORY_COLUMNS, STEP_COLUMNS, append_row, keep_epochs
from core.training.checkpoint import read_checkpoint
from core.workspace import Workspace
from tests.conftest import tiny_config
from tests.support.waiting import wait_until
from tests.support.workers import end_all, kill_worker, wait_for, wait_for_end

logger = logging.getLogger(__name__)

# Everything that a training remembers from epoch to epoch: schedule, dropout, augmentation, early stopping.
CONFIG = tiny_config(epochs=4, patience=3, schedule="one_cycle", dropout=0.2, rotation=10.0, batch_size=16)


@pytest.fixture(autouse=True)
def no_worker_survives(workspace: Workspace) -> Iterator[None]:
    """Kill what a test left at work."""
    yield
    end_all(workspace)


def comparable(table: pd.DataFrame) -> pd.DataFrame:
    """What is the same however often a training was broken off: all but times."""
    return table.drop(columns=["seconds"])


# In each life the worker gets through one more epoch, until it is kept from ending.
TWENTY_KILLS = (*("start", "step", "validation", "checkpoint") * 3, *("export", "evaluation") * 3, "export", "end")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("phases", [("step", "export"), pytest.param(TWENTY_KILLS, marks=pytest.mark.long)])
def test_training_killed_in_every_phase_ends_the_same(
    workspace: Workspace, worker_after: Callable[[str], None], tmp_path: Path, phases: tuple[str, ...]
) -> None:
    undisturbed = submit(workspace, CONFIG)
    wait_for_end(undisturbed)
    run = create_run(workspace, CONFIG)

    for number, phase in enumerate(phases):
        reached = tmp_path / f"{number}-{phase}"
        worker_after(
            "from pathlib import Path\nfrom tests.support.holding import hold_in\n"
            f"hold_in({phase!r}, Path({str(reached)!r}))"
        )
        resume(workspace, run) if number else advance(workspace)
        wait_for(run, reached.exists, f"{phase}, kill number {number}")
        is_killed_and_loses_at_most_an_epoch(run)
    worker_after("")
    resume(workspace, run)
    wait_for_end(run)

    same_in_the_end(run, undisturbed)
    assert list(run.folder.glob(".*")) == []


def is_killed_and_loses_at_most_an_epoch(run: Run) -> None:
    """The run is interrupted, and what it learned is kept but for the epoch that it was in."""
    kill_worker(run)
    assert run.status().state == "interrupted"
    saved = read_checkpoint(run)
    assert len(run.history()) - (saved.epoch if saved else 0) <= 1


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(4))
def test_training_killed_at_random_moments_ends_the_same(workspace: Workspace, seed: int) -> None:
    moments = random.Random(seed)
    undisturbed = submit(workspace, CONFIG)
    wait_for_end(undisturbed)
    # As long as the whole training, from the start of the process: every phase has its chance, in each life anew.
    length = time.time() - (undisturbed.status().started or 0)
    runs = [submit(workspace, CONFIG)]

    for _ in range(5):
        moment = time.monotonic() + moments.uniform(0, length)
        wait_until(lambda moment=moment: time.monotonic() > moment or runs[-1].status().over, 300, "the moment")
        if runs[-1].status().over:
            runs.append(submit(workspace, CONFIG))
        status = runs[-1].status()
        logger.info("killed in epoch %d, step %d, %s: %s", status.epoch, status.step, status.phase, status.message)
        is_killed_and_loses_at_most_an_epoch(runs[-1])
        resume(workspace, runs[-1])

    for run in runs:
        wait_for_end(run)
        same_in_the_end(run, undisturbed)


def same_in_the_end(run: Run, undisturbed: Run) -> None:
    """Both are finished, with the same history, model and answers but for float noise."""
    assert run.status().state == undisturbed.status().state == "finished"
    history, other = comparable(run.history()), comparable(undisturbed.history())
    assert list(history["epoch"]) == list(other["epoch"])
    assert history.to_numpy() == pytest.approx(other.to_numpy(), abs=2e-3)
    assert run.steps()["step"].is_monotonic_increasing
    assert run.history()["seconds"].is_monotonic_increasing
    assert run.bundle.card().metrics.best_epoch == undisturbed.bundle.card().metrics.best_epoch
    accuracy, other_accuracy = (each.bundle.card().metrics.test_accuracy for each in (run, undisturbed))
    # Float noise may turn a close call or two of the 360 images.
    assert accuracy == pytest.approx(other_accuracy, abs=2.5 / 360)
    answers, others = run.bundle.evaluation().probabilities, undisturbed.bundle.evaluation().probabilities
    assert np.abs(answers - others).max() < 0.05
    assert not run.checkpoint_file.exists()
    said, said_otherwise = run.answers(), undisturbed.answers()
    assert said is not None
    assert said_otherwise is not None
    assert said.epochs.tolist() == said_otherwise.epochs.tolist() == list(history["epoch"])
    assert (said.predictions != said_otherwise.predictions).mean() < 0.01


def test_stopped_training_keeps_its_model_and_can_be_resumed(workspace: Workspace) -> None:
    run = submit(workspace, tiny_config(epochs=8, patience=0, batch_size=8))
    wait_for(run, run.checkpoint_file.exists, "first checkpoint")
    request_stop(workspace, run)
    wait_for_end(run)
    assert run.status().state == "stopped"
    assert not run.stopping
    assert run.bundle.card().metrics.epochs == len(run.history()) < 8

    # Damaged predictions do not stop a training.
    run.answers_file.write_bytes(b"PK\x03\x04 no archive")

    resume(workspace, run)

    wait_for_end(run)
    assert run.status().state == "finished"
    assert list(run.history()["epoch"]) == list(range(1, 9))
    answers = run.answers()
    assert answers is not None
    assert 1 < len(answers) < 8
    assert answers.epochs[-1] == 8
    assert run.bundle.card().metrics.epochs == 8
    with pytest.raises(RunError, match="nothing to resume"):
        resume(workspace, run)


def test_delete_ends_the_worker_and_starts_the_next_run(workspace: Workspace) -> None:
    run, waiting = submit(workspace, tiny_config(epochs=200, patience=0)), submit(workspace, tiny_config())
    process = run.process()
    assert process is not None

    delete(workspace, run)

    assert not process.is_running()
    assert list_runs(workspace) == [waiting]
    assert waiting.status().state == "running"


def test_damaged_checkpoint_is_one_sentence(workspace: Workspace) -> None:
    run = create_run(workspace, tiny_config())
    run.checkpoint_file.write_bytes(b"PK\x03\x04 no archive")

    with pytest.raises(RunError, match="damaged checkpoint"):
        read_checkpoint(run)


def test_rows_of_later_epochs_and_broken_rows_are_removed(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    for epoch in (1, 2, 3):
        append_row(path, HISTORY_COLUMNS, (epoch, 10 * epoch, 1.5, 0.5, 0.9, 0.4, 0.9, 0.001))
    with path.open("a") as file:
        file.write(
            "2,20,1.5,oops,0.9,0.4,0.9,0.001\n2,20,nan,0.5,0.9,0.4,0.9,0.001\n,20,1.5,0.5,0.9,0.4,0.9,0.001\n2,20,1."
        )

    keep_epochs(path, HISTORY_COLUMNS, 2)

    assert [line.split(",")[0] for line in path.read_text().splitlines()] == ["epoch", "1", "2"]
    keep_epochs(tmp_path / "none.csv", STEP_COLUMNS, 2)


def test_queued_run_cannot_be_resumed(workspace: Workspace) -> None:
    run = create_run(workspace, tiny_config())

    with pytest.raises(RunError, match="nothing to resume"):
        resume(workspace, find_run(workspace, run.id))
