"""The study of a sweep: Optuna's ask-and-tell interface. Only `database`, `opening` and this module import Optuna."""

from __future__ import annotations

import time
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from core.language import Message
from core.storage import storage_errors
from core.sweeps import database
from core.sweeps.records import MAXIMIZED, MIN_TRIALS_FOR_IMPORTANCE, Choice, SweepSettings, Trial
from core.sweeps.resource import is_clearly_worse
from core.sweeps.spaces import Parameter, is_whole, value_text

_BEST_TRIALS = 5
"""Minimum number of trials that PED-ANOVA treats as the best ones, as its documentation advises."""
_STARTUP_TRIALS = 5
"""Number of random trials before TPE takes over. Hyperband splits the trials among brackets, each with its own TPE, so
Optuna's default of 10 would leave TPE nothing to decide in a sweep of 20 trials."""

optuna.logging.set_verbosity(optuna.logging.ERROR)


@dataclass(frozen=True)
class AskedTrial:
    """A trial for this machine to train: its number and the values of the varied settings."""

    number: int
    values: dict[str, Any]


class Study:
    """The trials of a sweep. Several machines may share one in a database; a journal belongs to one process.

    All methods raise SweepError if the database cannot be reached, StorageError if the disk is full.
    """

    def __init__(self, study: optuna.Study, settings: SweepSettings, machine: str, journal: Path | None) -> None:
        self._study, self._settings, self._machine, self._journal = study, settings, machine, journal
        self._distributions = {parameter.name: _distribution(parameter) for parameter in settings.parameters}
        self._open_trials: dict[int, optuna.Trial] = {}
        self._records: dict[int, Trial] = {}
        self._last_heartbeat = 0.0
        self._ownerless_since: dict[int, float] = {}

    @property
    def creator(self) -> bool:
        """True if this machine created the study; it trains the winner."""
        with self._errors():
            return self._study.user_attrs.get("creator") == self._machine

    def ask(self) -> AskedTrial | None:
        """Return a new trial, or None if the study already has all its trials."""
        with self._errors():
            limit = self._settings.trials
            if limit is not None and self._count_trials() >= limit:
                return None
            # A seed for each trial: a sampler that restarts with the same seed would repeat its choices.
            number = len(self._study.get_trials(deepcopy=False))
            self._study.sampler = _sampler(self._settings.seed, number, self._machine if self._shared else "")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Optuna expects heartbeats only from `optimize`
                trial = self._study.ask(self._distributions)
            if limit is not None and self._count_trials(before=trial.number) >= limit:
                # Meanwhile, another machine has asked for the last trial.
                self._study.tell(trial, state=TrialState.FAIL)
                return None
            trial.set_user_attr("machine", self._machine)
            self._open_trials[trial.number] = trial
            self._beat(trial)
            return AskedTrial(trial.number, self._values(trial.params))

    def unfinished(self) -> list[AskedTrial]:
        """Return the trials that this machine has begun and not finished.

        A trial whose values were being chosen when the process was killed gets the missing ones now.
        """
        asked = []
        with self._errors():
            for found in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
                if self._shared and found.user_attrs.get("machine") != self._machine:
                    continue
                self._study.sampler = _sampler(self._settings.seed, found.number, "")
                trial = optuna.Trial(self._study, found._trial_id)
                for name, distribution in self._distributions.items():
                    trial._suggest(name, distribution)
                self._open_trials[trial.number] = trial
                asked.append(AskedTrial(trial.number, self._values(trial.params)))
        return asked

    def report(self, number: int, resource: int, value: float, images: int) -> bool:
        """Report the accuracy of an unfinished trial at a resource, and return True if the trial should be pruned.

        Hyperband prunes most trials, even if all are good; here, a trial must also be clearly worse than the best one.
        A trial that another machine has given up is pruned, too. `images`: number of images on which the accuracy was
        measured.
        """
        # Optuna accepts no reports for a study with two objectives.
        if not self._settings.prunes:
            return False
        with self._errors():
            trial = self._open_trials[number]
            try:
                trial.report(value, resource)
            except optuna.exceptions.UpdateFinishedTrialError:
                return True
            if not trial.should_prune():
                return False
            trials = self._study.get_trials(deepcopy=False)
            return is_clearly_worse(value, max(each.intermediate_values.get(resource, 0.0) for each in trials), images)

    def finish(self, record: Trial) -> None:
        """Store how a trial ended; does nothing if another machine has given it up."""
        states = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}
        with self._errors():
            trial = self._open_trials.pop(record.number)
            try:
                # The record comes first, because an ended trial cannot be changed.
                trial.set_user_attr("record", record.model_dump(mode="json"))
            except optuna.exceptions.UpdateFinishedTrialError:
                return
            values = list(record.values) if record.state == "complete" and record.values else None
            self._study.tell(trial.number, values, states[record.state], skip_if_finished=True)

    def records(self) -> dict[int, Trial]:
        """Return the records of ended trials and of other machines' running trials, by number."""
        running = {}
        with self._errors():
            for found in self._study.get_trials(deepcopy=False):
                if found.number in self._records:
                    continue
                if found.state.is_finished():
                    if record := self._ended(found):
                        self._records[found.number] = record
                elif found.state == TrialState.RUNNING and found.number not in self._open_trials and len(found.params):
                    running[found.number] = self._new_record(found, "running", Message("Training on another machine."))
        return {**self._records, **running}

    def others_are_running(self) -> bool:
        """Return True if another machine has an unfinished trial, or a trial is waiting for a machine."""
        states = (TrialState.RUNNING, TrialState.WAITING)
        with self._errors():
            found = self._study.get_trials(deepcopy=False, states=states)
            return any(trial.number not in self._open_trials for trial in found)

    def beat(self) -> bool:
        """Tell the other machines that this one is alive, and give up trials of machines that are not.

        Return True from time to time, when there may be news from other machines.
        """
        if not self._shared or time.monotonic() - self._last_heartbeat < database.HEARTBEAT_SECONDS:
            return False
        with self._errors():
            for trial in self._open_trials.values():
                self._beat(trial)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # "experimental"
                optuna.storages.fail_stale_trials(self._study)
            self._give_up_ownerless_trials()
        self._last_heartbeat = time.monotonic()
        return True

    def importance(self) -> dict[str, float] | None:
        """Return each varied setting's share of the variation in the first objective; the shares sum to 1.

        Returns None with fewer than MIN_TRIALS_FOR_IMPORTANCE complete trials.
        """
        with self._errors():
            complete = self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
            if len(complete) < MIN_TRIALS_FOR_IMPORTANCE:
                return None
            sign = -1 if self._settings.objectives[0] in MAXIMIZED else 1
            evaluator = PedAnovaImportanceEvaluator(target_quantile=max(0.1, _BEST_TRIALS / len(complete)))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about the sign, which is right
                shares = get_param_importances(
                    self._study, evaluator=evaluator, target=lambda trial: sign * trial.values[0]
                )
        return {name: min(max(float(share), 0.0), 1.0) for name, share in shares.items()}

    @property
    def _shared(self) -> bool:
        return self._journal is None

    def _count_trials(self, before: int | None = None) -> int:
        """Return the number of trials (below number `before`) that count: all except those that were given up."""
        return sum(
            found.state == TrialState.RUNNING or "record" in found.user_attrs
            for found in self._study.get_trials(deepcopy=False)[:before]
        )

    def _beat(self, trial: optuna.Trial) -> None:
        storage = self._study._storage
        backend = getattr(storage, "_backend", storage)  # Optuna wraps a database in a cache
        if isinstance(backend, RDBStorage):
            backend.record_heartbeat(trial._trial_id)

    def _give_up_ownerless_trials(self) -> None:
        """Give up trials whose machine was killed while it asked for them, and try the first trial's settings again."""
        now = time.monotonic()
        for found in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            seen = self._ownerless_since.setdefault(found.number, now)
            if "machine" in found.user_attrs or now - seen < database.GRACE_SECONDS:
                continue
            self._study.tell(found.number, state=TrialState.FAIL, skip_if_finished=True)
            if fixed := found.system_attrs.get("fixed_params"):
                self._study.enqueue_trial(fixed)

    def _ended(self, found: FrozenTrial) -> Trial | None:
        """Return the record of an ended trial, or None for one that was given up before it had a machine."""
        if stored := found.user_attrs.get("record"):
            return Trial.model_validate(stored)
        if "machine" not in found.user_attrs:
            return None
        return self._new_record(
            found,
            "failed",
            Message("Nothing was heard from its machine for two minutes; tried again as another trial."),
        )

    def _new_record(self, found: FrozenTrial, state: Any, message: Message) -> Trial:
        return Trial(
            number=found.number,
            state=state,
            settings=self._values(found.params),
            message=message,
            started=found.datetime_start.timestamp() if found.datetime_start else 0.0,
            ended=found.datetime_complete.timestamp() if found.datetime_complete else None,
        )

    def _values(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Convert Optuna's values to those of the settings."""
        values = dict(params)
        for parameter in self._settings.parameters:
            if isinstance(parameter, Choice) and parameter.name in values:
                by_text = {value_text(choice): choice for choice in parameter.choices}
                values[parameter.name] = by_text[values[parameter.name]]
        return values

    @contextmanager
    def _errors(self) -> Iterator[None]:
        with database.errors() if self._journal is None else storage_errors(self._journal):
            yield


def _sampler(seed: int, number: int, machine: str) -> optuna.samplers.TPESampler:
    """Return the sampler of a trial."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "experimental"
        return optuna.samplers.TPESampler(
            seed=zlib.crc32(f"{seed} {number} {machine}".encode()),
            multivariate=True,
            constant_liar=True,
            n_startup_trials=_STARTUP_TRIALS,
        )


def _distribution(parameter: Parameter) -> BaseDistribution:
    if isinstance(parameter, Choice):
        return CategoricalDistribution([value_text(choice) for choice in parameter.choices])
    if is_whole(parameter.name):
        low, high, step = int(parameter.low), int(parameter.high), int(parameter.step or 1)
        return IntDistribution(low, high, log=parameter.logarithmic, step=step)
    return FloatDistribution(parameter.low, parameter.high, log=parameter.logarithmic, step=parameter.step)
