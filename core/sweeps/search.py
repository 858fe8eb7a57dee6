"""The search of a sweep: asks for trials, trains them as ordinary runs, prunes them, and records how they ended."""

from __future__ import annotations

import time
from statistics import mean

from core.environment import worker_count
from core.errors import RunError, SweepError
from core.language import Message, message_of
from core.launcher.prepared_worker import prepare_worker
from core.launcher.queue import resumable
from core.runs.run import Run
from core.runs.status import Status
from core.runs.trial import Measurement, TrialMark, TrialResult, read_trial_result
from core.storage import atomic_write
from core.sweeps.pareto import pareto_front
from core.sweeps.progress import update_progress
from core.sweeps.records import Progress, Trial, Winner
from core.sweeps.resource import max_resource, measured_images, reached_values
from core.sweeps.spaces import config_of
from core.sweeps.study import AskedTrial, Study
from core.sweeps.sweep import Sweep
from core.sweeps.trial_runs import (
    MAX_RETRIES,
    STOPPED_MESSAGE,
    TrialRuns,
    continue_run,
    is_unfinished,
    stop_all,
)
from core.workspace import Workspace

MAX_FAILED_IN_A_ROW = 3
PRUNED_MESSAGE = Message("Stopped: pruned by the sweep.")

_ASK_AGAIN_SECONDS = 5.0
"""Seconds before a study that had no trial left is asked again: another machine may have given one up."""
_PREPARE_SECONDS = 60.0
"""Seconds of training left at which the next run's worker is prepared, which takes 5 to 20 s."""
_PROBE_BYTES = 64 * 1024


class Search:
    """The trials that this process trains. `step` does whatever can be done now, and is called repeatedly.

    `runs`: the sweep's runs. `deadline`: monotonic time after which no trial is begun, or None. `ended`: number of
    trials that have ended.
    """

    def __init__(
        self, workspace: Workspace, sweep: Sweep, study: Study, runs: TrialRuns, deadline: float | None = None
    ) -> None:
        self._workspace, self._sweep, self._study, self._runs, self._deadline = workspace, sweep, study, runs, deadline
        self._settings = sweep.settings()
        self._live_trials: dict[int, Trial] = {}
        self._reported: dict[int, tuple[int, float]] = {}
        self._ending_runs: list[Run] = []
        self._earlier_runs: set[Run] = set()  # existed when this process started
        self._failed_in_a_row = 0
        self._ask_after = 0.0
        self._exhausted = False
        self._importance: dict[str, float] | None = None
        self._complete_count = -1
        self.changed = True
        self.ended = 0
        self._adopt()

    @property
    def trials(self) -> tuple[Trial, ...]:
        """All trials, in the order of their numbers."""
        trials = {**self._study.records(), **self._live_trials}
        return tuple(trials[number] for number in sorted(trials))

    def step(self) -> bool:
        """Observe the trials, begin new ones if there is room, and write what has changed.

        Return True while there is something left to do. Raises SweepError if too many trials fail, StorageError if
        the disk is full.
        """
        self.changed |= self._study.beat()
        for trial in list(self._live_trials.values()):
            self._record(trial, self._observe(trial))
        self._ending_runs = [run for run in self._ending_runs if is_unfinished(run)]
        self._begin()
        self._runs.advance_queue()
        if self.changed:
            self.write()
        return bool(self._live_trials or self._ending_runs or not self._exhausted)

    def stop(self) -> list[Run]:
        """Ask all runs to stop, and return those that have not ended yet."""
        return [*self._ending_runs, *stop_all(self._workspace, self._live_runs(), STOPPED_MESSAGE)]

    def write(self) -> None:
        """Write the trials, their importance and the Pareto front."""
        trials = self.trials
        self.ended = sum(trial.state != "running" for trial in trials)
        complete = sum(trial.state == "complete" for trial in trials)
        if complete != self._complete_count:
            self._importance, self._complete_count = self._study.importance(), complete
        front = pareto_front(trials, self._settings.objectives)
        winners = tuple(
            Winner(trial=trial, runs=tuple(run.id for run in runs)) for trial, runs in self._runs.winners().items()
        )
        progress = Progress(trials=trials, importance=self._importance, pareto=front)
        update_progress(self._workspace, self._sweep, lambda _: progress, winners)
        self.changed = False

    def _adopt(self) -> None:
        """Continue the trials that an earlier process of this sweep began."""
        earlier_trials = {trial.number: trial for trial in self._sweep.readable_progress().trials}
        for asked in self._study.unfinished():
            runs = self._runs.of(asked.number)
            self._live_trials[asked.number] = self._trial(asked, runs, earlier_trials.get(asked.number))
            self._earlier_runs.update(runs)
        # A trial may have been pruned just before the earlier process ended.
        self._ending_runs = stop_all(self._workspace, self._runs.of_other_trials(self._live_trials), PRUNED_MESSAGE)

    def _trial(self, asked: AskedTrial, runs: list[Run], earlier: Trial | None = None) -> Trial:
        return Trial(
            number=asked.number,
            state="running",
            settings=asked.values,
            runs=tuple(run.id for run in runs),
            retries=earlier.retries if earlier else 0,
            started=earlier.started if earlier else time.time(),
        )

    def _observe(self, trial: Trial) -> Trial:
        """Return the trial in its current state, after resuming its interrupted runs."""
        results: list[TrialResult] = []
        for run_id in trial.runs:
            run = Run(self._workspace.runs / run_id)
            try:
                status = run.status()
                trial = self._observe_run(trial, run, status, results)
            except RunError as error:  # deleted or damaged, or its process cannot be started
                return self._ended(trial, "failed", message_of(error))
            if trial.state != "running":
                return trial
        if len(results) == self._settings.seeds_per_trial:
            return self._completed(trial, tuple(results))
        return trial.model_copy(update={"results": tuple(results)})

    def _observe_run(self, trial: Trial, run: Run, status: Status, results: list[TrialResult]) -> Trial:
        """Return the trial after checking one of its runs; a finished run's result is added to `results`."""
        if status.state == "finished":
            self._earlier_runs.discard(run)
            result = read_trial_result(run.trial_result_file)
            if result is None:
                return self._ended(trial, "failed", Message("Run {run} has no result.", run=run.id))
            results.append(result)
            return trial
        if status.state in ("stopped", "failed"):
            return self._after_end(trial, run, status)
        if status.state == "interrupted":
            return self._retry(trial, run)
        if not run.stop_file.exists():  # from now on, only a person stops it
            self._earlier_runs.discard(run)
        return self._watch(trial, run, status) if run.id == trial.runs[0] else trial

    def _after_end(self, trial: Trial, run: Run, status: Status) -> Trial:
        """Return the trial after one of its runs stopped (by hand or with its sweep) or failed."""
        if run in self._earlier_runs and resumable(run, status):
            if continue_run(self._workspace, run):
                self._earlier_runs.discard(run)
            return trial
        if run in self._earlier_runs:  # it was stopped in its first epoch
            self._runs.forget(run)
            return trial.model_copy(update={"runs": tuple(run_id for run_id in trial.runs if run_id != run.id)})
        if status.state == "stopped":
            values = self._reported_values(trial)
            stopped = trial.model_copy(update={"values": values})
            return self._ended(stopped, "pruned", Message("Stopped by hand."))
        self._check_disk()
        return self._ended(trial, "failed", status.message)

    def _reported_values(self, trial: Trial) -> tuple[float, ...] | None:
        """Return the value that an unfinished trial has reached, or None if there is none for the objective."""
        if self._settings.objectives[0] != "validation_accuracy" or trial.number not in self._reported:
            return None
        return self._reported[trial.number][1:]

    def _retry(self, trial: Trial, run: Run) -> Trial:
        if trial.retries >= MAX_RETRIES * self._settings.seeds_per_trial:
            return self._ended(
                trial,
                "failed",
                Message("Interrupted {times} times. See the log of {run}.", times=trial.retries + 1, run=run.id),
            )
        if not continue_run(self._workspace, run):
            return trial
        self._earlier_runs.discard(run)
        return trial.model_copy(update={"retries": trial.retries + 1})

    def _watch(self, trial: Trial, run: Run, status: Status) -> Trial:
        """Report the progress of a trial's first run; return the trial, which may have been pruned."""
        if status.state != "running":
            return trial
        if status.seconds_left is not None and status.seconds_left < _PREPARE_SECONDS and not self._exhausted:
            prepare_worker(self._workspace)
        trial = trial.model_copy(update={"epochs": status.epochs_done})
        units = max_resource(status.epochs)
        reached = reached_values(run.history(), run.steps(), status.epochs, status.steps)
        images = measured_images(status.epochs, self._settings.base.dataset)
        last, _ = self._reported.get(trial.number, (0, 0.0))
        for unit in sorted(unit for unit in reached if unit > last):
            self._reported[trial.number] = (unit, reached[unit])
            if self._study.report(trial.number, unit, reached[unit], images):
                pruned = trial.model_copy(update={"values": (reached[unit],)})
                return self._ended(
                    pruned, "pruned", Message("Pruned after {fraction:.0%} of its training.", fraction=unit / units)
                )
        return trial

    def _completed(self, trial: Trial, results: tuple[TrialResult, ...]) -> Trial:
        values = tuple(mean(getattr(result, name) for result in results) for name in self._settings.objectives)
        epochs = max(Run(self._workspace.runs / run_id).status().epoch for run_id in trial.runs)
        done = trial.model_copy(update={"results": results, "values": values, "epochs": epochs})
        return self._ended(done, "complete", Message(""))

    @staticmethod
    def _ended(trial: Trial, state: str, message: Message) -> Trial:
        return trial.model_copy(update={"state": state, "message": message, "ended": time.time()})

    def _record(self, previous: Trial, trial: Trial) -> None:
        """Record the trial if it has changed; if it has ended, tell the study, then stop its other runs."""
        if trial == previous:
            return
        self.changed = True
        if trial.state == "running":
            self._live_trials[trial.number] = trial
            return
        self._study.finish(trial)
        del self._live_trials[trial.number]
        self._ending_runs += stop_all(self._workspace, self._runs.of(trial.number), PRUNED_MESSAGE)
        self._failed_in_a_row = self._failed_in_a_row + 1 if trial.state == "failed" else 0
        if self._failed_in_a_row == MAX_FAILED_IN_A_ROW:
            self.write()
            raise SweepError(
                Message(
                    "Three trials in a row failed, the last one with: {reason} Start another sweep with other "
                    "ranges, or resume this one.",
                    reason=trial.message,
                ),
                self._sweep.id,
            )

    def _begin(self) -> None:
        """Begin runs until as many are unfinished as can train at once, so that sweeps share the queue fairly."""
        unfinished = sum(map(is_unfinished, [*self._ending_runs, *self._live_runs()]))
        # A run whose process cannot be started ends at once; the next step counts it, and begins another.
        for _ in range(unfinished, worker_count()):
            trial = self._incomplete_trial() or self._ask()
            if trial is None:
                return
            seed_index = self._runs.first_free_seed(trial.number)
            config = config_of(self._settings, trial.settings, (self._settings.base.seed + seed_index) % 2**31)
            run = self._runs.create(config, self._mark(trial.number, seed_index))
            if run is None:  # the queue is full
                return
            runs = tuple(each.id for each in self._runs.of(trial.number))
            self._live_trials[trial.number] = trial.model_copy(update={"runs": runs})
            self.changed = True

    def _ask(self) -> Trial | None:
        """Return a new trial, or None if there is none now."""
        if self._deadline is not None and time.monotonic() > self._deadline:
            self._exhausted = True
            return None
        if time.monotonic() < self._ask_after:
            return None
        asked = self._study.ask()
        if asked is None:
            self._exhausted = not (self._study.creator and self._study.others_are_running())
            self._ask_after = time.monotonic() + _ASK_AGAIN_SECONDS
            self.changed = True
            return None
        self._live_trials[asked.number] = self._trial(asked, [])
        return self._live_trials[asked.number]

    def _incomplete_trial(self) -> Trial | None:
        seeds = self._settings.seeds_per_trial
        return next((trial for trial in self._live_trials.values() if len(trial.runs) < seeds), None)

    def _mark(self, trial_number: int, seed_index: int) -> TrialMark:
        optional: tuple[Measurement, ...] = ("redrawn_accuracy", "milliseconds")
        measurements = tuple(name for name in optional if name in self._settings.objectives)
        return TrialMark(sweep=self._sweep.id, trial=trial_number, seed_index=seed_index, measurements=measurements)

    def _live_runs(self) -> list[Run]:
        return [Run(self._workspace.runs / run_id) for trial in self._live_trials.values() for run_id in trial.runs]

    def _check_disk(self) -> None:
        """Raise StorageError if the disk is full: a run that failed for this reason must not make its trial fail."""
        probe = self._sweep.folder / "probe"
        with atomic_write(probe) as temporary:
            temporary.write_bytes(bytes(_PROBE_BYTES))
        probe.unlink()
