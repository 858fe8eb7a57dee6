"""The records of a sweep on disk. The dashboard and the command line read them without Optuna."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from core.config import TrainingConfig
from core.language import Message
from core.records import Amount, Count, Fraction, Record, Timestamp
from core.runs.trial import TrialResult as TrialResult

Objective = Literal["validation_accuracy", "redrawn_accuracy", "parameters", "milliseconds"]
"""`milliseconds`: time to read one drawing with LiteRT. Accuracies are maximized, the other two minimized."""

MAXIMIZED: tuple[Objective, ...] = ("validation_accuracy", "redrawn_accuracy")

MIN_TRIALS_FOR_IMPORTANCE = 20
"""Minimum number of complete trials for importances; with fewer they are mostly noise."""

SweepState = Literal["running", "finished", "stopped", "failed", "interrupted"]
TrialState = Literal["running", "complete", "pruned", "failed"]


class Range(Record):
    """A numeric setting that is varied from `low` to `high`. `step`: 1 for integers, None for any number."""

    name: str
    low: float
    high: float
    logarithmic: bool = False
    step: Annotated[float, Field(gt=0)] | None = None


class Choice(Record):
    """A setting that is varied among some values, such as ((8, 16), (16, 32)) for `filters`."""

    name: str
    choices: Annotated[tuple[str | float | tuple[int, ...], ...], Field(min_length=2)]


class SweepSettings(Record):
    """The settings of a sweep, written once (`sweep.json`).

    `base`: the settings that are not varied; the first trial has exactly these. `parameters`: the varied settings.
    `objectives`: an accuracy and, optionally, one more objective. If the validation accuracy is the only one, hopeless
    trials are pruned by it unless `pruning` is False. No trial begins after `trials` trials or `hours` hours, whichever
    comes first; at least one of them is given. `seeds_per_trial`: number of runs per trial, with different seeds.
    `seed`: random seed of the search.
    """

    created: AwareDatetime
    title: str
    base: TrainingConfig
    parameters: Annotated[tuple[Range | Choice, ...], Field(min_length=1)]
    objectives: Annotated[tuple[Objective, ...], Field(min_length=1, max_length=2)] = ("validation_accuracy",)
    trials: Annotated[int, Field(ge=1, le=10_000)] | None = 20
    hours: Annotated[float, Field(gt=0, le=1000)] | None = None
    seeds_per_trial: Annotated[int, Field(ge=1, le=10)] = 1
    pruning: bool = True
    seed: Count = 0

    @property
    def prunes(self) -> bool:
        """True if hopeless trials are pruned: during training, only the validation accuracy is known."""
        return self.pruning and self.objectives == ("validation_accuracy",)


class SweepStatus(Record, extra="ignore"):
    """State and progress of a sweep (`status.json`); a running sweep whose process has died is `interrupted`.

    `seconds`: the total time that its processes have run so far, which counts towards `hours`.
    """

    state: SweepState
    message: Message = Message("")
    started: Timestamp | None = None
    updated: Timestamp = 0.0
    ended: Timestamp | None = None
    seconds: Amount = 0.0


class Trial(Record, extra="ignore"):
    """A trial: `settings` are the values of the varied settings, `runs` the ids of its runs, one for each seed.

    `values`: the mean of each objective over the runs, or None before the end. A pruned trial has the values that it
    had reached after `epochs` epochs. `retries`: how many times one of its runs was interrupted and resumed.
    `started` and `ended` are Unix timestamps.
    """

    number: Count
    state: TrialState
    settings: dict[str, Any]
    runs: tuple[str, ...] = ()
    results: tuple[TrialResult, ...] = ()
    values: tuple[float, ...] | None = None
    epochs: Count = 0
    retries: Count = 0
    message: Message = Message("")
    started: Timestamp
    ended: Timestamp | None = None


class Winner(Record):
    """A trial that was retrained with three other seeds, as ordinary runs, each of which reads the test set once.

    `trial`: the number of its trial; `runs`: the ids of the runs.
    """

    trial: Count
    runs: tuple[str, ...]


class Progress(Record, extra="ignore"):
    """The trials of a sweep in the order of their numbers, written after each change (`trials.json`).

    `importance`: each varied setting's share of the variation in the first objective (PED-ANOVA), or None with fewer
    than 20 complete trials. `pareto`: numbers of the trials that no other trial beats; with one objective, the best
    trial. `winners`: the retrained trials; the one that the sweep itself chose comes first.
    """

    trials: tuple[Trial, ...] = ()
    importance: dict[str, Fraction] | None = None
    pareto: tuple[Count, ...] = ()
    winners: tuple[Winner, ...] = ()
