"""Commands `export` and `parity`: a model in another format, and a comparison of all ways of running it."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from core.classifier.bundle import Bundle
from core.cli.models import find_bundle, read_limited
from core.errors import ExportError
from core.exports.folder import Exports, Task
from core.exports.parity import Parity, read_parity
from core.ink.photo import ink_from_picture
from core.language import Message, number, tr
from core.launcher.exports import start_export
from core.storage import system_reason
from core.workspace import Workspace

_POLL_SECONDS = 0.1


def export(options: argparse.Namespace, workspace: Workspace) -> int:
    """Create a file in another format and print its path."""
    print(_run(workspace, find_bundle(options.model, workspace), options.format))
    return 0


def parity(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print the comparison; return 1 if any way changes a digit or a verdict."""
    drawing = None
    if options.picture is not None:
        try:
            drawing = read_limited(options.picture)
        except OSError as error:
            raise ExportError(
                Message("The file {file} cannot be read: {reason}.", file=options.picture, reason=system_reason(error))
            ) from error
        ink_from_picture(drawing)  # raises PictureError; a worker takes an empty file for no picture
    report = read_parity(_run(workspace, find_bundle(options.model, workspace), "parity", drawing))
    if report is None:
        raise ExportError(Message("The comparison has disappeared. Run the command again."))
    _print(report)
    return 1 if report.failure else 0


def _run(workspace: Workspace, bundle: Bundle, task: Task, drawing: bytes | None = None) -> Path:
    """Run a task in a worker, wait for it, and return the path of its result."""
    exports: Exports = start_export(workspace, bundle, task, drawing)
    while (state := exports.state(task)).running:
        time.sleep(_POLL_SECONDS)
    if state.problem or state.file is None:
        raise ExportError(state.problem or Message("The file has disappeared. Run the command again."))
    return state.file


def _print(report: Parity) -> None:
    count, data = len(report.verdicts), tr(report.data)
    if report.drawing:
        print(tr("{count} pictures: validation images from {data} and yours", count=count, data=data))
    else:
        print(tr("{count} pictures: validation images from {data}", count=count, data=data))
    print(f"{tr('way'):14} {tr('difference'):>10} {tr('digits'):>7} {tr('verdicts'):>9} {tr('ms/image'):>9}")
    for way in report.ways:
        if way.difference is None or way.milliseconds is None:
            problem = way.problem or "-"
            print(f"{tr(way.name):14} {tr(problem)}")
        else:
            print(
                f"{tr(way.name):14} {number(way.difference, '>10.1e')} {way.changed_digits:>7} "
                f"{way.changed_verdicts:>9} {number(way.milliseconds, '>9.2f')}"
            )
    if report.failure:
        print(tr(report.failure))
    else:
        print(tr("Every way that ran gives the same digits and verdicts as the Keras file."))
