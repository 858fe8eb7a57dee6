"""The runs of a sweep, found by their marks, which are the source of truth about a sweep after a crash."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

from core.config import TrainingConfig
from core.errors import QueueFull, RunError, StorageError
from core.language import Message
from core.launcher.control import request_stop
from core.launcher.queue import advance, resume, submit
from core.runs.deletion import delete_run
from core.runs.registry import check_runs, list_runs
from core.runs.run import Run
from core.runs.trial import TrialMark, read_trial_mark
from core.workspace import Workspace

MAX_RETRIES = 2
"""Maximum number of times that an interrupted run is resumed automatically."""

STOPPED_MESSAGE = Message("Stopped with its sweep.")

_ADVANCE_SECONDS = 2.0
"""Seconds between two attempts to start a queued run; each reads the status of every run."""

_logger = logging.getLogger(__name__)
_Position = tuple[bool, int, int]


class TrialRuns:
    """The runs of one sweep in this workspace, each with its position: winner or not, trial, and index of its seed."""

    def __init__(self, workspace: Workspace, sweep_id: str) -> None:
        """Find the runs that exist; raises StorageError if they cannot be listed."""
        self._workspace, self._sweep_id = workspace, sweep_id
        self._runs: dict[_Position, Run] = {}
        self._advance_after = 0.0
        self._problem = ""
        self._find()

    def of(self, trial_number: int, *, winner: bool = False) -> list[Run]:
        """Return the runs of a trial, in the order of their seeds."""
        positions = sorted(position for position in self._runs if position[:2] == (winner, trial_number))
        return [self._runs[position] for position in positions]

    def all(self) -> list[Run]:
        """Return all runs, those of the winners included."""
        return list(self._runs.values())

    def first_free_seed(self, trial_number: int, *, winner: bool = False) -> int:
        """Return the smallest seed index that no run of a trial has, by default among the search's runs."""
        index = 0
        while (run := self._runs.get((winner, trial_number, index))) and run.config_file.exists():
            index += 1
        return index

    def of_other_trials(self, trials: Iterable[int]) -> list[Run]:
        """Return the search's runs of all trials except these."""
        excluded = set(trials)
        return [run for (winner, trial, _), run in self._runs.items() if not winner and trial not in excluded]

    def winners(self) -> dict[int, list[Run]]:
        """Return the runs of each trial that was retrained."""
        trials = sorted({trial for winner, trial, _ in self._runs if winner})
        return {trial: self.of(trial, winner=True) for trial in trials}

    def create(self, config: TrainingConfig, mark: TrialMark) -> Run | None:
        """Create and queue a run, unless there is one at its position; return None if the queue is full."""
        with self._workspace.locked():
            if mark.winner:  # the sweep's process and the dashboard both create these
                self._find()
            known = self._runs.get(_position(mark))
            if known is not None and known.config_file.exists():
                return known
            try:
                run = submit(self._workspace, config, trial=mark)
            except QueueFull:
                return None
            except RunError as error:
                if error.run_id is None:
                    raise
                run = Run(self._workspace.runs / error.run_id)  # its process could not be started
            self._runs[_position(mark)] = run
            return run

    def advance_queue(self) -> None:
        """Start the next queued run from time to time, in case a killed worker did not."""
        if time.monotonic() < self._advance_after:
            return
        self._advance_after = time.monotonic() + _ADVANCE_SECONDS
        try:
            advance(self._workspace)
        except (RunError, StorageError) as error:  # the next run may belong to somebody else
            if str(error) != self._problem:
                _logger.warning("The queue did not advance: %s", error)
            self._problem = str(error)

    def forget(self, run: Run) -> None:
        """Delete a run that cannot be resumed, so that another one takes its position."""
        delete_run(self._workspace, run)
        self._runs = {position: known for position, known in self._runs.items() if known != run}

    def _find(self) -> None:
        """Add the runs that exist now."""
        # Otherwise, an unreadable folder would look empty, and runs would be trained twice.
        check_runs(self._workspace)
        for run in list_runs(self._workspace):
            try:
                mark = read_trial_mark(run.trial_file)
            except RunError:  # damaged
                continue
            if mark and mark.sweep == self._sweep_id:
                self._runs[_position(mark)] = run


def continue_run(workspace: Workspace, run: Run) -> bool:
    """Queue a run that has ended without a result; return False if the queue is full and this must be retried.

    Raises RunError if the run cannot be resumed.
    """
    try:
        resume(workspace, run)
    except QueueFull:
        return False
    except RunError:
        if not is_unfinished(run):  # otherwise, a person has just resumed it
            raise
    return True


def is_unfinished(run: Run) -> bool:
    """Return True if a run is queued or running."""
    try:
        return not run.status().has_ended
    except RunError:  # deleted or damaged
        return False


def stop_all(workspace: Workspace, runs: Iterable[Run], reason: str) -> list[Run]:
    """Ask the unfinished runs among these to stop, queued ones first; return them."""
    unfinished = [run for run in runs if is_unfinished(run)]
    # Otherwise, a queued run would start as soon as the running one ended.
    for run in sorted(unfinished, key=lambda run: run.id, reverse=True):
        try:
            request_stop(workspace, run, reason)
        except RunError:  # it has just ended
            continue
    return unfinished


def _position(mark: TrialMark) -> _Position:
    return mark.winner, mark.trial, mark.seed_index
