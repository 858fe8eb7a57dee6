"""A worker from its first moment, whatever becomes of who started it, to its last deed."""

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

from core.runs.registry import create_run, list_runs
from core.runs.run import Run
from core.training import worker
from core.training.control import delete, request_stop
from core.training.queue import advance, resume, submit
from core.workspace import PROJECT, Workspace
from tests.conftest import tiny_config
from tests.support.waiting import wait_until
from tests.support.workers import end_all, workers_in

ENDLESS = tiny_config(epochs=200, patience=0, batch_size=8)

# Starts the run that waits, and is killed before it can put the worker on record.
KILLED_LAUNCHER = """
import os, signal
from core.runs.run import Run
from core.training.queue import advance
from core.workspace import Workspace
Run.write_process = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
advance(Workspace.from_environment())
"""


@pytest.fixture(autouse=True)
def no_worker_survives(workspace: Workspace) -> Iterator[None]:
    """Kill what a test left at work."""
    yield
    end_all(workspace)


@pytest.fixture
def orphan(workspace: Workspace) -> Run:
    """A run with a real worker, whose launcher was killed the moment that it had started it."""
    run = create_run(workspace, ENDLESS)
    killed = subprocess.run([sys.executable, "-c", KILLED_LAUNCHER], cwd=PROJECT, check=False)
    assert killed.returncode == -signal.SIGKILL
    return run


def test_a_worker_whose_launcher_was_killed_is_neither_doubled_nor_lost(orphan: Run, workspace: Workspace) -> None:
    waiting = create_run(workspace, tiny_config())
    os.utime(orphan.status_file, (0, 0))  # as if it had needed long to get this far

    assert orphan.status().state == "running"
    assert advance(workspace) is None

    process = wait_until(orphan.process, 60, "the worker's own record")
    assert workers_in(orphan.folder) == [process]
    assert waiting.status().state == "queued"


def test_deleting_a_run_whose_worker_is_not_on_record_yet_ends_the_worker(orphan: Run, workspace: Workspace) -> None:
    (process,) = workers_in(orphan.folder)
    assert orphan.process() is None

    delete(workspace, orphan)

    assert list_runs(workspace) == []
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_run_that_turns_read_only_ends_and_the_next_one_starts(
    workspace: Workspace, turned_read_only: Callable[[Path], None]
) -> None:
    run, waiting = submit(workspace, ENDLESS), create_run(workspace, ENDLESS)
    wait_until(lambda: len(run.steps()), 90, "the first steps")

    turned_read_only(run.folder)

    wait_until(lambda: waiting.status().state == "running", 60, "the start of the next run")
    assert run.status().state == "interrupted"
    assert "may not be written" in run.log_tail()


def test_a_stop_right_after_a_resume_is_meant_for_the_next_worker(
    workspace: Workspace, worker_after: Callable[[str], None], tmp_path: Path
) -> None:
    said, go_on = tmp_path / "said", tmp_path / "go-on"
    # The first worker fails, and stands still once it has said so.
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

    wait_until(lambda: not run.alive, 60, "the end")
    assert run.status().state == "stopped"
    assert not run.stopping


def test_a_log_stays_short_however_much_a_training_prints(
    workspace: Workspace, worker_after: Callable[[str], None]
) -> None:
    worker_after(
        "from core.runs import run\nrun.LOG_BYTES = 4096\n"
        "from core.training.callbacks import Journal\nwrite = Journal.write\n"
        "Journal.write = lambda *given: (print('x' * 1000, flush=True), write(*given))"
    )
    run = submit(workspace, tiny_config(epochs=4, patience=0))

    wait_until(lambda: not run.alive, 90, "the end")

    assert run.status().state == "finished"
    assert run.log_file.stat().st_size < 2 * 4096
    assert "Older output was dropped" in run.log_tail()
    assert run.log_tail().splitlines()[-1].startswith("test accuracy")


def test_what_keras_is_not_to_find_can_be_imported_afterwards() -> None:
    sys.modules.pop("this", None)
    with worker.missing("this", "json"):
        with pytest.raises(ImportError):
            import_module("this")
        import_module("json")  # loaded before

    with redirect_stdout(StringIO()):
        assert import_module("this").__name__ == "this"
