"""The worker process that trains one run; the queue starts it as `python -m core.training.worker RUN_DIR LOCK`."""

from __future__ import annotations

import faulthandler
import os
import shutil
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.config import TrainingConfig
from core.environment import ray_address, trains_in_background
from core.errors import RunError, RunNotFound, TrazoError
from core.language import Message, message_of
from core.launcher.map_process import start_map
from core.launcher.queue import advance
from core.launcher.teachers import copy_teachers
from core.runs.fine_tuning import read_fine_tuning
from core.runs.run import Run
from core.runs.status import Status
from core.storage import storage_errors
from core.training.engines import local, ray
from core.training.start import write_start
from core.workspace import Workspace

_NICE = 19
"""The lowest priority of a process."""

_OOM_SCORE = "1000"
"""Makes Linux kill this process first if the machine runs out of memory."""

_AUTOGROUP = Path("/proc/self/autogroup")
_OOM_SCORE_FILE = Path("/proc/self/oom_score_adj")


def main(folder: Path, lock: int) -> int:
    """Train the run in `folder`, record how the run ended, start the next queued run, and have the map computed.

    `lock`: file descriptor of the run's lock, inherited from the process that started this worker.
    """
    run, workspace = Run(folder), Workspace.from_environment()
    # The next run's worker must not inherit this run's lock.
    os.set_inheritable(lock, False)
    end = train_to_end(run, workspace, lock)
    os.close(lock)
    with _log_errors():
        advance(workspace)
    if end["state"] == "finished":
        with _log_errors():
            _start_map(run, workspace)
    return 0 if end["state"] != "failed" else 1


def train_to_end(run: Run, workspace: Workspace, lock: int | None = None) -> dict[str, str]:
    """Train a run and record how it ended; return its final state and a message that explains it."""
    if not _trains_on_cluster(run):  # its supervisor must answer every second, and needs hardly any CPU time
        yield_to_others()
    # Log a traceback if a signal kills the process.
    faulthandler.enable()
    end = _train_or_report(run, workspace, lock)
    with _log_errors():
        _record_end(run, end)
    return end


def _start_map(run: Run, workspace: Workspace) -> None:
    """Have another process compute the map of MNIST; other maps are computed when a page needs them.

    A fine-tuned network's map would take far longer than the fine-tuning; a sweep's search run has no network.
    This process then exits, because TensorFlow occupies memory that the next run needs.
    """
    if run.config().dataset == "mnist" and run.bundle.complete and not run.fine_tuning_file.exists():
        with suppress(RunError):  # other results are being computed; a page starts this map when it needs it
            start_map(workspace, run.bundle, "mnist")


def yield_to_others() -> None:
    """Give way to other processes, unless the environment forbids it, and be killed first if memory runs out."""
    with suppress(OSError):  # only Linux has this file
        _OOM_SCORE_FILE.write_text(_OOM_SCORE)
    if trains_in_background():
        lower_priority()


def lower_priority() -> None:
    """Give way to every other process, so that pages stay fast while training uses every core."""
    # A process with this policy runs only if no other process wants to.
    if hasattr(os, "SCHED_IDLE"):
        with suppress(OSError):  # some containers forbid this
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    # The increment is relative, because a worker that was started by another worker has inherited its priority.
    os.nice(max(0, _NICE - os.nice(0)))
    # Linux first distributes cores among sessions, regardless of their processes' priorities (sched(7), "The autogroup
    # feature"). A worker has its own session, unless somebody started it by hand.
    if _AUTOGROUP.exists() and os.getsid(0) == os.getpid():
        with suppress(OSError):  # fails in some containers, and if the value was changed less than 0.1 s ago
            _AUTOGROUP.write_text(str(_NICE))


def _record_end(run: Run, end: dict[str, str]) -> None:
    """Write the run's final status and remove the files that a finished run no longer needs."""
    # Remove the stop file before writing the status, because a run that has ended may be resumed, and a new stop file
    # is then meant for the next worker.
    with suppress(OSError):
        run.stop_file.unlink(missing_ok=True)
    try:
        status = run.status()
    except RunError:  # damaged or deleted
        status = Status(state="failed")
    with suppress(RunNotFound):
        update = {"phase": "done", "ended": time.time(), "seconds_left": None, **end}
        run.write_final_status(status.model_copy(update=update))
    # Remove the checkpoint after writing the status, so that a run whose worker is killed in between need not train
    # again.
    if end["state"] == "finished":
        run.checkpoint_file.unlink(missing_ok=True)
        shutil.rmtree(run.teachers_folder, ignore_errors=True)


@contextmanager
def _log_errors() -> Iterator[None]:
    """Write any error raised in the block to the run's log and continue."""
    try:
        yield
    except Exception:  # noqa: BLE001 - the outermost function of the process
        _print_traceback()


def _print_traceback() -> None:
    with suppress(OSError):  # a full disk has no room for the log either
        traceback.print_exc()


def _train_or_report(run: Run, workspace: Workspace, lock: int | None) -> dict[str, str]:
    """Train; return the run's final state and a message that explains it."""
    try:
        with storage_errors(run.folder):
            return _train(run, workspace, lock)
    except Exception as error:  # noqa: BLE001 - every error becomes the run's final status
        _print_traceback()
        return {"state": "failed", "message": _error_message(error)}


def _error_message(error: Exception) -> Message:
    if isinstance(error, TrazoError):
        return message_of(error)
    if isinstance(error, MemoryError):
        return Message("Out of memory. Train again with a smaller batch size or network.")
    return Message("Training failed ({error}). See the log for details.", error=type(error).__name__)


def _train(run: Run, workspace: Workspace, lock: int | None) -> dict[str, str]:
    config, fine_tuning = run.config(), read_fine_tuning(run.fine_tuning_file)
    _announce(run, config)
    copy_teachers(workspace, run, config)
    if _trains_on_cluster(run):
        return ray.train(run, lock)
    return local.train(run, config, fine_tuning, workspace)


def _trains_on_cluster(run: Run) -> bool:
    """Return True if a cluster trains the run; fine-tuning takes seconds and needs the hand, which stays local."""
    return ray_address() is not None and not run.fine_tuning_file.exists()


def _announce(run: Run, config: TrainingConfig) -> None:
    """Record the process, write the first status, and log the config."""
    # The process that started this worker also records it, unless it was killed or the disk was full.
    run.write_process(os.getpid())
    started = time.time()
    if _trains_on_cluster(run):
        write_start(run, config, None, Message("Connecting to the cluster."), started)
        return
    write_start(run, config, "tensorflow", Message("Loading TensorFlow."), started)
    print(f"run {run.id}\n{config.model_dump_json(indent=2)}", flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
