"""The process of a sweep, from its start to the winner, killed and stopped along the way."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.cli import main
from core.errors import SweepError, SweepNotFound
from core.launcher import background
from core.runs.process import WorkerRecord, worker_lock
from core.sweeps import control
from core.sweeps.comparison import compare_seeds
from core.sweeps.sweep import Sweep
from core.workspace import Workspace
from tests.support.forked_sweeps import ForkedSweeps
from tests.support.tiny_sweeps import marked_runs, tiny_settings, tiny_sweep
from tests.support.tiny_training import tiny_config
from tests.support.waiting import wait_until
from tests.support.workers import PATIENCE_SECONDS, end_all

HOLD_SECOND_TRIAL = """
import time
from pathlib import Path
from core.runs.trial import read_search_marker
from core.sweeps import process
from core.training import callbacks
process._MAX_UNRECORDED_SECONDS = 0.0
save = callbacks.SaveCheckpoint.on_epoch_end
def save_and_wait(self, epoch, logs=None):
    save(self, epoch, logs)
    mark = read_search_marker(self._run.trial_file)
    while mark and mark.trial == 1 and not Path({go!r}).exists():
        time.sleep(0.01)
callbacks.SaveCheckpoint.on_epoch_end = save_and_wait
"""


@pytest.fixture(autouse=True)
def forked_sweeps(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> Iterator[ForkedSweeps]:
    sweeps = ForkedSweeps()
    monkeypatch.setattr(background, "subprocess", sweeps)
    yield sweeps
    sweeps.end()
    end_all(workspace)


def kill_process(sweep: Sweep) -> None:
    """Kill the process of a sweep as `kill -9` does."""
    os.kill(WorkerRecord.model_validate_json(sweep.process_file.read_text()).pid, signal.SIGKILL)
    wait_until(lambda: not sweep.alive, what="the end of the process")


def wait_for_state(sweep: Sweep, state: str) -> None:
    wait_until(lambda: sweep.status().state != "running", PATIENCE_SECONDS, f"the sweep to be {state}")
    assert sweep.status().state == state, sweep.status().message + sweep.log_file.read_text()


@pytest.mark.extended
def test_killed_and_stopped_sweep_still_finds_its_winner(
    workspace: Workspace, tmp_path: Path, forked_sweeps: ForkedSweeps, capsys: pytest.CaptureFixture[str]
) -> None:
    go = tmp_path / "go"
    forked_sweeps.preamble = HOLD_SECOND_TRIAL.format(go=str(go))
    sweep = tiny_sweep(workspace, trials=2, pruning=False, base=tiny_config(epochs=2, patience=0))
    control.start(workspace, sweep)
    wait_until(lambda: len(marked_runs(workspace)) == 2, what="the second trial")
    second = marked_runs(workspace)[1][1]
    wait_until(second.checkpoint_file.exists, what="its first epoch")
    recorded_seconds = sweep.status().seconds
    wait_until(lambda: sweep.status().seconds > recorded_seconds, what="the time of this process to be recorded")
    kill_process(sweep)
    assert sweep.status().state == "interrupted"

    control.resume(workspace, sweep)
    wait_until(lambda: sweep.status().message == "1 of 2 trials have ended.", what="the search")
    control.stop(workspace, sweep)
    wait_until(lambda: second.stop_requested, what="the request to stop")
    go.touch()
    wait_for_state(sweep, "stopped")
    assert second.status().state == "stopped"
    assert second.status().message == "Stopped with its sweep."
    control.resume(workspace, sweep)
    wait_for_state(sweep, "finished")

    progress = sweep.progress()
    assert [(trial.state, trial.epochs) for trial in progress.trials] == [("complete", 2), ("complete", 2)]
    found = [(mark.trial, run.id) for mark, run in marked_runs(workspace) if not mark.winner]
    assert found == [(trial.number, *trial.runs) for trial in progress.trials]
    assert second.history()["epoch"].tolist() == [1, 2]
    # Only the winner's three runs have read the test set.
    (winner,) = progress.winners
    tested_ids = [run.id for _, run in marked_runs(workspace) if run.bundle.complete]
    assert tested_ids == list(winner.runs)
    assert len(tested_ids) == 3
    assert len(marked_runs(workspace)) == 5
    comparison = compare_seeds(workspace, progress, winner, "validation_accuracy")
    assert comparison is not None
    assert comparison.within_spread == (abs(comparison.difference) <= comparison.spread)
    assert main(["sweep", "show", sweep.id.split("-", 2)[2]]) == 0
    output = capsys.readouterr().out
    assert "too few complete trials" in output
    assert "the spread of the seeds" in output
    with pytest.raises(SweepError, match="is finished; there is nothing to resume"):
        control.resume(workspace, sweep)


@pytest.mark.usefixtures("idle_workers")
def test_command_line_creates_lists_stops_and_resumes_a_sweep(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Sweep] = []
    monkeypatch.setattr(control, "start", lambda _, sweep: started.append(sweep))
    assert main(["sweep", "list"]) == 0
    assert "no sweeps yet" in capsys.readouterr().out
    command = "sweep new --preset fast --dataset digits --vary learning_rate=0.001:0.1:log --objective redrawn-accuracy"

    assert main([*command.split(), "--objective", "parameters", "--hours", "2", "--seeds", "2", "--no-pruning"]) == 0

    (sweep,) = control.list_sweeps(workspace)
    assert started == [sweep]
    settings = sweep.settings()
    assert settings.objectives == ("redrawn_accuracy", "parameters")
    assert (settings.trials, settings.hours, settings.seeds_per_trial, settings.pruning) == (None, 2.0, 2, False)
    assert main(["sweep", "list"]) == 0
    assert sweep.id in capsys.readouterr().out
    # It was never started.
    assert main(["sweep", "stop", sweep.id]) == 0
    assert sweep.status().state == "stopped"
    assert main(["sweep", "resume", sweep.id]) == 0
    assert len(started) == 2
    capsys.readouterr()
    for arguments, message in (
        ("sweep new --vary momentum=0:1", "'momentum' cannot be varied"),
        ("sweep new --dataset digits --hours 0", "hours: Input should be greater than 0"),
        ("sweep new --dataset digits --trials 0", "trials: Input should be greater than or equal to 1"),
        ("sweep new --dataset digits --objective parameters", "first objective must be an accuracy"),
        ("sweep join nobody", "TRAZO_SWEEP_STORAGE"),
        ("sweep show nobody", "There is no sweep named 'nobody'"),
    ):
        assert main(arguments.split()) == 1
        assert message in capsys.readouterr().err


def test_impossible_sweeps_are_refused(workspace: Workspace, without_mnist: None) -> None:
    with pytest.raises(SweepError, match="number of trials or of hours"):
        control.check_settings(tiny_settings(trials=None))
    with pytest.raises(SweepError, match="objectives are the same"):
        control.check_settings(tiny_settings(objectives=("validation_accuracy", "validation_accuracy")))
    with pytest.raises(SweepNotFound):
        control.find_sweep(workspace, "nobody")


def test_exit_message_names_the_sweep_that_continues(workspace: Workspace) -> None:
    sweep = tiny_sweep(workspace)
    assert control.exit_messages(workspace) == []

    with worker_lock(sweep.log_file):
        (message,) = control.exit_messages(workspace)

    assert message.endswith(f"python -m core sweep stop {sweep.id}")


def test_damaged_sweep_is_reported_and_can_be_deleted(workspace: Workspace) -> None:
    sweep = tiny_sweep(workspace)
    sweep.settings_file.write_text("{")
    with pytest.raises(SweepError, match=r"sweep\.json .* is damaged"):
        sweep.settings()

    control.delete(workspace, sweep)

    assert control.list_sweeps(workspace) == []
    with pytest.raises(SweepNotFound):
        control.delete(workspace, sweep)
