"""Sweeps on disk with the trials that a real search would leave, without any training."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from core.config import preset, replace_settings
from core.runs.run import Run
from core.runs.status import Status
from core.runs.trial import TrialMark, write_trial_mark, write_trial_result
from core.storage import make_folder
from core.sweeps.records import (
    MIN_TRIALS_FOR_IMPORTANCE,
    Choice,
    Objective,
    Progress,
    Range,
    SweepSettings,
    SweepState,
    SweepStatus,
    Trial,
    TrialResult,
    Winner,
)
from core.sweeps.sweep import Sweep
from core.workspace import Workspace

STARTED = 1_780_000_000.0
"""Unix timestamp of the first trial."""

PARAMETERS = (
    Range(name="learning_rate", low=0.0005, high=0.05, logarithmic=True),
    Range(name="label_smoothing", low=0.0, high=0.2),
    Choice(name="batch_size", choices=(64.0, 128.0, 256.0)),
    Choice(name="filters", choices=((8, 16, 32), (8, 32, 96), (16, 48, 96))),
    Choice(name="optimizer", choices=("adam", "sgd")),
)
_SIZES = {(8, 16, 32): 9_370, (8, 32, 96): 39_218, (16, 48, 96): 58_402}


def write_sweep(
    workspace: Workspace,
    trials: int = 30,
    *,
    sweep_id: str = "20261129-160000-quiet-otter",
    state: SweepState = "finished",
    objectives: tuple[Objective, ...] = ("validation_accuracy",),
    seeds: int = 1,
    winner: bool = False,
    with_runs: bool = False,
    title: str = "",
) -> Sweep:
    """Write a sweep of `trials` trials based on the preset fast; `with_runs`: also write a folder for each run."""
    sweep = Sweep(make_folder(workspace.sweeps / sweep_id))
    settings = SweepSettings(
        created=datetime.fromtimestamp(STARTED, UTC),
        title=title or "fast: 5 settings",
        base=preset("fast"),
        parameters=PARAMETERS,
        objectives=objectives,
        trials=max(trials, 1),
        seeds_per_trial=seeds,
    )
    sweep.write_settings(settings)
    progress = invented_progress(settings, trials, winner=winner)
    sweep.write_progress(progress)
    ended = max((trial.ended or trial.started for trial in progress.trials), default=STARTED)
    sweep.write_status(
        SweepStatus(state=state, started=STARTED, ended=None if state == "running" else ended, seconds=ended - STARTED)
    )
    if with_runs:
        for trial in progress.trials:
            for index, run_id in enumerate(trial.runs):
                _write_run(workspace, run_id, settings, trial, TrialMark(sweep=sweep.id, trial=trial.number), index)
    return sweep


def invented_progress(settings: SweepSettings, count: int, *, winner: bool = False) -> Progress:
    """Return `count` trials whose accuracy depends mostly on the learning rate; some are pruned, and some fail."""
    rng = np.random.default_rng(settings.seed)
    free_at = [STARTED, STARTED]  # when each of two workers is free
    trials = []
    for number in range(count):
        worker = int(np.argmin(free_at))
        trial = _trial(settings, number, free_at[worker], rng)
        free_at[worker] = (trial.ended or trial.started) + 1
        trials.append(trial)
    complete = [trial for trial in trials if trial.state == "complete"]
    best = max(complete, key=lambda trial: trial.values or (0.0,), default=None)
    names = [parameter.name for parameter in settings.parameters]
    importances = np.array([0.61, 0.08, 0.12, 0.15, 0.04])
    return Progress(
        trials=tuple(trials),
        importance=dict(zip(names, importances.tolist(), strict=True))
        if len(complete) >= MIN_TRIALS_FOR_IMPORTANCE
        else None,
        pareto=tuple(_pareto(complete)) if len(settings.objectives) > 1 else (best.number,) if best else (),
        winners=(Winner(trial=best.number, runs=_run_ids(10_000, 3)),) if winner and best else (),
    )


def _trial(settings: SweepSettings, number: int, started: float, rng: np.random.Generator) -> Trial:
    values = _settings(rng) if number else {"learning_rate": 0.01, **_BASE}
    error = 0.0085 * 10 ** (0.55 * (np.log10(values["learning_rate"]) + 2.1) ** 2)
    error *= 1 + 0.25 * (values["optimizer"] == "sgd") + 0.4 * (values["filters"] == [8, 16, 32])
    error = min(float(error * rng.lognormal(0, 0.06)), 0.9)
    parameters = _SIZES[tuple(values["filters"])]
    seconds = 6 + parameters / 12_000 + 300 / values["batch_size"] + rng.uniform(0, 1)
    # With one objective, a trial that is much worse than the others is pruned.
    pruned = len(settings.objectives) == 1 and number > 4 and error > 0.016
    failed = number in (7, 311)
    runs = _run_ids(number, settings.seeds_per_trial)
    common: dict[str, Any] = {
        "number": number,
        "settings": values,
        "runs": runs,
        "started": started,
        "ended": started + (seconds / 3 if pruned or failed else seconds),
        "retries": int(number in (4, 40)),
    }
    if failed:
        return Trial(state="failed", message="The loss is not a number; the learning rate is too high.", **common)
    if pruned:
        return Trial(state="pruned", values=(1 - 3 * error,), epochs=1, **common)
    result = TrialResult(validation_accuracy=1 - error, parameters=parameters, milliseconds=0.02 + parameters / 8e5)
    return Trial(
        state="complete",
        results=(result,) * settings.seeds_per_trial,
        values=tuple(float(getattr(result, objective) or 0) for objective in settings.objectives),
        epochs=1,
        **common,
    )


_BASE = {"label_smoothing": 0.05, "batch_size": 128, "filters": [8, 32, 96], "optimizer": "adam"}


def _settings(rng: np.random.Generator) -> dict[str, Any]:
    # Like TPE, return to a good region half of the time.
    centre = -2.1 if rng.random() < 0.5 else rng.uniform(-3.3, -1.3)
    return {
        "learning_rate": float(10 ** np.clip(centre + rng.normal(0, 0.12), -3.3, -1.3)),
        "label_smoothing": float(rng.uniform(0, 0.2)),
        "batch_size": int(rng.choice([64, 128, 256])),
        "filters": list(list(_SIZES)[rng.integers(3)]),
        "optimizer": str(rng.choice(["adam", "sgd"])),
    }


def _pareto(trials: list[Trial]) -> list[int]:
    """Return the Pareto-optimal trials for accuracy and the second objective, which is minimized."""
    points = [(trial.number, *(trial.values or (0.0, 0.0))) for trial in trials]
    return [
        number
        for number, accuracy, cost in points
        if not any(other_accuracy > accuracy and other_cost <= cost for _, other_accuracy, other_cost in points)
    ]


def _run_ids(number: int, seeds: int) -> tuple[str, ...]:
    return tuple(f"20261129-{number:06d}-trial-{chr(97 + seed)}" for seed in range(seeds))


def _write_run(
    workspace: Workspace, run_id: str, settings: SweepSettings, trial: Trial, mark: TrialMark, index: int
) -> None:
    run = Run(make_folder(workspace.runs / run_id))
    run.write_config(replace_settings(settings.base, **trial.settings, seed=index))
    state = {"complete": "finished", "pruned": "stopped", "failed": "failed"}[trial.state]
    run.write_status(Status.model_validate({"state": state, "epochs": settings.base.epochs}))
    write_trial_mark(run.trial_file, mark.model_copy(update={"seed_index": index}))
    if trial.results:
        write_trial_result(run.trial_result_file, trial.results[index])
