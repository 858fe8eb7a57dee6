"""A run that is killed in any phase can be resumed and ends with the same result."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.data.datasets import load_dataset
from core.errors import RunError
from core.launcher.control import delete, request_stop
from core.launcher.queue import advance, resume, submit
from core.runs.registry import create_run, find_run, list_runs
from core.runs.run import Run
from core.runs.tables import HISTORY_COLUMNS, STEP_COLUMNS, append_row, truncate_after_epoch
from core.training.checkpoint import read_checkpoint
from core.training.trainer import train_and_evaluate
from core.workspace import Workspace
from tests.support.tiny_training import tiny_config
from tests.support.waiting import wait_until
from tests.support.workers import end_all, kill_worker, wait_for, wait_for_end

logger = logging.getLogger(__name__)

# Everything whose state carries over from epoch to epoch: schedule, dropout, augmentation, early stopping.
CONFIG = tiny_config(epochs=4, patience=3, schedule="one_cycle", dropout=0.2, rotation=10.0, batch_size=16)


@pytest.fixture(autouse=True)
def no_worker_survives(workspace: Workspace) -> Iterator[None]:
    """Kill the workers that a test leaves running."""
    yield
    end_all(workspace)


def without_times(table: pd.DataFrame) -> pd.DataFrame:
    """Drop the times, which differ between an interrupted and an uninterrupted run."""
    return table.drop(columns=["seconds"])


# Each worker completes one more epoch; the last ones are killed after training.
TWENTY_KILLS = (*("start", "step", "validation", "checkpoint") * 3, *("export", "evaluation") * 3, "export", "end")


@pytest.mark.extended
@pytest.mark.usefixtures("few_detector_samples")
@pytest.mark.parametrize("phases", [("step", "export"), pytest.param(TWENTY_KILLS, marks=pytest.mark.long)])
def test_run_killed_in_every_phase_has_the_same_result(
    workspace: Workspace, patch_worker: Callable[[str], None], tmp_path: Path, phases: tuple[str, ...]
) -> None:
    # In another workspace, so that the queue does not start this run.
    uninterrupted = create_run(Workspace(tmp_path / "uninterrupted"), CONFIG)
    train_and_evaluate(CONFIG, uninterrupted, load_dataset("digits", workspace))
    run = create_run(workspace, CONFIG)

    for number, phase in enumerate(phases):
        phase_file = tmp_path / f"{number}-{phase}"
        patch_worker(
            "from pathlib import Path\nfrom tests.support.holding import pause_in\n"
            f"pause_in({phase!r}, Path({str(phase_file)!r}))"
        )
        resume(workspace, run) if number else advance(workspace)
        wait_for(run, phase_file.exists, f"{phase}, kill number {number}")
        kill_and_check_losses(run)
    patch_worker("")
    resume(workspace, run)
    wait_for_end(run)

    assert_same_result(run, uninterrupted)
    assert list(run.folder.glob(".*")) == []


def kill_and_check_losses(run: Run) -> None:
    """Kill the worker; assert that the run is interrupted and lost at most one epoch."""
    kill_worker(run)
    assert run.status().state == "interrupted"
    saved = read_checkpoint(run)
    assert len(run.history()) - (saved.epoch if saved else 0) <= 1


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_run_killed_at_random_times_has_the_same_result(workspace: Workspace, seed: int) -> None:
    rng = random.Random(seed)
    uninterrupted = submit(workspace, CONFIG)
    wait_for_end(uninterrupted)
    # The duration of the entire run from the start of its process, so that a kill can hit any phase.
    duration = time.time() - (uninterrupted.status().started or 0)
    runs = [submit(workspace, CONFIG)]

    for _ in range(5):
        kill_time = time.monotonic() + rng.uniform(0, duration)
        wait_until(
            lambda kill_time=kill_time: time.monotonic() > kill_time or runs[-1].status().has_ended,
            what="the time of the kill",
        )
        if runs[-1].status().has_ended:
            runs.append(submit(workspace, CONFIG))
        status = runs[-1].status()
        logger.info("killed in epoch %d, step %d, %s: %s", status.epoch, status.step, status.phase, status.message)
        kill_and_check_losses(runs[-1])
        resume(workspace, runs[-1])

    for run in runs:
        wait_for_end(run)
        assert_same_result(run, uninterrupted)


def assert_same_result(run: Run, uninterrupted: Run) -> None:
    """Assert that the run is finished, and that its result equals the uninterrupted run's, except for float noise."""
    assert run.status().state == "finished"
    history, expected = without_times(run.history()), without_times(uninterrupted.history())
    assert list(history["epoch"]) == list(expected["epoch"])
    assert history.to_numpy() == pytest.approx(expected.to_numpy(), abs=2e-3)
    assert run.steps()["step"].is_monotonic_increasing
    assert run.history()["seconds"].is_monotonic_increasing
    assert run.bundle.card().metrics.best_epoch == uninterrupted.bundle.card().metrics.best_epoch
    accuracy, expected_accuracy = (each.bundle.card().metrics.test_accuracy for each in (run, uninterrupted))
    # Float noise may change the prediction for one or two of the 360 images.
    assert accuracy == pytest.approx(expected_accuracy, abs=2.5 / 360)
    probabilities = run.bundle.evaluation().probabilities
    assert np.abs(probabilities - uninterrupted.bundle.evaluation().probabilities).max() < 0.05
    assert not run.checkpoint_file.exists()
    predictions, expected_predictions = run.epoch_predictions(), uninterrupted.epoch_predictions()
    assert predictions is not None
    assert expected_predictions is not None
    assert predictions.epochs.tolist() == expected_predictions.epochs.tolist() == list(history["epoch"])
    assert (predictions.predictions != expected_predictions.predictions).mean() < 0.01


def test_stopped_training_keeps_its_model_and_can_be_resumed(
    workspace: Workspace, patch_worker: Callable[[str], None]
) -> None:
    # The second epoch waits for the request, so that the request always arrives in the middle of training.
    patch_worker(
        "from core.training.callbacks import Journal\nfrom tests.support.waiting import wait_until\n"
        "begin = Journal.on_epoch_begin\n"
        "Journal.on_epoch_begin = lambda journal, epoch, logs=None: ("
        "begin(journal, epoch, logs), epoch == 1 and wait_until(journal._run.stop_file.exists))"
    )
    run = submit(workspace, tiny_config(epochs=4, patience=0))
    wait_for(run, run.checkpoint_file.exists, "first checkpoint")
    request_stop(workspace, run)
    wait_for_end(run)
    assert run.status().state == "stopped"
    assert not run.stop_requested
    # The run stopped within that epoch.
    assert run.bundle.card().metrics.epochs == len(run.history()) == 2
    patch_worker("")

    # Damaged predictions do not keep a run from being resumed.
    run.epoch_predictions_file.write_bytes(b"PK\x03\x04 not an archive")

    resume(workspace, run)

    wait_for_end(run)
    assert run.status().state == "finished"
    assert list(run.history()["epoch"]) == [1, 2, 3, 4]
    predictions = run.epoch_predictions()
    assert predictions is not None
    assert len(predictions) == 3
    assert predictions.epochs[-1] == 4
    assert run.bundle.card().metrics.epochs == 4
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


def test_damaged_checkpoint_is_reported(workspace: Workspace) -> None:
    run = create_run(workspace, tiny_config())
    run.checkpoint_file.write_bytes(b"PK\x03\x04 not an archive")

    with pytest.raises(RunError, match=r"checkpoint of run .* is damaged"):
        read_checkpoint(run)


def test_later_epochs_and_damaged_rows_are_removed(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    for epoch in (1, 2, 3):
        append_row(path, HISTORY_COLUMNS, (epoch, 10 * epoch, 1.5, 0.5, 0.9, 0.4, 0.9, 0.001))
    with path.open("a") as file:
        file.write(
            "2,20,1.5,oops,0.9,0.4,0.9,0.001\n2,20,nan,0.5,0.9,0.4,0.9,0.001\n,20,1.5,0.5,0.9,0.4,0.9,0.001\n2,20,1."
        )

    truncate_after_epoch(path, HISTORY_COLUMNS, 2)

    assert [line.split(",")[0] for line in path.read_text().splitlines()] == ["epoch", "1", "2"]
    truncate_after_epoch(tmp_path / "none.csv", STEP_COLUMNS, 2)


def test_queued_run_cannot_be_resumed(workspace: Workspace) -> None:
    run = create_run(workspace, tiny_config())

    with pytest.raises(RunError, match="nothing to resume"):
        resume(workspace, find_run(workspace, run.id))
