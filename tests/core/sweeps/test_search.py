"""The search: trials are ordinary runs; a crash at any point duplicates nothing and loses nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import StorageError, SweepError
from core.launcher import queue, room
from core.launcher.queue import advance, resume, submit
from core.runs.registry import create_run
from core.runs.run import Run
from core.runs.status import Status
from core.runs.tables import HISTORY_COLUMNS, append_row
from core.runs.trial import TrialResult, write_trial_result
from core.sweeps.control import retrain
from core.sweeps.opening import study_of
from core.sweeps.process import main
from core.sweeps.search import PRUNED_MESSAGE, Search
from core.sweeps.trial_runs import TrialRuns, continue_run, is_unfinished
from core.sweeps.winner import SEEDS, WinnerTraining
from core.workspace import Workspace
from tests.support.full_disk import fill_disk
from tests.support.tiny_sweeps import marked_runs, search_of, tiny_sweep
from tests.support.tiny_training import tiny_config
from tests.support.waiting import wait_until
from tests.support.workers import end_all, kill_worker

NAN_IN_SECOND_TRIAL = """
from core.runs.run import Run
from core.runs.trial import read_trial_mark
read = Run.config
def config(run):
    mark = read_trial_mark(run.trial_file)
    return read(run).model_copy(update={'learning_rate': 1e38} if mark and mark.trial == 1 else {})
Run.config = config
"""


@pytest.fixture(autouse=True)
def no_worker_survives(workspace: Workspace) -> Iterator[None]:
    yield
    end_all(workspace)


def end(run: Run, state: str = "finished", accuracy: float = 0.9, message: str = "") -> None:
    """End an idle worker, and write the files that a worker leaves behind when it ends in this state."""
    kill_worker(run)
    if state == "finished":
        write_trial_result(run.trial_result_file, TrialResult(validation_accuracy=accuracy, parameters=100))
    run.write_final_status(Status(state=state, message=message, epoch=1, epochs=1, ended=time.time()))


def newest_run(workspace: Workspace) -> Run:
    return marked_runs(workspace)[-1][1]


def make_unresumable(run: Run, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """End a run that has a checkpoint, and cause a fault that prevents it from being resumed."""
    run.checkpoint_file.write_bytes(b"the weights after an epoch")
    if fault == "damaged config":
        kill_worker(run)
        run.config_file.write_text("{")
    else:
        end(run, "stopped")
        monkeypatch.setattr(sys, "executable", "/no/python")


def positions(workspace: Workspace) -> list[tuple[int, int]]:
    return [(mark.trial, mark.seed_index) for mark, _ in marked_runs(workspace)]


def test_killed_worker_and_nan_do_not_end_a_search(workspace: Workspace, patch_worker: Callable[[str], None]) -> None:
    patch_worker(NAN_IN_SECOND_TRIAL)
    sweep = tiny_sweep(workspace, pruning=False)
    search = search_of(workspace, sweep)
    assert search.step()
    kill_worker(newest_run(workspace))

    wait_until(lambda: not search.step(), what="the end of the search")

    first, second, third = sweep.progress().trials
    assert (first.state, first.retries, first.epochs) == ("complete", 1, 1)
    assert first.settings == {"learning_rate": 0.01}
    assert (second.state, second.values) == ("failed", None)
    assert "lower learning rate" in second.message
    assert third.state == "complete"
    assert third.values == (third.results[0].validation_accuracy,)
    assert positions(workspace) == [(0, 0), (1, 0), (2, 0)]
    best = max((first, third), key=lambda trial: trial.values or ())
    assert sweep.progress().pareto == (best.number,)
    assert [trial.state for trial in search_of(workspace, sweep).trials] == ["complete", "failed", "complete"]


@pytest.mark.usefixtures("idle_workers")
def test_trial_survives_a_kill_before_its_run_is_created(workspace: Workspace) -> None:
    sweep = tiny_sweep(workspace)
    assert study_of(sweep, sweep.settings()).ask() is not None

    search_of(workspace, sweep).step()

    assert positions(workspace) == [(0, 0)]
    assert newest_run(workspace).config().learning_rate == 0.01
    assert [trial.state for trial in sweep.progress().trials] == ["running"]


@pytest.mark.usefixtures("idle_workers")
def test_trial_survives_a_kill_after_its_run_starts_or_ends(workspace: Workspace) -> None:
    sweep = tiny_sweep(workspace)
    search_of(workspace, sweep).step()
    sweep.progress_file.unlink()  # as if it had not been written yet

    search_of(workspace, sweep).step()
    assert positions(workspace) == [(0, 0)]

    end(newest_run(workspace))  # while no process is watching
    search_of(workspace, sweep).step()
    assert positions(workspace) == [(0, 0), (1, 0)]
    assert [trial.state for trial in sweep.progress().trials] == ["complete", "running"]


@pytest.mark.usefixtures("idle_workers")
def test_trial_survives_a_kill_after_the_study_is_told(workspace: Workspace) -> None:
    sweep = tiny_sweep(workspace)
    search = search_of(workspace, sweep)
    search.step()
    end(newest_run(workspace))
    before = sweep.progress()
    search.step()
    sweep.write_progress(before)  # as if the new progress had not been written

    search_of(workspace, sweep).step()

    assert [trial.state for trial in sweep.progress().trials] == ["complete", "running"]
    assert positions(workspace) == [(0, 0), (1, 0)]


@pytest.mark.usefixtures("idle_workers")
def test_run_is_resumed_twice_at_most(workspace: Workspace) -> None:
    sweep = tiny_sweep(workspace)
    search = search_of(workspace, sweep)
    search.step()
    for _ in range(2):
        kill_worker(newest_run(workspace))
        search.step()
    assert newest_run(workspace).status().state == "running"

    kill_worker(newest_run(workspace))
    search.step()

    first = sweep.progress().trials[0]
    assert (first.state, first.retries) == ("failed", 2)
    assert "Interrupted 3 times" in first.message


@pytest.mark.usefixtures("idle_workers")
@pytest.mark.parametrize(
    ("fault", "message"), [("damaged config", "config.json"), ("no process", "process could not be started")]
)
def test_run_that_cannot_be_resumed_fails_its_trial(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, fault: str, message: str
) -> None:
    sweep = tiny_sweep(workspace, trials=1)
    search_of(workspace, sweep).step()
    make_unresumable(newest_run(workspace), fault, monkeypatch)

    search = search_of(workspace, sweep)
    search.step()

    (trial,) = sweep.progress().trials
    assert trial.state == "failed"
    assert message in trial.message
    assert not search.step()


@pytest.mark.usefixtures("idle_workers")
def test_run_that_a_person_has_just_resumed_continues(workspace: Workspace) -> None:
    run = submit(workspace, tiny_config())
    kill_worker(run)
    resume(workspace, run)

    assert continue_run(workspace, run)
    assert is_unfinished(run)


def test_three_runs_that_cannot_start_end_the_search(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/python")
    search = search_of(workspace, tiny_sweep(workspace, trials=9))

    with pytest.raises(SweepError, match=r"Three trials in a row failed.*process could not be started"):
        wait_until(lambda: not search.step(), what="the end of the search")

    assert positions(workspace) == [(0, 0), (1, 0), (2, 0)]


@pytest.mark.usefixtures("idle_workers")
def test_three_failed_trials_in_a_row_end_the_search(workspace: Workspace) -> None:
    sweep = tiny_sweep(workspace, trials=9)
    search = search_of(workspace, sweep)
    search.step()
    for _ in range(2):
        end(newest_run(workspace), "failed", message="Out of memory.")
        search.step()
    end(newest_run(workspace), "failed", message="Out of memory.")

    with pytest.raises(SweepError, match=r"Three trials in a row failed, the last one with: Out of memory\."):
        search.step()

    assert [trial.state for trial in sweep.progress().trials] == ["failed"] * 3


@pytest.mark.usefixtures("idle_workers")
def test_hopeless_trial_is_pruned(workspace: Workspace) -> None:
    base = tiny_config(epochs=27, patience=0)
    sweep = tiny_sweep(workspace, base=base, trials=None, hours=1.0)
    search = search_of(workspace, sweep)
    search.step()
    pruned = None
    for accuracy in (0.9, *[0.2] * 9):
        run = newest_run(workspace)
        run.write_status(Status(state="running", phase="training", epoch=10, epochs=27, step=9, steps=9))
        for epoch in range(1, 10):
            append_row(run.history_file, HISTORY_COLUMNS, (epoch, 9 * epoch, 1.0, 0.1, 0.5, 0.1, accuracy, 0.01))
        search.step()
        if run.stop_requested:
            pruned = run
            break
        end(run, accuracy=accuracy)
        search.step()

    assert pruned is not None
    assert pruned.stop_reason == PRUNED_MESSAGE
    trial = sweep.progress().trials[-1]
    assert (trial.state, trial.values) == ("pruned", (0.2,))
    assert trial.message.startswith("Pruned after")
    # The next trial waits until the pruned run has stopped.
    assert newest_run(workspace) == pruned
    end(pruned, "stopped")
    search.step()
    assert newest_run(workspace) != pruned


@pytest.mark.usefixtures("idle_workers")
def test_sweep_with_other_objectives_prunes_nothing(workspace: Workspace) -> None:
    base = tiny_config(epochs=27, patience=0)
    sweep = tiny_sweep(workspace, base=base, objectives=("redrawn_accuracy", "parameters"))
    search = search_of(workspace, sweep)
    search.step()
    run = newest_run(workspace)
    run.write_status(Status(state="running", phase="training", epoch=2, epochs=27, step=9, steps=9))
    append_row(run.history_file, HISTORY_COLUMNS, (1, 9, 1.0, 0.1, 0.5, 0.1, 0.9, 0.01))

    search.step()

    assert sweep.progress().trials[0].epochs == 2
    end(run, "stopped")
    search.step()
    stopped = sweep.progress().trials[0]
    # The validation accuracy that it had reached is not an accuracy on redrawn digits.
    assert (stopped.state, stopped.values) == ("pruned", None)


@pytest.mark.usefixtures("idle_workers")
def test_trial_has_the_mean_value_of_its_seeds(workspace: Workspace) -> None:
    sweep = tiny_sweep(workspace, seeds_per_trial=2, trials=1)
    search = search_of(workspace, sweep)
    for accuracy in (0.5, 0.75):
        search.step()
        end(newest_run(workspace), accuracy=accuracy)

    assert not search.step()

    (trial,) = sweep.progress().trials
    assert (trial.state, trial.values) == ("complete", (0.625,))
    assert [run.config().seed for _, run in marked_runs(workspace)] == [42, 43]


@pytest.mark.usefixtures("idle_workers")
def test_run_that_a_person_stops_ends_its_trial(workspace: Workspace) -> None:
    sweep = tiny_sweep(workspace)
    search = search_of(workspace, sweep)
    search.step()
    end(newest_run(workspace), "stopped")

    search.step()

    first = sweep.progress().trials[0]
    assert (first.state, first.message) == ("pruned", "Stopped by hand.")


@pytest.mark.usefixtures("idle_workers")
@pytest.mark.parametrize("run_was_killed", [True, False])
@pytest.mark.parametrize("completed_epochs", [0, 1])
def test_run_that_a_person_stops_after_a_crash_stays_stopped(
    workspace: Workspace, run_was_killed: bool, completed_epochs: int
) -> None:
    sweep = tiny_sweep(workspace)
    search_of(workspace, sweep).step()
    run = newest_run(workspace)
    if completed_epochs:
        run.checkpoint_file.write_bytes(b"the weights after an epoch")
    if run_was_killed:
        kill_worker(run)
    search = search_of(workspace, sweep)
    search.step()
    assert run.status().state == "running"
    end(run, "stopped")

    search.step()

    first = sweep.progress().trials[0]
    assert (first.state, first.message) == ("pruned", "Stopped by hand.")
    assert run.status().state == "stopped"


@pytest.mark.usefixtures("idle_workers")
def test_trial_that_stopped_with_its_sweep_continues(workspace: Workspace) -> None:
    sweep = tiny_sweep(workspace)
    search = search_of(workspace, sweep)
    search.step()
    stopped = newest_run(workspace)
    assert search.stop() == [stopped]
    end(stopped, "stopped")

    search = search_of(workspace, sweep)
    search.step()

    # It had not completed an epoch, so another run takes its place.
    ((mark, run),) = marked_runs(workspace)
    assert (mark.trial, mark.seed_index) == (0, 0)
    assert run != stopped
    assert run.status().state == "running"


@pytest.mark.usefixtures("idle_workers")
def test_two_sweeps_share_the_queue(workspace: Workspace) -> None:
    sweeps = [tiny_sweep(workspace, title=title) for title in ("A", "B")]
    searches = [search_of(workspace, sweep) for sweep in sweeps]
    trained: list[str] = []
    for _ in range(6):
        for search in searches:
            search.step()
        (running,) = [pair for pair in marked_runs(workspace) if pair[1].status().state == "running"]
        trained.append(running[0].sweep)
        end(running[1])
        advance(workspace)  # as a worker does at its end

    assert trained == [sweeps[0].id, sweeps[1].id] * 3
    assert not any(search.step() for search in searches)


@pytest.mark.usefixtures("idle_workers")
def test_run_that_cannot_start_does_not_end_a_sweep(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_WORKERS", "2")
    monkeypatch.setattr(room, "available_memory", lambda: 64 * 2**30)
    create_run(workspace, tiny_config()).log_file.mkdir()
    with pytest.raises(StorageError):
        advance(workspace)

    search = search_of(workspace, tiny_sweep(workspace, trials=1))

    assert search.step()
    assert newest_run(workspace).status().state == "running"


@pytest.mark.usefixtures("idle_workers")
def test_chosen_trial_is_retrained_once(workspace: Workspace) -> None:
    sweep = tiny_sweep(workspace)
    process_runs = TrialRuns(workspace, sweep.id)
    search = Search(workspace, sweep, study_of(sweep, sweep.settings()), process_runs)
    search.step()

    runs = retrain(workspace, sweep, 0)

    assert retrain(workspace, sweep, 0) == runs
    assert len({run.config().seed for run in runs}) == SEEDS
    assert all(run.config().seed != 42 for run in runs)
    (winner,) = sweep.progress().winners
    assert (winner.trial, list(winner.runs)) == (0, [run.id for run in runs])
    # The sweep's process, which listed the runs earlier, keeps the winner.
    search.write()
    assert sweep.progress().winners == (winner,)
    WinnerTraining(workspace, sweep, process_runs, sweep.progress().trials[0]).step()
    assert len(marked_runs(workspace)) == 1 + SEEDS
    with pytest.raises(SweepError, match="no trial 9"):
        retrain(workspace, sweep, 9)


@pytest.mark.usefixtures("idle_workers")
def test_no_trial_begins_after_the_deadline(workspace: Workspace) -> None:
    sweep = tiny_sweep(workspace, trials=None, hours=1.0)
    study, runs = study_of(sweep, sweep.settings()), TrialRuns(workspace, sweep.id)
    search = Search(workspace, sweep, study, runs, deadline=time.monotonic() + 3600)
    search.step()
    end(newest_run(workspace))

    late_search = Search(workspace, sweep, study, runs, deadline=time.monotonic() - 1)
    wait_until(lambda: not late_search.step(), what="the end of the search")

    assert positions(workspace) == [(0, 0)]
    assert [trial.state for trial in sweep.progress().trials] == ["complete"]


@pytest.mark.usefixtures("idle_workers")
def test_winner_training_continues_after_a_crash(workspace: Workspace) -> None:
    sweep = tiny_sweep(workspace)
    search = search_of(workspace, sweep)
    search.step()
    trial = sweep.progress().trials[0]
    end(newest_run(workspace))
    WinnerTraining(workspace, sweep, TrialRuns(workspace, sweep.id), trial).step()
    first = newest_run(workspace)
    kill_worker(first)

    winner = WinnerTraining(workspace, sweep, TrialRuns(workspace, sweep.id), trial)
    assert winner.step()

    assert winner.runs == [first]
    assert first.status().state == "running"
    for _ in range(SEEDS):
        kill_worker(winner.runs[-1])
        winner.runs[-1].write_final_status(Status(state="finished"))
        has_more_work = winner.step()
    assert not has_more_work
    assert len(winner.runs) == SEEDS
    assert sweep.progress().winners[0].runs == tuple(run.id for run in winner.runs)


@pytest.mark.usefixtures("idle_workers")
def test_winner_that_stopped_with_its_sweep_continues(workspace: Workspace) -> None:
    sweep = tiny_sweep(workspace)
    search_of(workspace, sweep).step()
    trial = sweep.progress().trials[0]
    end(newest_run(workspace))
    stopped, *others = retrain(workspace, sweep, 0)
    seed = stopped.config().seed
    for run in (stopped, *others):
        advance(workspace)
        end(run, "stopped" if run == stopped else "finished")
    winner = WinnerTraining(workspace, sweep, TrialRuns(workspace, sweep.id), trial)

    # It had not completed an epoch, so another run takes its place.
    assert winner.step()

    first, *rest = winner.runs
    assert rest == others
    assert (first != stopped, first.config().seed) == (True, seed)
    assert first.status().state == "running"
    end(first)
    assert not winner.step()


@pytest.mark.usefixtures("idle_workers")
@pytest.mark.parametrize("fault", ["damaged config", "no process"])
def test_winner_run_that_cannot_be_resumed_is_not_retried(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    sweep = tiny_sweep(workspace)
    search_of(workspace, sweep).step()
    trial = sweep.progress().trials[0]
    end(newest_run(workspace))
    unresumable, *others = retrain(workspace, sweep, 0)
    for run in others:
        run.write_final_status(Status(state="finished"))
    make_unresumable(unresumable, fault, monkeypatch)
    winner = WinnerTraining(workspace, sweep, TrialRuns(workspace, sweep.id), trial)

    assert not winner.step()


@pytest.mark.usefixtures("idle_workers")
def test_winner_starts_the_next_run_of_a_full_queue(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = tiny_sweep(workspace)
    search_of(workspace, sweep).step()
    trial = sweep.progress().trials[0]
    end(newest_run(workspace))
    monkeypatch.setattr(queue, "MAX_QUEUED", 1)
    killed, waiting = submit(workspace, tiny_config()), submit(workspace, tiny_config())
    kill_worker(killed)  # so that it cannot start the next run itself

    WinnerTraining(workspace, sweep, TrialRuns(workspace, sweep.id), trial).step()

    assert waiting.status().state == "running"


@pytest.mark.usefixtures("idle_workers")
def test_stop_before_the_first_trial_is_obeyed(workspace: Workspace) -> None:
    sweep = tiny_sweep(workspace)
    sweep.stop_file.touch()  # as if Stop had been pressed while the process was starting

    assert main(sweep.folder) == 0

    assert sweep.status().state == "stopped"
    assert marked_runs(workspace) == []


class TestFullDisk:
    @pytest.fixture
    def workspace(self, small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
        monkeypatch.setenv("TRAZO_WORKSPACE", str(small_disk))
        return Workspace(small_disk)

    @pytest.mark.usefixtures("idle_workers")
    def test_sweep_fails_with_a_message_and_can_continue(self, workspace: Workspace) -> None:
        sweep, filler = tiny_sweep(workspace), workspace.root / "filler"
        search = search_of(workspace, sweep)
        search.step()
        fill_disk(filler)
        end(newest_run(workspace), "failed", message="The disk is full.")

        # A run that fails because the disk is full does not fail its trial.
        with pytest.raises(StorageError, match="disk is full"):
            search.step()
        assert main(sweep.folder) == 1
        status = sweep.status()
        assert status.state == "failed"
        assert "disk is full" in status.message

        filler.unlink()
        search = search_of(workspace, sweep)
        search.step()
        assert newest_run(workspace).status().state == "running"
        end(newest_run(workspace))
        search.step()
        assert [trial.state for trial in sweep.progress().trials] == ["complete", "running"]
        assert positions(workspace) == [(0, 0), (1, 0)]
