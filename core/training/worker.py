"""The process of one training: python -m core.training.worker RUN_DIR LOCK, as the launcher starts it."""

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

from core.data.datasets import load_dataset
from core.environment import prepare_tensorflow
from core.errors import RunError, RunNotFound, TrazoError
from core.runs.run import Run
from core.runs.status import Status
from core.storage import storage_errors
from core.training.queue import advance
from core.training.teachers import take_teachers
from core.workspace import Workspace

_NICE = 19
_AUTOGROUP = Path("/proc/self/autogroup")
_FIRST_TO_GO = Path("/proc/self/oom_score_adj")


def main(folder: Path, lock: int) -> int:
    """Train the run in `folder`, leave its end in its status, and start the next run in the queue.

    `lock`: the file descriptor by which this process holds the run's lock; the launcher left it.
    """
    run, workspace = Run(folder), Workspace.from_environment()
    os.set_inheritable(lock, False)
    _step_back()
    # Its last words, where a process is ended by the system or by a library.
    faulthandler.enable()
    end = _outcome(run, workspace)
    with _logged():
        _conclude(run, end)
    os.close(lock)
    with _logged():
        advance(workspace)
    return 0 if end["state"] != "failed" else 1


def _step_back() -> None:
    """Give way to pages, which stay quick while a training takes every core, and stay when it takes all memory."""
    with suppress(OSError):  # only Linux has it
        _FIRST_TO_GO.write_text("1000")
    # Where the system knows this, it runs only when nobody else wants to, and makes way at once.
    if hasattr(os, "SCHED_IDLE"):
        with suppress(OSError):  # some containers forbid it
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    # Counted from 0: the worker that started this one from the queue may have stepped back already.
    os.nice(max(0, _NICE - os.nice(0)))
    # Linux shares processors out by sessions first, among which the niceness of a process counts for nothing
    # (sched(7), "The autogroup feature"). A worker has a session of its own, unless somebody started it by hand.
    if _AUTOGROUP.exists() and os.getsid(0) == os.getpid():
        with suppress(OSError):  # once in a tenth of a second at most, and not in every container
            _AUTOGROUP.write_text(str(_NICE))


def _conclude(run: Run, end: dict[str, str]) -> None:
    """Leave the run's last state in its status."""
    # Before the run counts as over: from then on it may be resumed, and a stop is meant for the next worker.
    with suppress(OSError):
        run.stop_file.unlink(missing_ok=True)
    try:
        last = run.status()
    except RunError:  # damaged or deleted
        last = Status(state="failed")
    with suppress(RunNotFound):
        ended = {"phase": "done", "ended": time.time(), "seconds_left": None, **end}
        run.write_last_status(last.model_copy(update=ended))
    # Not before: whatever ends this process until then, nothing is to be learned twice.
    if end["state"] == "finished":
        run.checkpoint_file.unlink(missing_ok=True)
        shutil.rmtree(run.teachers, ignore_errors=True)


@contextmanager
def _logged() -> Iterator[None]:
    """Let what goes wrong be read in the log; what comes next is done all the same."""
    try:
        yield
    except Exception:  # noqa: BLE001 - the edge of the process
        _print_traceback()


def _print_traceback() -> None:
    with suppress(OSError):  # where the disk is full, the log is, too
        traceback.print_exc()


def _outcome(run: Run, workspace: Workspace) -> dict[str, str]:
    """Train; the run's last state, and the sentence that says how it came to it."""
    try:
        with storage_errors(run.folder):
            return _train(run, workspace)
    except Exception as error:  # noqa: BLE001 - the edge of the process: whatever it was becomes the run's last word
        _print_traceback()
        return {"state": "failed", "message": _sentence(error)}


def _sentence(error: Exception) -> str:
    if isinstance(error, TrazoError):
        return str(error)
    if isinstance(error, MemoryError):
        return "The memory ran out. Train again with a smaller batch size or network."
    return f"The training broke off ({type(error).__name__}). The log tells more."


def _train(run: Run, workspace: Workspace) -> dict[str, str]:
    config = run.config()
    # The launcher does so, too; but it may be killed before, or find the disk full.
    run.write_process(os.getpid())
    status = Status(state="running", phase="starting", message="Loading TensorFlow.", started=time.time())
    run.write_status(status.model_copy(update={"epochs": config.epochs}))
    print(f"run {run.id}\n{config.model_dump_json(indent=2)}", flush=True)
    take_teachers(workspace, run, config)
    prepare_tensorflow()
    with ThreadPoolExecutor(1) as pool:
        # Unpacking and checking the data takes its share of the seconds that TensorFlow needs to load.
        loading = pool.submit(load_dataset, config.dataset, workspace)
        # Imported here: the status above is on the page before TensorFlow is there. Keras looks for these two, for
        # wrappers and galleries that no training needs; they would take a quarter of the seconds.
        with missing("sklearn", "matplotlib"):
            from core.training.trainer import Outcome, train_and_evaluate
    dataset = loading.result()
    begins = not run.checkpoint_file.exists()
    if begins and run.stop_file.exists():
        outcome = Outcome(None, stopped=True)
    else:
        outcome = train_and_evaluate(config, run, dataset)
    if outcome.card is None:
        return {"state": "stopped", "message": "Stopped before the first step."}
    print(f"test accuracy {outcome.card.metrics.test_accuracy:.4f}", flush=True)
    if outcome.stopped:
        return {"state": "stopped", "message": "Stopped by hand; what was learned until then is kept."}
    return {"state": "finished", "message": "Finished."}


@contextmanager
def missing(*packages: str) -> Iterator[None]:
    """Let packages that are not loaded yet seem not to be installed, for whoever tries to import them meanwhile."""
    hidden = [package for package in packages if package not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None is Python's own mark for it
    try:
        yield
    finally:
        for package in hidden:
            del sys.modules[package]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
