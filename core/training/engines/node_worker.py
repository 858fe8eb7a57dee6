"""The process that trains a run on a machine in the cluster; `core.training.engines.node` starts it."""

from __future__ import annotations

import os
import select
import shutil
import sys
import threading
from pathlib import Path

from core.runs.run import Run
from core.training import worker
from core.workspace import Workspace

_SILENCE_SECONDS = 60.0
"""Time without a request after which the training is abandoned; the run's own machine sends one every second."""


def main(folder: Path) -> int:
    """Train the run in `folder`, and exit at once when standard input ends or stays silent for too long."""
    workspace = Workspace.from_environment()
    threading.Thread(target=_end_if_unwanted, args=(workspace,), daemon=True).start()
    end = worker.train_to_end(Run(folder), workspace)
    return 0 if end["state"] != "failed" else 1


def _end_if_unwanted(workspace: Workspace) -> None:
    while select.select([sys.stdin], [], [], _SILENCE_SECONDS)[0] and os.read(sys.stdin.fileno(), 1024):
        pass
    shutil.rmtree(workspace.root, ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
