"""Commands `runs list`, `show`, `name`, `stop`, `resume`, `promote` and `delete`."""

from __future__ import annotations

import argparse
import json

from core.cli.card import print_card
from core.cli.states import STATES
from core.language import number, tr
from core.launcher import control, queue
from core.runs.active import SHIPPED, promote
from core.runs.label import read_label, write_label
from core.runs.registry import check_runs, find_run
from core.runs.summary import summaries
from core.runs.trial import read_search_marker, read_trial_result
from core.workspace import Workspace


def list_all(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print all runs, newest first."""
    check_runs(workspace)
    rows = summaries(workspace)
    if options.json:
        for row in rows:
            created, label = row.created.isoformat(timespec="seconds"), row.label.model_dump()
            config = row.config.to_json() if row.config else None
            print(json.dumps(vars(row) | {"created": created, "label": label, "config": config}))
        return 0
    if not rows:
        print(tr("There are no runs yet. Start one with: python -m core train"))
        return 0
    print(f"{tr('run'):36} {tr('state'):12} {tr('test'):>8} {tr('redrawn'):>9}  {tr('preset, dataset')}")
    for row in rows:
        state = STATES[row.state] if row.state else row.problem or "-"
        accuracy = number(row.accuracy, ".2%") if row.accuracy is not None else "-"
        redrawn = number(row.drawings, ".1%") if row.drawings is not None else "-"
        mark = f" ({tr('active')})" if row.promoted else ""
        name = f"  {row.label.name}" if row.label.name else ""
        details = f"{row.preset or '-'}, {row.dataset or '-'}{mark}{name}"
        print(f"{row.id:36} {tr(state):12} {accuracy:>8} {redrawn:>9}  {details}")
    return 0


def show(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print the state, label, settings and metrics of a run."""
    run = find_run(workspace, options.run)
    status = run.status()
    label = read_label(run)
    print(f"{run.id}: {tr(STATES[status.state])}. {tr(status.message)}")
    for text in (label.name, label.note):
        if text:
            print(text)
    print(run.config().model_dump_json(indent=2))
    if mark := read_search_marker(run.trial_file):
        print(
            tr(
                "trial {trial} of sweep {sweep}; the test accuracy of such a run is not measured",
                trial=mark.trial,
                sweep=mark.sweep,
            )
        )
    if result := read_trial_result(run.trial_result_file):
        print(
            tr(
                "validation accuracy {accuracy:.2%}; {parameters:,} parameters",
                accuracy=result.validation_accuracy,
                parameters=result.parameters,
            )
        )
    if run.bundle.complete:
        print_card(run.bundle.card())
    return 0


def name(options: argparse.Namespace, workspace: Workspace) -> int:
    """Give a run a name, or remove its name."""
    run = find_run(workspace, options.run)
    label = write_label(workspace, run, options.name, read_label(run).note)
    if label.name:
        print(tr("{run} is now named {name}.", run=run.id, name=label.name))
    else:
        print(tr("The name of {run} was removed.", run=run.id))
    return 0


def stop(options: argparse.Namespace, workspace: Workspace) -> int:
    """Stop one run, or all running and queued runs."""
    if options.run is not None:  # an unset "$RUN" is not the request to stop all
        runs = [find_run(workspace, options.run)]
        control.request_stop(workspace, runs[0])
    else:
        runs = control.request_stop_all(workspace)
    for run in runs:
        print(
            tr(
                "{run} was asked to stop. A run in progress saves its model; a queued run leaves the queue.",
                run=run.id,
            )
        )
    if not runs:
        print(tr("No runs are running or queued."))
    return 0


def resume(options: argparse.Namespace, workspace: Workspace) -> int:
    """Resume a run from its last completed epoch, or from the beginning if it has none."""
    run = find_run(workspace, options.run)
    queue.resume(workspace, run)
    print(f"{run.id}: {tr(run.status().message)}")
    return 0


def promote_run(options: argparse.Namespace, workspace: Workspace) -> int:
    """Set the active model to a run's model or the shipped model."""
    run = None if options.run == SHIPPED else find_run(workspace, options.run)
    promote(workspace, run)
    print(tr("The active model is now {run}.", run=run.id) if run else tr("The active model is now the shipped model."))
    return 0


def delete(options: argparse.Namespace, workspace: Workspace) -> int:
    """Stop and delete a run."""
    run = find_run(workspace, options.run)
    control.delete(workspace, run)
    print(tr("{run} was deleted.", run=run.id))
    return 0
