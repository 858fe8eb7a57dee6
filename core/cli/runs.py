"""python -m core runs: list, show, name, stop, resume, promote, delete."""

from __future__ import annotations

import argparse
import json

from core.cli.models import print_card
from core.launcher import control, queue
from core.runs.active import SHIPPED, promote
from core.runs.label import read_label, write_label
from core.runs.registry import check_runs, find_run
from core.runs.summary import summaries
from core.workspace import Workspace


def list_all(options: argparse.Namespace, workspace: Workspace) -> int:
    check_runs(workspace)
    rows = summaries(workspace)
    if options.json:
        for row in rows:
            more = {"created": row.created.isoformat(timespec="seconds"), "label": row.label.model_dump()}
            print(json.dumps(vars(row) | more | {"config": row.config.to_json() if row.config else None}))
        return 0
    if not rows:
        print("No runs yet. Start one with: python -m core train")
    else:
        print(f"{'run':36} {'state':12} {'test':>8} {'redrawn':>9}  preset, data")
    for row in rows:
        accuracy = f"{row.accuracy:.2%}" if row.accuracy is not None else "-"
        drawings = f"{row.drawings:.1%}" if row.drawings is not None else "-"
        mark = " (in use)" if row.promoted else ""
        name = f"  {row.label.name}" if row.label.name else ""
        details = f"{row.preset or '-'}, {row.dataset or '-'}{mark}{name}"
        print(f"{row.id:36} {row.state or row.problem!s:12} {accuracy:>8} {drawings:>9}  {details}")
    return 0


def show(options: argparse.Namespace, workspace: Workspace) -> int:
    run = find_run(workspace, options.run)
    status = run.status()
    label = read_label(run)
    print(f"{run.id}: {status.state}. {status.message}")
    for text in (label.name, label.note):
        if text:
            print(text)
    print(run.config().model_dump_json(indent=2))
    if run.bundle.complete:
        print_card(run.bundle.card())
    return 0


def name(options: argparse.Namespace, workspace: Workspace) -> int:
    run = find_run(workspace, options.run)
    label = write_label(workspace, run, options.name, read_label(run).note)
    print(f"{run.id} is now named {label.name}." if label.name else f"{run.id} has no name any more.")
    return 0


def stop(options: argparse.Namespace, workspace: Workspace) -> int:
    if options.run:
        asked = [find_run(workspace, options.run)]
        control.request_stop(workspace, asked[0])
    else:
        asked = control.request_stop_of_all(workspace)
    for run in asked:
        print(f"{run.id} was asked to stop; it keeps what it has learned.")
    if not asked:
        print("No training is running or queued.")
    return 0


def resume(options: argparse.Namespace, workspace: Workspace) -> int:
    run = find_run(workspace, options.run)
    queue.resume(workspace, run)
    print(f"{run.id}: {run.status().message}")
    return 0


def promote_run(options: argparse.Namespace, workspace: Workspace) -> int:
    run = None if options.run == SHIPPED else find_run(workspace, options.run)
    promote(workspace, run)
    print(f"The model in use is now {run.id if run else 'the shipped model'}.")
    return 0


def delete(options: argparse.Namespace, workspace: Workspace) -> int:
    run = find_run(workspace, options.run)
    control.delete(workspace, run)
    print(f"{run.id} was deleted.")
    return 0
