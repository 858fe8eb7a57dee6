"""The life of a worker: it keeps running if its launcher is killed, and starts the next worker when it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from core.config import TrainingConfig
from core.launcher.control import delete, request_stop
from core.launcher.overview import overview
from core.launcher.queue import advance, resume, submit
from core.runs.registry import create_run, list_runs
from core.runs.run import Run
from core.workspace import PROJECT, Workspace
from tests.support.tiny_training import tiny_config
from tests.support.waiting import wait_until
from tests.support.workers import end_all, wait_for, wait_for_end, workers_in

ENDLESS = tiny_config(epochs=200, patience=0, batch_size=8)

# Starts the queued run, and is killed before it can record the worker.
KILLED_LAUNCHER = """
import os, signal
from core.runs.run import Run
from core.launcher.queue import advance
from core.workspace import Workspace
Run.write_process = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
advance(Workspace.from_environment())
"""


@pytest.fixture(autouse=True)
def no_worker_survives(workspace: Workspace) -> Iterator[None]:
    """Kill the workers that a test leaves running."""
    yield
    end_all(workspace)


@pytest.fixture
def orphan(workspace: Workspace) -> Run:
    """A run with a real worker; the process that started it was killed immediately."""
    run = create_run(workspace, ENDLESS)
    killed = subprocess.run([sys.executable, "-c", KILLED_LAUNCHER], cwd=PROJECT, check=False)
    assert killed.returncode == -signal.SIGKILL
    return run


def test_worker_of_a_killed_launcher_is_known_and_unique(orphan: Run, workspace: Workspace) -> None:
    waiting = create_run(workspace, tiny_config())
    os.utime(orphan.status_file, (0, 0))  # as if it had started long ago

    assert orphan.status().state == "running"
    assert advance(workspace) is None

    process = wait_until(orphan.process, what="the worker's own record")
    assert workers_in(orphan.folder) == [process]
    assert waiting.status().state == "queued"


def test_delete_ends_a_worker_that_is_not_recorded_yet(orphan: Run, workspace: Workspace) -> None:
    (process,) = workers_in(orphan.folder)
    assert orphan.process() is None

    delete(workspace, orphan)

    assert list_runs(workspace) == []
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_next_run_starts_when_a_run_becomes_read_only(
    workspace: Workspace, make_read_only: Callable[[Path], None]
) -> None:
    run, waiting = submit(workspace, ENDLESS), create_run(workspace, ENDLESS)
    wait_for(run, lambda: len(run.steps()), "first steps")

    make_read_only(run.folder)

    wait_until(lambda: waiting.status().state == "running", what="the start of the next run")
    assert run.status().state == "interrupted"
    assert "could not be written. Change" in run.log_tail()


def test_stop_after_a_resume_stops_the_next_worker(
    workspace: Workspace, patch_worker: Callable[[str], None], tmp_path: Path
) -> None:
    ended_file, exit_file = tmp_path / "ended", tmp_path / "go-on"
    # The first worker fails, then waits after writing its final status.
    patch_worker(
        "from pathlib import Path\nfrom core.runs.run import Run\nfrom tests.support.waiting import wait_until\n"
        "Run.config = lambda run: 1 / 0\nwrite = Run.write_final_status\n"
        "Run.write_final_status = lambda run, status: (write(run, status), "
        f"Path({str(ended_file)!r}).touch(), wait_until(Path({str(exit_file)!r}).exists, 60))"
    )
    run = submit(workspace, ENDLESS)
    wait_until(ended_file.exists, what="the final status of the first worker")
    assert run.status().state == "failed"
    patch_worker("")

    resume(workspace, run)
    assert run.status().state == "queued"
    exit_file.touch()
    wait_until(lambda: advance(workspace) or run.status().state == "running", what="the next worker")
    request_stop(workspace, run)

    wait_for_end(run)
    assert run.status().state == "stopped"
    assert not run.stop_requested


def test_log_of_a_verbose_run_stays_short(workspace: Workspace, patch_worker: Callable[[str], None]) -> None:
    patch_worker(
        "from core.runs import run\nrun.MAX_LOG_BYTES = 4096\n"
        "from core.training.callbacks import Journal\nwrite = Journal.write_status\n"
        "Journal.write_status = lambda *arguments: (print('x' * 1000, flush=True), write(*arguments))"
    )
    run = submit(workspace, tiny_config(epochs=4, patience=0))

    wait_for_end(run)

    assert run.status().state == "finished"
    assert run.log_file.stat().st_size < 2 * 4096
    assert "Older output was removed" in run.log_tail()
    assert run.log_tail().splitlines()[-1].startswith("test accuracy")


@pytest.mark.parametrize(
    ("config", "state"),
    [(tiny_config(), "finished"), (ENDLESS, "stopped"), (tiny_config(dataset="mnist"), "failed")],
    ids=["finished", "stopped", "failed"],
)
def test_worker_starts_the_next_run_when_it_ends(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, config: TrainingConfig, state: str
) -> None:
    missing_file = workspace.root / "no-mnist.npz"
    monkeypatch.setenv("TRAZO_MNIST", str(missing_file))
    first, second = submit(workspace, config), submit(workspace, ENDLESS)
    assert overview(workspace).waiting == (second,)
    if state == "stopped":
        wait_for(first, lambda: first.status().phase == "training", "first step")
        request_stop(workspace, first)

    wait_for_end(first)

    assert first.status().state == state
    assert first.bundle.complete == (state != "failed")
    if state == "failed":
        assert str(missing_file) in first.status().message
        assert "Traceback" in first.log_tail()
    process = wait_until(second.process, what="the start of the second worker")
    assert not first.alive  # the second worker has not inherited the first one's lock
    assert os.getsid(process.pid) == process.pid  # detached
    assert overview(workspace).latest == second


def test_queue_error_is_written_to_the_log(workspace: Workspace, patch_worker: Callable[[str], None]) -> None:
    patch_worker(
        "from core.training import worker\nworker.advance = lambda workspace: 1 / 0\n"
        "worker._train = lambda *_: {'state': 'finished'}"
    )
    run = submit(workspace, tiny_config())

    wait_for_end(run)

    assert run.status().state == "finished"
    assert "ZeroDivisionError" in run.log_tail()


@pytest.mark.parametrize(("variable", "niceness"), [("", 19), ("1", 19), ("0", os.nice(0))])
def test_worker_has_low_priority_unless_configured_otherwise(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, variable: str, niceness: int
) -> None:
    monkeypatch.setenv("TRAZO_BACKGROUND_TRAINING", variable)
    run = submit(workspace, ENDLESS)
    process = run.process()
    assert process is not None

    # The worker writes its first status after it has lowered its priority.
    wait_for(run, lambda: run.status().message == "Loading TensorFlow." or len(run.steps()), "first status")

    assert process.nice() == niceness
    assert (os.sched_getscheduler(process.pid) == os.SCHED_IDLE) == (variable != "0")
