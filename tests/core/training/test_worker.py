"""A worker from its start, whether or not the process that started it survives, to the start of the next one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from importlib import import_module
from io import StringIO
from pathlib import Path

import psutil
import pytest

from core.config import TrainingConfig
from core.launcher.control import delete, request_stop
from core.launcher.queue import advance, resume, submit
from core.runs.registry import create_run, list_runs
from core.runs.run import Run
from core.training import worker
from core.workspace import PROJECT, Workspace
from tests.conftest import tiny_config
from tests.support.waiting import wait_until
from tests.support.workers import end_all, wait_for, wait_for_end, workers_in

ENDLESS = tiny_config(epochs=200, patience=0, batch_size=8)

# Starts the queued run, and is killed before it can put the worker on record.
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
    """Kill the workers that a test leaves."""
    yield
    end_all(workspace)


@pytest.fixture
def orphan(workspace: Workspace) -> Run:
    """A run with a real worker whose starter was killed at once."""
    run = create_run(workspace, ENDLESS)
    killed = subprocess.run([sys.executable, "-c", KILLED_LAUNCHER], cwd=PROJECT, check=False)
    assert killed.returncode == -signal.SIGKILL
    return run


def test_worker_of_a_killed_starter_is_neither_doubled_nor_lost(orphan: Run, workspace: Workspace) -> None:
    waiting = create_run(workspace, tiny_config())
    os.utime(orphan.status_file, (0, 0))  # as if it had started long ago

    assert orphan.status().state == "running"
    assert advance(workspace) is None

    process = wait_until(orphan.process, 60, "the worker's own record")
    assert workers_in(orphan.folder) == [process]
    assert waiting.status().state == "queued"


def test_delete_ends_a_worker_that_is_not_on_record_yet(orphan: Run, workspace: Workspace) -> None:
    (process,) = workers_in(orphan.folder)
    assert orphan.process() is None

    delete(workspace, orphan)

    assert list_runs(workspace) == []
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_next_run_starts_when_a_run_becomes_read_only(
    workspace: Workspace, turned_read_only: Callable[[Path], None]
) -> None:
    run, waiting = submit(workspace, ENDLESS), create_run(workspace, ENDLESS)
    wait_for(run, lambda: len(run.steps()), "first steps")

    turned_read_only(run.folder)

    wait_until(lambda: waiting.status().state == "running", 60, "the start of the next run")
    assert run.status().state == "interrupted"
    assert "may not be written" in run.log_tail()


def test_stop_after_a_resume_stops_the_next_worker(
    workspace: Workspace, worker_after: Callable[[str], None], tmp_path: Path
) -> None:
    said, go_on = tmp_path / "said", tmp_path / "go-on"
    # The first worker fails, and waits after its last status.
    worker_after(
        "from pathlib import Path\nfrom core.runs.run import Run\nfrom tests.support.waiting import wait_until\n"
        "Run.config = lambda run: 1 / 0\nwrite = Run.write_last_status\n"
        "Run.write_last_status = lambda run, status: (write(run, status), "
        f"Path({str(said)!r}).touch(), wait_until(Path({str(go_on)!r}).exists, 60))"
    )
    run = submit(workspace, ENDLESS)
    wait_until(said.exists, 60, "the last words of the first worker")
    assert run.status().state == "failed"
    worker_after("")

    resume(workspace, run)
    assert run.status().state == "queued"
    go_on.touch()
    wait_until(lambda: advance(workspace) or run.status().state == "running", 30, "the next worker")
    request_stop(workspace, run)

    wait_for_end(run)
    assert run.status().state == "stopped"
    assert not run.stopping


def test_log_stays_short_if_a_training_prints_a_lot(workspace: Workspace, worker_after: Callable[[str], None]) -> None:
    worker_after(
        "from core.runs import run\nrun.LOG_BYTES = 4096\n"
        "from core.training.callbacks import Journal\nwrite = Journal.write\n"
        "Journal.write = lambda *given: (print('x' * 1000, flush=True), write(*given))"
    )
    run = submit(workspace, tiny_config(epochs=4, patience=0))

    wait_for_end(run)

    assert run.status().state == "finished"
    assert run.log_file.stat().st_size < 2 * 4096
    assert "Older output was dropped" in run.log_tail()
    assert run.log_tail().splitlines()[-1].startswith("test accuracy")


@pytest.mark.parametrize(
    ("config", "state"),
    [(tiny_config(), "finished"), (ENDLESS, "stopped"), (tiny_config(dataset="mnist"), "failed")],
    ids=["finished", "stopped", "failed"],
)
def test_queue_goes_on_by_itself_when_a_worker_ends(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, config: TrainingConfig, state: str
) -> None:
    monkeypatch.setenv("TRAZO_MNIST", str(workspace.root / "no-mnist.npz"))
    first, second = submit(workspace, config), create_run(workspace, tiny_config(seed=7))
    if state == "stopped":
        wait_for(first, lambda: first.status().phase == "training", "first step")
        request_stop(workspace, first)

    wait_for_end(first)

    assert first.status().state == state
    process = wait_until(second.process, 60, "the start of the second worker")
    assert not first.alive  # the second worker does not hold its lock
    assert os.getsid(process.pid) == process.pid  # detached
    wait_for_end(second)
    assert second.status().state == "finished"


def test_error_in_the_queue_goes_to_the_log(workspace: Workspace, worker_after: Callable[[str], None]) -> None:
    worker_after("from core.training import worker\nworker.advance = lambda workspace: 1 / 0")
    run = submit(workspace, tiny_config(dataset="digits"))

    wait_for_end(run)

    assert run.status().state == "finished"
    assert "ZeroDivisionError" in run.log_tail()


@pytest.mark.parametrize(("variable", "niceness"), [("", 19), ("1", 19), ("0", os.nice(0))])
def test_worker_steps_back_unless_told_otherwise(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, variable: str, niceness: int
) -> None:
    monkeypatch.setenv("TRAZO_BACKGROUND_TRAINING", variable)
    run = submit(workspace, ENDLESS)
    process = run.process()
    assert process is not None

    # Written after the priority.
    wait_for(run, lambda: run.status().message == "Loading TensorFlow." or len(run.steps()), "first status")

    assert process.nice() == niceness
    assert (os.sched_getscheduler(process.pid) == os.SCHED_IDLE) == (variable != "0")


def test_hidden_packages_can_be_imported_afterwards() -> None:
    sys.modules.pop("this", None)
    with worker.missing("this", "json"):
        with pytest.raises(ImportError):
            import_module("this")
        import_module("json")  # loaded before

    with redirect_stdout(StringIO()):
        assert import_module("this").__name__ == "this"
