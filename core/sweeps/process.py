"""The process of a sweep: `python -m core.sweeps.process FOLDER` searches, retrains the winner, and ends."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypedDict

from core.errors import SweepError, TrazoError
from core.language import Message, message_of
from core.launcher.prepared_worker import end_prepared_worker
from core.runs.process import WorkerRecord
from core.runs.run import Run
from core.storage import atomic_write, storage_errors
from core.sweeps.opening import study_of
from core.sweeps.pareto import best_trial
from core.sweeps.records import SweepSettings, SweepState, SweepStatus
from core.sweeps.search import Search
from core.sweeps.sweep import Sweep
from core.sweeps.trial_runs import STOPPED_MESSAGE, TrialRuns, is_unfinished, stop_all
from core.sweeps.winner import WinnerTraining
from core.workspace import Workspace

POLL_SECONDS = 0.5
"""Seconds between two checks of the runs: short compared with a run of 10 s, but checking takes only 1% of a core."""
_MAX_UNRECORDED_SECONDS = 30.0
"""Maximum time that a killed process does not count towards the sweep's `hours`."""
_SECONDS_PER_HOUR = 3600.0


class _End(TypedDict):
    """The final state of a sweep and a message that explains it."""

    state: SweepState
    message: Message


def main(folder: Path) -> int:
    """Run the sweep in `folder` until it ends or is stopped, and write how it ended; return the exit status."""
    process = SweepProcess(Workspace.from_environment(), Sweep(folder))
    try:
        with storage_errors(folder):
            end = process.run()
    except Exception as error:  # noqa: BLE001 - every error becomes the sweep's final status
        with suppress(OSError):  # a full disk has no room for the log either
            traceback.print_exc()
        end = {"state": "failed", "message": _error_message(error)}
        # A sweep that has ended must have no runs in progress.
        with suppress(TrazoError, OSError):
            process.stop_runs()
    end_prepared_worker()
    process.finish(end)
    return 0 if end["state"] != "failed" else 1


def _error_message(error: Exception) -> Message:
    if isinstance(error, TrazoError):
        return message_of(error)
    return Message(
        "The sweep failed ({error}). See sweep.log for details, then resume the sweep.", error=type(error).__name__
    )


class SweepProcess:
    """A sweep that is running. Its status counts the seconds of earlier processes, too."""

    def __init__(self, workspace: Workspace, sweep: Sweep) -> None:
        self._workspace, self._sweep = workspace, sweep
        self._start_time = time.monotonic()
        self._previous_status = sweep.status()

    def run(self) -> _End:
        """Search and train the winner; return the final state and message. Raises TrazoError."""
        with atomic_write(self._sweep.process_file) as temporary:
            temporary.write_text(WorkerRecord.of(os.getpid()).model_dump_json() + "\n")
        self._write(Message("Searching."))
        settings = self._sweep.settings()
        study = study_of(self._sweep, settings)
        runs = TrialRuns(self._workspace, self._sweep.id)
        search = Search(self._workspace, self._sweep, study, runs, self._deadline(settings))
        while not (stopping := self._sweep.stop_file.exists()) and search.step():
            self._write(_search_message(search, settings))
            time.sleep(POLL_SECONDS)
        if stopping:
            return self._stopped(search.stop, search)
        if not study.creator:
            return {
                "state": "finished",
                "message": Message("Finished on this machine. The machine that created the sweep continues."),
            }
        best = best_trial(search.trials, settings.objectives)
        if best is None:
            raise SweepError(Message("No trial was completed. Start another sweep with other ranges."), self._sweep.id)
        winner = WinnerTraining(self._workspace, self._sweep, runs, best)
        while not (stopping := self._sweep.stop_file.exists()) and winner.step():
            self._write(Message("Training trial {trial} again with other seeds.", trial=best.number))
            time.sleep(POLL_SECONDS)
        if stopping:
            return self._stopped(lambda: stop_all(self._workspace, winner.runs, STOPPED_MESSAGE))
        return {"state": "finished", "message": Message("Finished. Trial {trial} is the best.", trial=best.number)}

    def stop_runs(self) -> None:
        """Ask all runs of the sweep to stop."""
        runs = TrialRuns(self._workspace, self._sweep.id)
        stop_all(self._workspace, runs.all(), STOPPED_MESSAGE)

    def finish(self, end: _End) -> None:
        """Write the final status."""
        with suppress(OSError):
            self._sweep.stop_file.unlink(missing_ok=True)
        status = self._status(end["message"]).model_copy(update={"state": end["state"], "ended": time.time()})
        self._sweep.write_final_status(status)

    def _stopped(self, stop: Callable[[], list[Run]], search: Search | None = None) -> _End:
        """Stop the runs and wait until they have ended, so that the sweep can be resumed at once."""
        self._write(Message("Stopping."))
        stopping_runs = stop()
        while any(map(is_unfinished, stopping_runs)):
            time.sleep(POLL_SECONDS)
        if search:
            search.write()
        return {"state": "stopped", "message": Message("Stopped. Resume the sweep to go on.")}

    def _deadline(self, settings: SweepSettings) -> float | None:
        if settings.hours is None:
            return None
        return self._start_time + settings.hours * _SECONDS_PER_HOUR - self._previous_status.seconds

    def _write(self, message: Message) -> None:
        """Write the status if the message is new or the recorded time is too old."""
        status = self._sweep.status()
        if message != status.message or time.time() - status.updated > _MAX_UNRECORDED_SECONDS:
            self._sweep.write_status(self._status(message))

    def _status(self, message: Message) -> SweepStatus:
        return SweepStatus(
            state="running",
            message=message,
            started=self._previous_status.started or time.time(),
            seconds=self._previous_status.seconds + time.monotonic() - self._start_time,
        )


def _search_message(search: Search, settings: SweepSettings) -> Message:
    if settings.trials:
        return Message("{ended} of {trials} trials have ended.", ended=search.ended, trials=settings.trials)
    return Message("{ended} trials have ended.", ended=search.ended)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
