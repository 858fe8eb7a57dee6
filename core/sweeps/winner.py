"""Training a trial again with other seeds, as ordinary runs that use the test set once each."""

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
"""Number of runs that train the winner again: the smallest number that shows a spread."""


class WinnerTraining:
    """The runs that train the best trial again. `step` does whatever can be done now, and is called repeatedly."""

    def __init__(self, workspace: Workspace, sweep: Sweep, runs: TrialRuns, trial: Trial) -> None:
        self._workspace, self._sweep, self._runs, self._trial = workspace, sweep, runs, trial
        self._settings = sweep.settings()
        self._revivable_runs = set(runs.of(trial.number, winner=True))
        self._retries: dict[Run, int] = {}
        _write_winner(workspace, sweep, runs, trial.number, own_choice=True)

    def step(self) -> bool:
        """Resume interrupted runs and begin new ones if there is room; return True while there is something to do."""
        delayed = sum(map(self._resume_if_needed, self.runs))
        self._runs.advance_queue()
        runs = self.runs
        unfinished = sum(map(is_unfinished, runs))
        if len(runs) < SEEDS and unfinished < worker_count():
            seed_index = self._runs.first_free_seed(self._trial.number, winner=True)
            if create_winner_run(self._settings, self._sweep, self._runs, self._trial, seed_index):
                _write_winner(self._workspace, self._sweep, self._runs, self._trial.number, own_choice=True)
            return True
        return unfinished + delayed > 0 or len(runs) < SEEDS

    @property
    def runs(self) -> list[Run]:
        """The runs so far."""
        return self._runs.of(self._trial.number, winner=True)

    def _resume_if_needed(self, run: Run) -> bool:
        """Resume a run that was interrupted, or that stopped with its sweep; return True if the queue is full."""
        try:
            status = run.status()
            stopped_with_sweep = run in self._revivable_runs and status.state in ("stopped", "failed")
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
        self._revivable_runs.discard(run)
        return False


def train_again(workspace: Workspace, sweep: Sweep, trial: int) -> list[Run]:
    """Queue three runs with the settings of a trial and other seeds, unless they exist already; return them.

    Raises SweepError if there is no such trial, QueueFull if the queue is full: then call this again later.
    """
    found_trial = next((each for each in sweep.progress().trials if each.number == trial), None)
    if found_trial is None:
        raise SweepError(
            Message("The sweep {sweep} has no trial {trial}. Choose one of its trials.", sweep=sweep.id, trial=trial),
            sweep.id,
        )
    settings, runs = sweep.settings(), TrialRuns(workspace, sweep.id)
    for seed_index in range(SEEDS):
        if create_winner_run(settings, sweep, runs, found_trial, seed_index) is None:
            _write_winner(workspace, sweep, runs, trial)
            raise QueueFull(Message("The queue is full. Let some runs finish, then try again."))
    _write_winner(workspace, sweep, runs, trial)
    return runs.of(trial, winner=True)


def create_winner_run(
    settings: SweepSettings, sweep: Sweep, runs: TrialRuns, trial: Trial, seed_index: int
) -> Run | None:
    """Queue one of the runs that train a trial again, unless it exists; return it, or None if the queue is full."""
    # Not the search's seeds, with which the trial may have been lucky.
    seed = (settings.base.seed + settings.seeds_per_trial + seed_index) % 2**31
    mark = TrialMark(
        sweep=sweep.id,
        trial=trial.number,
        seed_index=seed_index,
        winner=True,
        # For the comparison with the first trial: a card has this accuracy only for test images.
        measurements=("redrawn_accuracy",) if settings.objectives[0] == "redrawn_accuracy" else (),
    )
    return runs.create(config_of(settings, trial.settings, seed), mark)


def _write_winner(workspace: Workspace, sweep: Sweep, runs: TrialRuns, trial: int, *, own_choice: bool = False) -> None:
    ids = tuple(run.id for run in runs.of(trial, winner=True))
    winners = [Winner(trial=trial, runs=ids)] if ids else []
    update_progress(workspace, sweep, winners=winners, own_choice=trial if own_choice else None)
