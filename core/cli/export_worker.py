"""A worker process: exports a model, or compares the ways of running it. `core.launcher.exports` starts it.

`python -m core.cli.export_worker TASK BUNDLE_FOLDER` holds its inherited lock until it exits. It reads the
picture for the comparison, if any, from standard input.
"""

from __future__ import annotations

import io
import json
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import numpy as np

from core.classifier.bundle import Bundle
from core.cli import main as command_line
from core.environment import prepare_tensorflow
from core.errors import ExportError, TrazoError
from core.exports.creation import create
from core.exports.folder import Exports, Job, Task, write_job
from core.exports.parity import Answers, write_parity
from core.exports.ways import compare_ways
from core.language import Message, message_of
from core.workspace import Workspace

_UNEXPECTED = Message("Something went wrong on our side; see the log cache/exports/worker.log in the workspace.")


def main(task: Task, bundle: Bundle, picture: bytes) -> int:
    """Run one task; record its error if it fails."""
    workspace = Workspace.from_environment()
    exports = Exports(workspace, bundle)
    try:
        prepare_tensorflow()
        if task == "parity":
            write_parity(exports.file(task), compare_ways(workspace, bundle, picture or None, read_by_command_line))
        else:
            create(workspace, bundle, task)
    except Exception as error:  # noqa: BLE001 - the page shows any error that ends the worker
        traceback.print_exc()
        problem = message_of(error) if isinstance(error, TrazoError) else _UNEXPECTED
        write_job(workspace, Job(network=exports.network, task=task, problem=problem))
        return 1
    return 0


def read_by_command_line(bundle: Bundle, pictures: Sequence[bytes]) -> Answers:
    """Read pictures with `python -m core predict --json`, in this process."""
    with TemporaryDirectory() as folder, redirect_stdout(io.StringIO()) as output:
        files = [Path(folder) / f"{index:03}.png" for index in range(len(pictures))]
        for file, picture in zip(files, pictures, strict=True):
            file.write_bytes(picture)
        start = time.perf_counter()
        status = command_line(["predict", "--json", "--model", str(bundle.folder), *map(str, files)])
        seconds = time.perf_counter() - start
    if status:
        raise ExportError(Message("The command line could not read every picture."))
    lines = [json.loads(line) for line in output.getvalue().splitlines()]
    probabilities = np.array([line["probabilities"] for line in lines])
    return Answers(probabilities, [line["verdict"] for line in lines], 1000 * seconds / len(lines))


if __name__ == "__main__":
    sys.exit(main(cast("Task", sys.argv[1]), Bundle(Path(sys.argv[2])), sys.stdin.buffer.read()))
