"""The process of one training: python -m core.training.worker RUN_DIR LOCK, as the queue starts it."""

from __future__ import annotations

import faulthandler
import os
import shutil
import sys
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from core.config import TrainingConfig
from core.data.datasets import load_dataset
from core.environment import prepare_tensorflow, trains_in_background
from core.errors import RunError, RunNotFound, TrazoError
from core.launcher.queue import advance
from core.launcher.teachers import take_teachers
from core.runs.run import Run
from core.runs.status import Status
from core.storage import storage_errors
from core.workspace import Workspace

_NICE = 19
"""The lowest priority."""

_OOM_SCORE = "1000"
"""The process that Linux ends first if memory runs out."""

_AUTOGROUP = Path("/proc/self/autogroup")
_OOM_SCORE_FILE = Path("/proc/self/oom_score_adj")


def main(folder: Path, lock: int) -> int:
    """Train the run in `folder`, write how it ended, and start the next run in the queue.

    `lock`: file descriptor of the run's lock, inherited from the process that started this one.
    """
    run, workspace = Run(folder), Workspace.from_environment()
    # The next run's worker must not hold this run's lock.
    os.set_inheritable(lock, False)
    with suppress(OSError):  # only Linux has it
        _OOM_SCORE_FILE.write_text(_OOM_SCORE)
    if trains_in_background():
        _step_back()
    # Log a traceback if the process is ended by a signal.
    faulthandler.enable()
    end = _outcome(run, workspace)
    with _errors_logged():
        _conclude(run, end)
    os.close(lock)
    with _errors_logged():
        advance(workspace)
    return 0 if end["state"] != "failed" else 1


def _step_back() -> None:
    """Give way to every other process, so that pages stay quick while a training uses every core."""
    # A process with this policy runs only while no other wants to.
    if hasattr(os, "SCHED_IDLE"):
        with suppress(OSError):  # some containers forbid it
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    # Relative to 0: a worker that is started by another worker inherits its priority.
    os.nice(max(0, _NICE - os.nice(0)))
    # Linux distributes cores among sessions first, whatever the priority of a process in them (sched(7), "The autogroup
    # feature"). A worker has its own session, unless somebody started it by hand.
    if _AUTOGROUP.exists() and os.getsid(0) == os.getpid():
        with suppress(OSError):  # at most once in a tenth of a second, and not in every container
            _AUTOGROUP.write_text(str(_NICE))


def _conclude(run: Run, end: dict[str, str]) -> None:
    """Write the run's last status and remove what a finished run no longer needs."""
    # Before the status: a run that is over may be resumed, and a later stop is meant for the next worker.
    with suppress(OSError):
        run.stop_file.unlink(missing_ok=True)
    try:
        last = run.status()
    except RunError:  # damaged or deleted
        last = Status(state="failed")
    with suppress(RunNotFound):
        ended = {"phase": "done", "ended": time.time(), "seconds_left": None, **end}
        run.write_last_status(last.model_copy(update=ended))
    # After the status: a worker that is killed before this line need not train again.
    if end["state"] == "finished":
        run.checkpoint_file.unlink(missing_ok=True)
        shutil.rmtree(run.teachers, ignore_errors=True)


@contextmanager
def _errors_logged() -> Iterator[None]:
    """Write any error of the block to the run's log, and go on."""
    try:
        yield
    except Exception:  # noqa: BLE001 - the outermost function of the process
        _print_traceback()


def _print_traceback() -> None:
    with suppress(OSError):  # a full disk has no room for the log either
        traceback.print_exc()


def _outcome(run: Run, workspace: Workspace) -> dict[str, str]:
    """Train; return the run's last state and the sentence that explains it."""
    try:
        with storage_errors(run.folder):
            return _train(run, workspace)
    except Exception as error:  # noqa: BLE001 - every error becomes the run's last status
        _print_traceback()
        return {"state": "failed", "message": _sentence(error)}


def _sentence(error: Exception) -> str:
    if isinstance(error, TrazoError):
        return str(error)
    if isinstance(error, MemoryError):
        return "Out of memory. Train again with a smaller batch size or network."
    return f"The training failed ({type(error).__name__}). See the log for details."


def _train(run: Run, workspace: Workspace) -> dict[str, str]:
    config = run.config()
    _announce(run, config)
    take_teachers(workspace, run, config)
    prepare_tensorflow()
    with ThreadPoolExecutor(1) as pool:
        # The data is unpacked and checked while TensorFlow loads.
        loading = pool.submit(load_dataset, config.dataset, workspace)
        # Imported after the first status. Keras tries to import these two packages for features that no training needs;
        # they take a quarter of the time.
        with missing("sklearn", "matplotlib"):
            from core.training.trainer import train_and_evaluate
    outcome = train_and_evaluate(config, run, loading.result())
    if outcome.card is None:
        return {"state": "stopped", "message": "Stopped before the first step."}
    print(f"test accuracy {outcome.card.metrics.test_accuracy:.4f}", flush=True)
    if outcome.stopped:
        return {"state": "stopped", "message": "Stopped on request. The model of the last step is kept."}
    return {"state": "finished", "message": "Finished."}


def _announce(run: Run, config: TrainingConfig) -> None:
    """Write the process on record, the first status, and the config to the log."""
    # Its starter does so, too, unless it is killed before or finds the disk full.
    run.write_process(os.getpid())
    status = Status(state="running", phase="starting", message="Loading TensorFlow.", started=time.time())
    run.write_status(status.model_copy(update={"epochs": config.epochs}))
    print(f"run {run.id}\n{config.model_dump_json(indent=2)}", flush=True)


@contextmanager
def missing(*packages: str) -> Iterator[None]:
    """Make packages that are not loaded yet seem not to be installed within the block."""
    hidden = [package for package in packages if package not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # Python refuses to import what is None here
    try:
        yield
    finally:
        for package in hidden:
            del sys.modules[package]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
