"""One run is trained at a time while the others wait; stopped and killed workers do not block the queue."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.errors import QueueFull, RunError, StorageError
from core.launcher import control, queue
from core.launcher.control import delete, request_stop, request_stop_all
from core.launcher.overview import exit_message, overview
from core.launcher.queue import advance, remove_from_queue, resumable, resume, submit
from core.runs.interruptions import record_interruptions
from core.runs.process import worker_lock
from core.runs.registry import create_run, list_runs
from core.runs.run import Run
from core.runs.status import Status
from core.workspace import PROJECT, Workspace
from tests.support.requirements import skip_or_fail
from tests.support.tiny_training import tiny_config
from tests.support.waiting import wait_until
from tests.support.workers import end_all, kill_worker

PYTHON = sys.executable
ENDLESS = tiny_config(epochs=200, patience=0)
RUNNING = Status(state="running", phase="training", epochs=3, steps=10)


@pytest.fixture(autouse=True)
def no_worker_survives(workspace: Workspace) -> Iterator[None]:
    """Kill the workers that a test leaves running."""
    yield
    end_all(workspace)


@pytest.mark.usefixtures("idle_workers")
def test_killed_worker_does_not_block_the_queue(workspace: Workspace) -> None:
    killed, waiting = submit(workspace, tiny_config()), submit(workspace, tiny_config())

    kill_worker(killed)

    assert killed.status().state == "interrupted"
    assert advance(workspace) == waiting
    assert waiting.status().state == "running"


@pytest.mark.usefixtures("idle_workers")
def test_queued_run_can_be_removed(workspace: Workspace) -> None:
    running, waiting = submit(workspace, tiny_config()), submit(workspace, tiny_config())

    remove_from_queue(workspace, waiting)

    assert list_runs(workspace) == [running]
    with pytest.raises(RunError, match="no longer in the queue"):
        remove_from_queue(workspace, running)
    assert running.status().state == "running"


@pytest.mark.parametrize("remove", [remove_from_queue, request_stop])
@pytest.mark.parametrize("epochs", [0, 1])
def test_resumed_run_that_leaves_the_queue_keeps_its_files(
    workspace: Workspace, remove: Callable[[Workspace, Run], None], epochs: int
) -> None:
    run = create_run(workspace, tiny_config())
    run.log_file.write_text("epoch 1\n")  # as if it had run before
    if epochs:
        run.checkpoint_file.touch()
    run.write_status(run.status().model_copy(update={"state": "interrupted", "seconds": 50.0}))
    with worker_lock(run.lock_file):  # keeps it queued
        resume(workspace, run)
    assert run.status().state == "queued"

    remove(workspace, run)

    assert list_runs(workspace) == [run]
    assert run.status().state == ("stopped" if epochs else "interrupted")
    assert resumable(run, run.status())
    assert run.status().seconds == 50.0
    assert run.status().ended is not None
    assert run.log_file.read_text() == "epoch 1\n"


@pytest.mark.parametrize("file", ["checkpoint", "model"])
def test_run_without_a_log_that_leaves_the_queue_is_kept(workspace: Workspace, file: str) -> None:
    run = create_run(workspace, tiny_config())
    if file == "model":
        run.bundle.folder.mkdir()
    else:
        run.checkpoint_file.touch()
    run.write_status(run.status().model_copy(update={"state": "interrupted"}))
    with worker_lock(run.lock_file):  # keeps it queued
        resume(workspace, run)

    remove_from_queue(workspace, run)

    assert list_runs(workspace) == [run]
    assert run.status().has_ended


@pytest.mark.usefixtures("idle_workers")
def test_queued_run_that_is_stopped_never_starts(workspace: Workspace) -> None:
    running, waiting = submit(workspace, tiny_config()), submit(workspace, tiny_config())

    request_stop(workspace, waiting)
    kill_worker(running)

    assert advance(workspace) is None
    assert waiting.status().state == "stopped"


@pytest.mark.usefixtures("idle_workers")
def test_all_running_and_queued_runs_can_be_stopped_at_once(workspace: Workspace) -> None:
    running, *waiting = (submit(workspace, tiny_config()) for _ in range(3))

    stopping = request_stop_all(workspace)

    assert set(stopping) == {running, *waiting}
    assert stopping[-1] == running
    assert running.stop_requested
    assert [run.status().state for run in waiting] == ["stopped", "stopped"]
    kill_worker(running)
    assert request_stop_all(workspace) == []


@pytest.mark.usefixtures("idle_workers")
def test_exit_message_names_the_run_that_continues(workspace: Workspace) -> None:
    assert exit_message(workspace) is None
    running = submit(workspace, tiny_config())

    assert exit_message(workspace) == (
        f"Run {running.title} continues without the dashboard. Stop training with: python -m core runs stop"
    )
    submit(workspace, tiny_config())
    assert "continues without the dashboard, with 1 more in the queue" in (exit_message(workspace) or "")


@pytest.mark.parametrize("main", ["exec {python}", "touch {marker}; {python}; true"], ids=["alone", "under init"])
def test_exit_message_in_a_container_says_that_training_ends(
    workspace: Workspace, tmp_path: Path, idle_workers: None, main: str
) -> None:
    running, marker = submit(workspace, tiny_config()), tmp_path / "marker"
    script = (
        "from pathlib import Path; from core.launcher import overview; from core.workspace import Workspace; "
        f"overview._CONTAINER_MARKERS = (Path('{marker}'),); print(overview.exit_message(Workspace.from_environment()))"
    )
    command = main.format(python=f'{PYTHON} -c "{script}"', marker=marker)

    # A PID namespace, as in a container.
    shell = subprocess.run(
        ["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", command], cwd=PROJECT, capture_output=True, text=True
    )

    if shell.returncode:
        skip_or_fail(f"Only root on Linux can start processes as a container does ({shell.stderr.strip()}).")
    assert shell.stdout.startswith(f"Run {running.title} will stop when this container stops.")
    assert "continues without the dashboard" in (exit_message(workspace) or "")


@pytest.mark.usefixtures("idle_workers")
def test_full_queue_rejects_new_and_resumed_runs(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "MAX_QUEUED", 2)
    interrupted = submit(workspace, tiny_config())
    kill_worker(interrupted)
    running, waiting, last = (submit(workspace, tiny_config()) for _ in range(3))

    with pytest.raises(QueueFull, match="2 runs are already queued"):
        submit(workspace, tiny_config())
    with pytest.raises(QueueFull, match="2 runs are already queued"):
        resume(workspace, interrupted)

    assert overview(workspace).waiting == (waiting, last)
    assert len(list_runs(workspace)) == 4
    assert interrupted.status().state == "interrupted"
    remove_from_queue(workspace, last)
    resume(workspace, interrupted)
    assert set(overview(workspace).waiting) == {waiting, interrupted}
    assert running.status().state == "running"


@pytest.mark.usefixtures("idle_workers")
def test_run_starts_only_after_its_previous_worker_has_ended(workspace: Workspace) -> None:
    run = create_run(workspace, tiny_config())

    with worker_lock(run.lock_file):
        assert advance(workspace) is None
    assert run.status().state == "queued"
    assert advance(workspace) == run


@pytest.mark.usefixtures("idle_workers")
def test_interruption_is_recorded_once(workspace: Workspace) -> None:
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


def test_interruptions_are_recorded_despite_a_read_only_run(
    workspace: Workspace, make_read_only: Callable[[Path], None]
) -> None:
    runs = [create_run(workspace, tiny_config()) for _ in range(3)]
    for run in runs:
        run.write_status(RUNNING)  # there is no worker, so all three were interrupted
    make_read_only(runs[1].folder)

    with pytest.raises(StorageError, match=rf"{runs[1].id}.* could not be written"):
        record_interruptions(workspace)

    written = [json.loads(run.status_file.read_text())["state"] for run in runs]
    assert written == ["interrupted", "running", "interrupted"]


@pytest.mark.usefixtures("idle_workers")
def test_run_that_has_ended_cannot_be_stopped(workspace: Workspace) -> None:
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
    queue_state = overview(workspace)
    assert (queue_state.latest, queue_state.waiting, queue_state.busy) == (started, (newer,), True)


@pytest.mark.usefixtures("idle_workers")
def test_runs_from_the_same_second_wait_in_order(workspace: Workspace) -> None:
    runs = [submit(workspace, tiny_config(seed=seed)) for seed in range(6)]

    queue_state = overview(workspace)

    assert (queue_state.latest, queue_state.waiting) == (runs[0], tuple(runs[1:]))


@pytest.mark.usefixtures("idle_workers")
def test_concurrent_calls_to_advance_start_one_worker(workspace: Workspace) -> None:
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
def test_damaged_run_does_not_block_the_queue(workspace: Workspace) -> None:
    damaged, run = create_run(workspace, tiny_config()), create_run(workspace, tiny_config())
    damaged.status_file.write_text('{"state": "runn')

    assert advance(workspace) == run
    assert overview(workspace).latest == run


@pytest.mark.usefixtures("idle_workers")
def test_run_that_cannot_be_started_is_skipped(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    blocked, run = create_run(workspace, tiny_config()), create_run(workspace, tiny_config())
    blocked.lock_file.mkdir()

    with caplog.at_level(logging.WARNING):
        assert advance(workspace) == run
        assert advance(workspace) is None

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert f"Run {blocked.id} cannot be started" in caplog.text
    assert blocked.status().state == "queued"
    blocked.lock_file.rmdir()
    kill_worker(run)
    assert advance(workspace) == blocked


@pytest.mark.parametrize("action", ["submit", "resume", "delete"])
def test_error_from_an_older_run_is_only_logged(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, action: str
) -> None:
    older, run = create_run(workspace, tiny_config()), create_run(workspace, tiny_config())
    run.write_status(RUNNING)  # there is no worker, so it was interrupted
    monkeypatch.setattr(sys, "executable", str(workspace.root / "no-python"))

    with caplog.at_level(logging.WARNING):
        if action == "submit":
            run = submit(workspace, tiny_config())
        else:
            {"resume": resume, "delete": delete}[action](workspace, run)

    assert older.status().state == "failed"
    assert "could not be started" in caplog.text
    assert not run.folder.exists() if action == "delete" else run.status().state == "queued"


@pytest.mark.usefixtures("idle_workers")
def test_run_stays_queued_while_the_disk_is_full(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TRAZO_WORKSPACE", str(small_disk))
    workspace, filler = Workspace(small_disk), small_disk / "filler"
    # Leave three blocks, for the creation time, the config and the status of a new run.
    filler.write_bytes(bytes(shutil.disk_usage(small_disk).free - 3 * 4096))

    with caplog.at_level(logging.WARNING):
        run = submit(workspace, tiny_config())

    assert "disk is full" in caplog.text
    assert (list_runs(workspace), run.status().state) == ([run], "queued")
    filler.unlink()
    assert advance(workspace) == run


@pytest.mark.usefixtures("idle_workers")
def test_full_disk_ends_the_search_for_a_startable_run(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_WORKSPACE", str(small_disk))
    workspace = Workspace(small_disk)
    first, second = create_run(workspace, tiny_config()), create_run(workspace, tiny_config())
    (small_disk / "filler").write_bytes(bytes(shutil.disk_usage(small_disk).free))

    with pytest.raises(StorageError, match="disk is full"):
        advance(workspace)

    assert [run.status().state for run in (first, second)] == ["queued", "queued"]
    assert [run.lock_file.exists() for run in (first, second)] == [True, False]


def start_foreign_worker(run: Run, until: str) -> subprocess.Popen[bytes]:
    """Start a worker as another container would: the worker holds the run's lock, but its process id is unknown."""
    with worker_lock(run.lock_file) as lock:
        assert lock is not None
        wait = f"until {until}; do sleep 0.02; done"
        worker = subprocess.Popen(["sh", "-c", wait, run.stop_file], pass_fds=(lock,))
    run.process_file.write_text("damaged")
    run.write_status(RUNNING)
    return worker


def test_delete_waits_without_locking_the_workspace(workspace: Workspace, tmp_path: Path) -> None:
    run, exit_file = create_run(workspace, tiny_config()), tmp_path / "go-on"
    worker = start_foreign_worker(run, f'[ -e "$0" -a -e {exit_file} ]')

    with ThreadPoolExecutor(1) as pool:
        deletion = pool.submit(delete, workspace, run)
        try:
            wait_until(lambda: run.stop_requested, what="the request to stop")
            with workspace.locked():
                assert not deletion.done()
        finally:
            exit_file.touch()
            run.stop_file.touch()
        deletion.result()

    assert worker.wait(300) == 0
    assert list_runs(workspace) == []


def test_run_whose_foreign_worker_keeps_running_is_not_deleted(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "_WORKER_EXIT_TIMEOUT_SECONDS", 0.1)
    run = create_run(workspace, tiny_config())
    worker = start_foreign_worker(run, "false")

    try:
        with pytest.raises(RunError, match=r"another dashboard or container\..*delete the run once it has"):
            delete(workspace, run)

        assert run.stop_requested
        assert run.status().state == "running"
    finally:
        worker.kill()
        worker.wait()
    wait_until(lambda: not run.alive, what="the end of the worker")
    delete(workspace, run)
    assert list_runs(workspace) == []


def test_worker_caches_bytecode_even_if_the_dashboard_does_not(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python, file = tmp_path / "python", tmp_path / "environment"
    python.write_text(f"#!/bin/sh\nenv > {file}.part && mv {file}.part {file}\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    submit(workspace, tiny_config())

    wait_until(file.exists, what="the start of the worker")
    assert f"TRAZO_WORKSPACE={workspace.root}" in file.read_text()
    assert "PYTHONDONTWRITEBYTECODE" not in file.read_text()


def test_run_fails_if_its_worker_cannot_be_started(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(workspace.root / "no-python"))

    with pytest.raises(RunError, match="could not be started"):
        submit(workspace, tiny_config())

    (run,) = list_runs(workspace)
    assert run.status().state == "failed"


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="This system has no autogroup scheduling.")
def test_worker_yields_the_cpu_to_every_other_session() -> None:
    script = "import os; from core.training.worker import lower_priority; lower_priority(); print(os.nice(0))"
    command = [sys.executable, "-c", f"{script}; print(open('/proc/self/autogroup').read())"]

    worker = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True, start_new_session=True)

    niceness, group = worker.stdout.split("\n", 1)
    assert niceness == "19"
    assert group.strip().endswith("nice 19")
