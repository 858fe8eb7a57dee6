"""Retraining a trial with other seeds, as ordinary runs, each of which reads the test set once."""

from __future__ import annotations

from core.environment import worker_count
from core.errors import QueueFull, RunError, SweepError
from core.language import Message
from core.launcher.queue import resumable
from core.runs.run import Run
from core.runs.trial import TrialMark
from core.sweeps.progress import update_progress
from core.sweeps.records import SweepSettings, Trial, Winner
from core.sweeps.spaces import config_of
from core.sweeps.sweep import Sweep
from core.sweeps.trial_runs import MAX_RETRIES, TrialRuns, continue_run, is_unfinished
from core.workspace import Workspace

SEEDS = 3
"""Number of runs that retrain the winner: the smallest number that shows a spread."""


class WinnerTraining:
    """The runs that retrain the best trial. `step` does whatever can be done now, and is called repeatedly."""

    def __init__(self, workspace: Workspace, sweep: Sweep, runs: TrialRuns, trial: Trial) -> None:
        self._workspace, self._sweep, self._runs, self._trial = workspace, sweep, runs, trial
        self._settings = sweep.settings()
        self._earlier_runs = set(runs.of(trial.number, winner=True))  # existed when this process started
        self._retries: dict[Run, int] = {}
        _write_winner(workspace, sweep, runs, trial.number, chosen_by_sweep=True)

    def step(self) -> bool:
        """Resume interrupted runs and start new ones if there is room; return True while there is something to do."""
        must_retry = False
        for run in self.runs:
            must_retry |= self._resume_if_needed(run)
        self._runs.advance_queue()
        runs = self.runs
        unfinished = sum(map(is_unfinished, runs))
        if len(runs) < SEEDS and unfinished < worker_count():
            seed_index = self._runs.first_free_seed(self._trial.number, winner=True)
            if create_winner_run(self._settings, self._sweep, self._runs, self._trial, seed_index):
                _write_winner(self._workspace, self._sweep, self._runs, self._trial.number, chosen_by_sweep=True)
            return True
        return must_retry or unfinished > 0 or len(runs) < SEEDS

    @property
    def runs(self) -> list[Run]:
        """The runs so far."""
        return self._runs.of(self._trial.number, winner=True)

    def _resume_if_needed(self, run: Run) -> bool:
        """Resume a run that was interrupted, or that stopped with its sweep.

        Return True if this must be retried because the queue is full.
        """
        try:
            status = run.status()
            stopped_with_sweep = run in self._earlier_runs and status.state in ("stopped", "failed")
            if stopped_with_sweep and not resumable(run, status):  # in its first epoch
                self._runs.forget(run)
                return False
            interrupted = status.state == "interrupted" and self._retries.get(run, 0) < MAX_RETRIES
            if stopped_with_sweep or interrupted:
                if not continue_run(self._workspace, run):
                    return True
                self._retries[run] = self._retries.get(run, 0) + 1
        except RunError:  # deleted or damaged, or its process cannot be started
            self._retries[run] = MAX_RETRIES
        self._earlier_runs.discard(run)
        return False


def retrain(workspace: Workspace, sweep: Sweep, trial_number: int) -> list[Run]:
    """Queue three runs with the settings of a trial and other seeds, unless they exist already; return them.

    Raises SweepError if there is no such trial, QueueFull if the queue is full: then call this again later.
    """
    trial = next((each for each in sweep.progress().trials if each.number == trial_number), None)
    if trial is None:
        raise SweepError(
            Message(
                "The sweep {sweep} has no trial {trial}. Choose one of its trials.", sweep=sweep.id, trial=trial_number
            ),
            sweep.id,
        )
    settings, runs = sweep.settings(), TrialRuns(workspace, sweep.id)
    for seed_index in range(SEEDS):
        if create_winner_run(settings, sweep, runs, trial, seed_index) is None:
            _write_winner(workspace, sweep, runs, trial_number)
            raise QueueFull(Message("The queue is full. Let some runs finish, then try again."))
    _write_winner(workspace, sweep, runs, trial_number)
    return runs.of(trial_number, winner=True)


def create_winner_run(
    settings: SweepSettings, sweep: Sweep, runs: TrialRuns, trial: Trial, seed_index: int
) -> Run | None:
    """Queue one of the runs that retrain a trial, unless it exists; return it, or None if the queue is full."""
    # Seeds that the search did not use: with the search's, the trial may have been lucky.
    seed = (settings.base.seed + settings.seeds_per_trial + seed_index) % 2**31
    mark = TrialMark(
        sweep=sweep.id,
        trial=trial.number,
        seed_index=seed_index,
        winner=True,
        # The comparison with the first trial needs this on validation images; a card has it only for test images.
        measurements=("redrawn_accuracy",) if settings.objectives[0] == "redrawn_accuracy" else (),
    )
    return runs.create(config_of(settings, trial.settings, seed), mark)


def _write_winner(
    workspace: Workspace, sweep: Sweep, runs: TrialRuns, trial_number: int, *, chosen_by_sweep: bool = False
) -> None:
    ids = tuple(run.id for run in runs.of(trial_number, winner=True))
    winners = [Winner(trial=trial_number, runs=ids)] if ids else []
    update_progress(workspace, sweep, winners=winners, chosen_by_sweep=trial_number if chosen_by_sweep else None)
