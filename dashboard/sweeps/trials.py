"""The trials of a sweep as tables, and as the axes and lines of a parallel coordinates plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from statistics import mean
from urllib.parse import quote

import pandas as pd

from core.language import Message, tr
from core.sweeps.pareto import best_trial
from core.sweeps.records import (
    MAXIMIZED,
    MIN_TRIALS_FOR_IMPORTANCE,
    Choice,
    Objective,
    Progress,
    Range,
    SweepSettings,
    Trial,
    TrialState,
)
from dashboard.runs.csv_export import table_csv
from dashboard.runs.parallel_axes import Axis, Line, accuracy_axis, choice_axis, number_axis, shades
from dashboard.sweeps.wording import OBJECTIVES, setting_column, setting_text, setting_title, settings_text

_LINE_NAMES: dict[TrialState, Message] = {
    "complete": Message("Trial {trial}, complete"),
    "pruned": Message("Trial {trial}, pruned"),
    "failed": Message("Trial {trial}, failed"),
    "running": Message("Trial {trial}, running"),
}


@dataclass(frozen=True)
class Trials:
    """The settings and the trials of a sweep, and the values that its charts derive from them."""

    settings: SweepSettings
    progress: Progress

    @property
    def all(self) -> tuple[Trial, ...]:
        return self.progress.trials

    @cached_property
    def complete(self) -> tuple[Trial, ...]:
        """The trials that were trained to the end and have a value for each objective."""
        value_count = len(self.settings.objectives)
        return tuple(
            trial
            for trial in self.all
            if trial.state == "complete" and trial.values and len(trial.values) == value_count
        )

    @cached_property
    def counts(self) -> dict[TrialState, int]:
        """The number of trials in each state."""
        states: tuple[TrialState, ...] = ("complete", "pruned", "failed", "running")
        return {state: sum(trial.state == state for trial in self.all) for state in states}

    @property
    def ended(self) -> int:
        """The number of trials that have ended."""
        return len(self.all) - self.counts["running"]

    @cached_property
    def best(self) -> Trial | None:
        """The complete trial with the highest accuracy; the second objective breaks ties."""
        return best_trial(self.complete, self.settings.objectives)

    @property
    def preset(self) -> Trial | None:
        """The first trial, which has exactly the settings that the sweep started from; None until it is complete."""
        return next((trial for trial in self.complete if trial.number == 0), None)

    @property
    def missing_for_importance(self) -> int:
        """The number of further complete trials needed to compute the importance of settings."""
        return max(0, MIN_TRIALS_FOR_IMPORTANCE - len(self.complete))

    def trial(self, number: int) -> Trial | None:
        """Return the trial with this number, or None."""
        return next((trial for trial in self.all if trial.number == number), None)


def accuracy(trial: Trial) -> float:
    """Return the first objective of a complete trial, 0..1."""
    return trial.values[0] if trial.values else 0.0


def seconds(trial: Trial) -> float | None:
    """Return the time that a trial took, or None if it has not ended."""
    return None if trial.ended is None else max(0.0, trial.ended - trial.started)


def measurement(trial: Trial, objective: Objective) -> float | None:
    """Return a measurement of a trial (the mean over its runs), or None if it was not measured."""
    values = [value for result in trial.results if (value := getattr(result, objective)) is not None]
    return mean(values) if values else None


def tooltip_fields(trial: Trial) -> dict[str, object]:
    """Return the number and the settings of a trial, for the tooltip of its point in a chart."""
    return {"trial": trial.number, "settings": settings_text(trial.settings)}


def axes(trials: Trials) -> list[Axis]:
    """Return an axis for each varied setting, then one for each objective; only complete trials have a value there."""
    settings = trials.settings
    return [
        *(_setting_axis(parameter, trials.all) for parameter in settings.parameters),
        *(_objective_axis(objective, index, trials) for index, objective in enumerate(settings.objectives)),
    ]


def lines(trials: Trials, chart_axes: Sequence[Axis]) -> list[Line]:
    """Return a line for each trial, shaded by its accuracy; the best one stands out."""
    first_objective = chart_axes[len(trials.settings.parameters)]
    best = trials.best.number if trials.best else None
    return [
        Line(tr(_LINE_NAMES[trial.state], trial=trial.number), shade, best=trial.number == best)
        for trial, shade in zip(trials.all, shades(first_objective), strict=True)
    ]


def _setting_axis(parameter: Range | Choice, trials: Sequence[Trial]) -> Axis:
    name, title = parameter.name, setting_title(parameter.name)
    values = [trial.settings.get(name) for trial in trials]
    if isinstance(parameter, Choice):
        texts = [None if value is None else setting_text(name, value) for value in values]
        return choice_axis(name, title, texts, [setting_text(name, choice) for choice in parameter.choices])
    numbers = list(map(_number, values))
    return number_axis(
        name,
        title,
        numbers,
        logarithmic=parameter.logarithmic,
        limits=(parameter.low, parameter.high),
        text=lambda value: setting_text(name, value),
    )


def _objective_axis(objective: Objective, index: int, trials: Trials) -> Axis:
    complete = {trial.number for trial in trials.complete}
    values = [trial.values[index] if trial.values and trial.number in complete else None for trial in trials.all]
    title = tr(OBJECTIVES[objective])
    if objective in MAXIMIZED:
        return accuracy_axis(objective, title, values)
    return number_axis(objective, title, values, logarithmic=objective == "parameters")


def table(trials: Trials, shown_trials: Sequence[Trial]) -> pd.DataFrame:
    """Return a row for each of these trials, with accuracies in percent and a link to the page of each run."""
    settings = trials.settings
    columns: dict[str, object] = {
        "Trial": [trial.number for trial in shown_trials],
        "State": [[trial.state] for trial in shown_trials],
    }
    for index in range(settings.seeds_per_trial):
        columns[run_column(index)] = [
            f"run?id={quote(trial.runs[index])}" if index < len(trial.runs) else None for trial in shown_trials
        ]
    for index, objective in enumerate(settings.objectives):
        factor = 100 if objective in MAXIMIZED else 1
        values = [
            trial.values[index] * factor if trial.values and index < len(trial.values) else None
            for trial in shown_trials
        ]
        columns[str(OBJECTIVES[objective])] = pd.Series(values, dtype="Float64")
    for parameter in settings.parameters:
        values = [trial.settings.get(parameter.name) for trial in shown_trials]
        if isinstance(parameter, Range):
            columns[setting_column(parameter.name)] = pd.Series(list(map(_number, values)), dtype="Float64")
        else:
            columns[setting_column(parameter.name)] = [
                None if value is None else setting_text(parameter.name, value) for value in values
            ]
    columns["Seconds"] = pd.Series([seconds(trial) for trial in shown_trials], dtype="Float64").round(1)
    columns["Retries"] = pd.Series([trial.retries or None for trial in shown_trials], dtype="Int64")
    columns["Message"] = [tr(trial.message) or None for trial in shown_trials]
    return pd.DataFrame(columns)


def _number(value: object) -> float | None:
    """Return a number as a float, or None for any other value; someone may have edited the file."""
    return float(value) if isinstance(value, int | float) else None


def run_column(index: int) -> str:
    """Return the name of the column with the links to the runs of one seed."""
    return "Run" if index == 0 else f"Run {index + 1}"


def csv(trials: Trials) -> bytes:
    """Return all trials as CSV: accuracies in 0..1, a column for each varied setting, and the ids of the runs."""
    objectives = trials.settings.objectives
    rows = [
        {
            "trial": trial.number,
            "state": trial.state,
            **{
                objective: trial.values[index] if trial.values and index < len(trial.values) else None
                for index, objective in enumerate(objectives)
            },
            **{
                parameter.name: setting_text(parameter.name, value)
                if isinstance(value := trial.settings.get(parameter.name), list | tuple)
                else value
                for parameter in trials.settings.parameters
            },
            "parameters": measurement(trial, "parameters"),
            "epochs": trial.epochs,
            "started": datetime.fromtimestamp(trial.started).astimezone().isoformat(timespec="seconds"),
            "seconds": seconds(trial),
            "retries": trial.retries,
            "runs": " ".join(trial.runs),
            "message": trial.message,
        }
        for trial in trials.all
    ]
    return table_csv(rows)
