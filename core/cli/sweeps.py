"""Commands `sweep`: search for better settings with many runs, and retrain with the best settings."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime

from core.cli.states import STATES
from core.cli.train import config_from_options
from core.errors import SweepError
from core.language import ntr, number, tr
from core.sweeps import control
from core.sweeps.comparison import SeedComparison, compare_seeds
from core.sweeps.pareto import best_trial
from core.sweeps.records import MIN_TRIALS_FOR_IMPORTANCE, Progress, SweepSettings, SweepStatus, Trial
from core.sweeps.spaces import default_parameters, parameter_text, parse_parameter, value_text
from core.sweeps.sweep import Sweep
from core.workspace import Workspace

_POLL_SECONDS = 0.5
_DEFAULT_TRIALS = 20


def new(options: argparse.Namespace, workspace: Workspace) -> int:
    """Create and start a sweep; with --wait, show its progress until it ends."""
    base = config_from_options(options)
    trials = _DEFAULT_TRIALS if options.trials is None and options.hours is None else options.trials
    settings = control.read_settings(
        {
            "created": datetime.now(UTC).isoformat(),
            "title": options.title or "",
            "base": base.to_json(),
            "parameters": [
                parameter.model_dump(mode="json")
                for parameter in (map(parse_parameter, options.vary) if options.vary else default_parameters(base))
            ],
            "objectives": [name.replace("-", "_") for name in options.objective or ["validation_accuracy"]],
            "trials": trials,
            "hours": options.hours,
            "seeds_per_trial": options.seeds,
            "pruning": options.pruning,
            "seed": options.search_seed,
        }
    )
    sweep = control.create_sweep(workspace, settings)
    control.start(workspace, sweep)
    print(tr("sweep {sweep}", sweep=sweep.id), flush=True)
    for parameter in settings.parameters:
        print(f"  {tr('varies {parameter}', parameter=parameter_text(parameter))}", flush=True)
    return _wait(sweep, workspace) if options.wait else 0


def join(options: argparse.Namespace, workspace: Workspace) -> int:
    """Join a sweep that another machine created in the database named by TRAZO_SWEEP_STORAGE."""
    from core.sweeps.opening import read_shared_settings  # loads Optuna

    sweep = control.create_sweep(workspace, read_shared_settings(options.sweep), options.sweep)
    control.start(workspace, sweep)
    print(tr("This machine now trains trials of the sweep {sweep}.", sweep=sweep.id), flush=True)
    return _wait(sweep, workspace) if options.wait else 0


def list_all(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print all sweeps, newest first."""
    sweeps = control.list_sweeps(workspace)
    if not sweeps:
        print(tr("There are no sweeps yet. Start one with: python -m core sweep new"))
        return 0
    print(f"{tr('sweep'):36} {tr('state'):12} {tr('trials'):>7} {tr('best'):>8}  {tr('title')}")
    for sweep in sweeps:
        try:
            settings, status, progress = sweep.settings(), sweep.status(), sweep.progress()
        except SweepError as error:
            print(f"{sweep.id:36} {tr(error)}")
            continue
        best = best_trial(progress.trials, settings.objectives)
        value = _value_text(settings.objectives[0], best.values[0]) if best and best.values else "-"
        state, trials = tr(STATES[status.state]), len(progress.trials)
        print(f"{sweep.id:36} {state:12} {trials:>7} {value:>8}  {_title(settings)}")
    return 0


def _title(settings: SweepSettings) -> str:
    """Return the sweep's title, or else its preset and the settings that it varies."""
    return settings.title or f"{settings.base.preset}: {', '.join(each.name for each in settings.parameters)}"


def show(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print the trials, the importance of settings, the Pareto front and the winner of a sweep."""
    sweep = control.find_sweep(workspace, options.sweep)
    settings, status, progress = sweep.settings(), sweep.status(), sweep.progress()
    if options.json:
        # Programs get messages as English sentences; files store them with their values.
        trials = [trial.model_dump(mode="json") | {"message": trial.message} for trial in progress.trials]
        content = status.model_dump(mode="json") | {"message": status.message} | progress.model_dump(mode="json")
        print(json.dumps({"id": sweep.id, **content, "trials": trials}))
        return 0
    print(f"{sweep.id}: {_title(settings)}; {tr(STATES[status.state])}. {tr(status.message)}")
    _print_trials(settings, progress)
    _print_importance(progress)
    _print_winners(settings, progress, workspace)
    return 0


def stop(options: argparse.Namespace, workspace: Workspace) -> int:
    """Stop a sweep and its runs."""
    sweep = control.find_sweep(workspace, options.sweep)
    control.stop(workspace, sweep)
    print(tr("{sweep} was asked to stop. Its finished trials are kept; resume it to continue.", sweep=sweep.id))
    return 0


def resume(options: argparse.Namespace, workspace: Workspace) -> int:
    """Resume a sweep."""
    sweep = control.find_sweep(workspace, options.sweep)
    control.resume(workspace, sweep)
    print(tr("{sweep} continues.", sweep=sweep.id), flush=True)
    return _wait(sweep, workspace) if options.wait else 0


def delete(options: argparse.Namespace, workspace: Workspace) -> int:
    """Delete a sweep; its runs are kept."""
    sweep = control.find_sweep(workspace, options.sweep)
    control.delete(workspace, sweep)
    print(tr("{sweep} was deleted. Its runs are kept.", sweep=sweep.id))
    return 0


def again(options: argparse.Namespace, workspace: Workspace) -> int:
    """Retrain with the settings of a trial and three other seeds."""
    sweep = control.find_sweep(workspace, options.sweep)
    for run in control.retrain(workspace, sweep, options.trial):
        print(tr("run {run}", run=run.id))
    return 0


def _wait(sweep: Sweep, workspace: Workspace) -> int:
    """Print each trial as it ends, until the sweep has ended; Ctrl-C leaves it running."""
    printed_trials: set[int] = set()
    settings = sweep.settings()
    try:
        while True:
            status = sweep.status()
            for trial in sweep.progress().trials:
                if trial.state != "running" and trial.number not in printed_trials:
                    printed_trials.add(trial.number)
                    print(_trial_line(settings, trial), flush=True)
            # The sweep's process writes its first status a moment after it starts.
            if status.state != "running" and not (status.state == "interrupted" and sweep.alive):
                break
            time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        message = tr("The sweep continues. Stop it with: python -m core sweep stop {sweep}", sweep=sweep.id)
        print(message, file=sys.stderr)
        return 130
    print(tr(status.message))
    _print_winners(settings, sweep.progress(), workspace)
    return _exit_status(status)


def _exit_status(status: SweepStatus) -> int:
    return 0 if status.state in ("finished", "stopped") else 1


def _print_trials(settings: SweepSettings, progress: Progress) -> None:
    for trial in progress.trials:
        mark = " *" if trial.number in progress.pareto else ""
        print(_trial_line(settings, trial) + mark)
    if len(settings.objectives) > 1 and progress.pareto:
        print(tr("* no other trial is better in both objectives"))
    elif progress.pareto:
        print(tr("* the best trial"))


def _trial_line(settings: SweepSettings, trial: Trial) -> str:
    """Return a line with a trial's number, state, values and settings."""
    pairs = zip(settings.objectives, trial.values or (), strict=False)
    values = ", ".join(_value_text(objective, value) for objective, value in pairs)
    varied = "  ".join(f"{name}={_setting_text(value)}" for name, value in trial.settings.items())
    retries = f" ({ntr('{count} retry', '{count} retries', trial.retries)})" if trial.retries else ""
    message = f"  {tr(trial.message)}" if trial.message else ""
    title = f"{tr('trial')} {trial.number:>3}  {tr(STATES[trial.state]):8}"
    return f"{title}  {values or '-':>10}  {varied}{retries}{message}"


def _setting_text(value: object) -> str:
    # `sweep new --vary` accepts this format, which has a decimal point in every language.
    return f"{value:.3g}" if isinstance(value, float) else value_text(value)


def _value_text(objective: str, value: float) -> str:
    if objective == "milliseconds":
        return tr("{milliseconds:.3f} ms", milliseconds=value)
    return tr("{count:,.0f} parameters", count=value) if objective == "parameters" else number(value, ".2%")


def _print_importance(progress: Progress) -> None:
    if progress.importance is None:
        print(
            tr(
                "importance of settings: too few complete trials ({count} are needed)",
                count=MIN_TRIALS_FOR_IMPORTANCE,
            )
        )
        return
    importances = sorted(progress.importance.items(), key=lambda item: -item[1])
    text = ", ".join(f"{name} {number(importance, '.0%')}" for name, importance in importances)
    print(tr("importance of settings: {shares}", shares=text))


def _print_winners(settings: SweepSettings, progress: Progress, workspace: Workspace) -> None:
    for winner in progress.winners:
        print(tr("trial {trial}, trained again: {runs}", trial=winner.trial, runs=", ".join(winner.runs)))
        comparison = compare_seeds(workspace, progress, winner, settings.objectives[0])
        if comparison is not None:
            _print_comparison(comparison)


def _print_comparison(comparison: SeedComparison) -> None:
    accuracies = {"found": _percentages(comparison.winner), "test": _percentages(comparison.test_accuracies)}
    if comparison.objective == "redrawn_accuracy":
        text = tr("accuracy on redrawn digits {found}; test accuracy {test}", **accuracies)
    else:
        text = tr("validation accuracy {found}; test accuracy {test}", **accuracies)
    print(f"  {text}")
    points = {"difference": comparison.difference * 100, "spread": comparison.spread * 100}
    if comparison.within_spread:
        verdict = tr(
            "{difference:+.2f} points from the first trial, which has the settings that the sweep started from; this "
            "is within the spread of the seeds, {spread:.2f} points",
            **points,
        )
    else:
        verdict = tr(
            "{difference:+.2f} points from the first trial, which has the settings that the sweep started from; this "
            "is larger than the spread of the seeds, {spread:.2f} points",
            **points,
        )
    print(f"  {verdict}")


def _percentages(values: Iterable[float]) -> str:
    return ", ".join(number(value, ".2%") for value in sorted(values))
