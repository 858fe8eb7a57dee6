"""One training at a time, the others in a queue; workers that stop when asked and are missed when killed."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import RunError
from core.runs.process import worker_lock
from core.runs.registry import create_run, list_runs
from core.runs.run import Run
from core.training import launcher
from core.training.launcher import (
    advance,
    farewell,
    overview,
    record_interruptions,
    request_stop,
    request_stop_of_all,
    resume,
    submit,
    withdraw,
)
from core.workspace import PROJECT, Workspace
from tests.conftest import lacking, tiny_config
from tests.waiting import wait_until
from tests.workers import end_all, kill_worker

PYTHON = sys.executable
ENDLESS = tiny_config(epochs=200, patience=0)


@pytest.fixture(autouse=True)
def no_worker_survives(workspace: Workspace) -> Iterator[None]:
    """Kill what a test left at work."""
    yield
    end_all(workspace)


def test_second_training_waits_and_starts_by_itself(workspace: Workspace) -> None:
    first, second = submit(workspace, tiny_config()), submit(workspace, tiny_config(seed=7))

    assert (first.status().state, second.status().state) == ("running", "queued")
    assert overview(workspace).waiting == (second,)

    wait_until(lambda: first.status().over, 120, "the end of the first training")
    assert first.status().state == "finished"
    assert first.bundle.complete
    wait_until(second.process_file.exists, 30, "the start of the second training")
    assert second.alive
    assert overview(workspace).latest == second


@pytest.mark.usefixtures("idle_workers")
def test_killed_worker_leaves_an_interrupted_run_and_the_queue_goes_on(workspace: Workspace) -> None:
    killed, waiting = submit(workspace, tiny_config()), submit(workspace, tiny_config())

    kill_worker(killed)

    assert killed.status().state == "interrupted"
    assert advance(workspace) == waiting
    assert waiting.status().state == "running"


@pytest.mark.usefixtures("idle_workers")
def test_run_in_the_queue_can_be_taken_out(workspace: Workspace) -> None:
    running, waiting = submit(workspace, tiny_config()), submit(workspace, tiny_config())

    withdraw(workspace, waiting)

    assert list_runs(workspace) == [running]
    with pytest.raises(RunError, match="no longer waits"):
        withdraw(workspace, running)
    assert running.status().state == "running"


@pytest.mark.usefixtures("idle_workers")
def test_queued_run_that_is_stopped_never_starts(workspace: Workspace) -> None:
    running, waiting = submit(workspace, tiny_config()), submit(workspace, tiny_config())

    request_stop(workspace, waiting)
    kill_worker(running)

    assert advance(workspace) is None
    assert waiting.status().state == "stopped"


@pytest.mark.usefixtures("idle_workers")
def test_all_that_run_or_wait_can_be_stopped_at_once(workspace: Workspace) -> None:
    running, *waiting = (submit(workspace, tiny_config()) for _ in range(3))

    asked = request_stop_of_all(workspace)

    assert set(asked) == {running, *waiting}
    assert asked[-1] == running
    assert running.stopping
    assert [run.status().state for run in waiting] == ["stopped", "stopped"]
    kill_worker(running)
    assert request_stop_of_all(workspace) == []


@pytest.mark.usefixtures("idle_workers")
def test_who_ends_the_dashboard_is_told_what_goes_on(workspace: Workspace) -> None:
    assert farewell(workspace) is None
    running = submit(workspace, tiny_config())

    assert farewell(workspace) == (
        f"Training {running.title} goes on without the dashboard. Stop it with: python -m core runs stop"
    )
    submit(workspace, tiny_config())
    assert "and 1 in the queue go on" in (farewell(workspace) or "")


@pytest.mark.parametrize("main", ["exec {python}", "touch {mark}; {python}; true"], ids=["alone", "under an init"])
def test_who_ends_a_container_is_told_that_its_training_ends(
    workspace: Workspace, tmp_path: Path, idle_workers: None, main: str
) -> None:
    running, mark = submit(workspace, tiny_config()), tmp_path / "mark"
    say = (
        "from pathlib import Path; from core.training import launcher; from core.workspace import Workspace; "
        f"launcher._CONTAINER_MARKS = (Path('{mark}'),); print(launcher.farewell(Workspace.from_environment()))"
    )
    command = main.format(python=f'{PYTHON} -c "{say}"', mark=mark)

    # Process numbers of its own, as in a container.
    said = subprocess.run(
        ["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", command], cwd=PROJECT, capture_output=True, text=True
    )

    if said.returncode:
        lacking(f"Only root on Linux can start processes as a container does ({said.stderr.strip()}).")
    assert said.stdout.startswith(f"Training {running.title} ends with this container.")
    assert "goes on without the dashboard" in (farewell(workspace) or "")


@pytest.mark.usefixtures("idle_workers")
def test_the_queue_takes_no_more_than_its_limit_neither_new_trainings_nor_resumed_ones(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "MAX_QUEUED", 2)
    broken_off = submit(workspace, tiny_config())
    kill_worker(broken_off)
    running, waiting, last = (submit(workspace, tiny_config()) for _ in range(3))

    with pytest.raises(RunError, match="2 trainings wait already"):
        submit(workspace, tiny_config())
    with pytest.raises(RunError, match="2 trainings wait already"):
        resume(workspace, broken_off)

    assert overview(workspace).waiting == (waiting, last)
    assert len(list_runs(workspace)) == 4
    assert broken_off.status().state == "interrupted"
    withdraw(workspace, last)
    resume(workspace, broken_off)
    assert set(overview(workspace).waiting) == {waiting, broken_off}
    assert running.status().state == "running"


@pytest.mark.usefixtures("idle_workers")
def test_a_run_whose_last_worker_is_still_on_its_way_out_starts_when_it_is_gone(workspace: Workspace) -> None:
    run = create_run(workspace, tiny_config())

    with worker_lock(run.lock_file):
        assert advance(workspace) is None
    assert run.status().state == "queued"
    assert advance(workspace) == run


@pytest.mark.usefixtures("idle_workers")
def test_what_broke_off_is_written_down_once(workspace: Workspace) -> None:
    run = submit(workspace, tiny_config())
    record_interruptions(workspace)
    assert json.loads(run.status_file.read_text())["state"] == "running"
    kill_worker(run)

    record_interruptions(workspace)

    written = run.status_file.read_text()
    assert json.loads(written)["state"] == "interrupted"
    assert run.status().ended
    record_interruptions(workspace)
    assert run.status_file.read_text() == written
    resume(workspace, run)
    assert (run.status().state, run.status().ended) == ("running", None)


@pytest.mark.usefixtures("idle_workers")
def test_run_that_is_over_cannot_be_stopped(workspace: Workspace) -> None:
    run = submit(workspace, tiny_config())
    kill_worker(run)

    with pytest.raises(RunError, match="nothing to stop"):
        request_stop(workspace, run)


@pytest.mark.usefixtures("idle_workers")
def test_oldest_run_in_the_queue_is_next(workspace: Workspace) -> None:
    create_run(workspace, tiny_config())
    (older,) = list_runs(workspace)
    older.folder.rename(workspace.runs / "20200101-000000-old-owl")
    newer = create_run(workspace, tiny_config())

    started = advance(workspace)

    assert started is not None
    assert started.id == "20200101-000000-old-owl"
    now = overview(workspace)
    assert (now.latest, now.waiting, now.busy) == (started, (newer,), True)


@pytest.mark.usefixtures("idle_workers")
def test_runs_of_one_second_wait_in_the_order_of_their_coming(workspace: Workspace) -> None:
    runs = [submit(workspace, tiny_config(seed=seed)) for seed in range(6)]

    now = overview(workspace)

    assert (now.latest, now.waiting) == (runs[0], tuple(runs[1:]))


@pytest.mark.usefixtures("idle_workers")
def test_many_who_look_at_once_start_one_worker(workspace: Workspace) -> None:
    runs = [create_run(workspace, tiny_config()) for _ in range(3)]
    started: list[Run | None] = []
    threads = [threading.Thread(target=lambda: started.append(advance(workspace))) for _ in range(12)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len([run for run in started if run]) == 1
    assert sorted(run.status().state for run in runs) == ["queued", "queued", "running"]


@pytest.mark.usefixtures("idle_workers")
def test_damaged_run_does_not_hold_up_the_queue(workspace: Workspace) -> None:
    damaged, run = create_run(workspace, tiny_config()), create_run(workspace, tiny_config())
    damaged.status_file.write_text('{"state": "runn')

    assert advance(workspace) == run
    assert overview(workspace).latest == run


def test_worker_keeps_compiled_modules_where_the_dashboard_may_not(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python, written = tmp_path / "python", tmp_path / "environment"
    python.write_text(f"#!/bin/sh\nenv > {written}.part && mv {written}.part {written}\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    submit(workspace, tiny_config())

    wait_until(written.exists, what="the start of the worker")
    assert f"TRAZO_WORKSPACE={workspace.root}" in written.read_text()
    assert "PYTHONDONTWRITEBYTECODE" not in written.read_text()


def test_worker_that_cannot_be_started_is_a_failed_run(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(workspace.root / "no-python"))

    with pytest.raises(RunError, match="could not be started"):
        submit(workspace, tiny_config())

    (run,) = list_runs(workspace)
    assert run.status().state == "failed"


def test_training_that_breaks_off_fails_with_a_sentence_and_a_log(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = workspace.root / "no-mnist.npz"
    monkeypatch.setenv("TRAZO_MNIST", str(nowhere))
    run = submit(workspace, tiny_config(dataset="mnist"))

    status = wait_until(lambda: (now := run.status()).over and now, 60, "the end of the worker")

    assert status.state == "failed"
    assert str(nowhere) in status.message
    assert "Traceback" in run.log_tail()


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this system has no scheduling by sessions")
def test_worker_gives_way_to_every_session() -> None:
    look = "import os; from core.training.worker import _step_back; _step_back(); print(os.nice(0))"
    command = [sys.executable, "-c", f"{look}; print(open('/proc/self/autogroup').read())"]

    said = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True, start_new_session=True)

    niceness, group = said.stdout.split("\n", 1)
    assert niceness == "19"
    assert group.strip().endswith("nice 19")
