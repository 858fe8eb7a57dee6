"""Several dashboards' processes on one workspace, which press buttons when they are told to."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from core.errors import TrazoError
from core.launcher import control, queue
from core.runs.active import promote
from core.runs.registry import find_run
from core.runs.summary import summaries
from core.workspace import Workspace
from tests.conftest import tiny_config
from tests.support.workers import end_all

ENDLESS = tiny_config(epochs=200, patience=0, batch_size=8)

DEEDS: dict[str, Callable[[Workspace, str], object]] = {
    "train": lambda workspace, _: queue.submit(workspace, ENDLESS),
    "stop": lambda workspace, name: control.request_stop(workspace, find_run(workspace, name)),
    "resume": lambda workspace, name: queue.resume(workspace, find_run(workspace, name)),
    "delete": lambda workspace, name: control.delete(workspace, find_run(workspace, name)),
    "promote": lambda workspace, name: promote(workspace, find_run(workspace, name)),
    "look": lambda workspace, _: (queue.advance(workspace), summaries(workspace)),
}


def _dashboard(root: Path, python: str, orders: Connection, together: Barrier) -> None:
    """Another dashboard's process: does what it is told at the same moment as the others, and says how it went."""
    sys.executable = python
    while order := orders.recv():
        deed, name = order
        together.wait(60)
        try:
            DEEDS[deed](Workspace(root), name)
            orders.send("done")
        except TrazoError as error:
            orders.send(str(error))


@dataclass
class Dashboards:
    """Three dashboards on one workspace."""

    orders: list[Connection]

    def press(self, *deeds: str, name: str = "") -> list[str]:
        """Let each dashboard do its deed at the same moment; returns "done" or a sentence for each."""
        for connection, deed in zip(self.orders, deeds, strict=True):
            connection.send((deed, name))
        return [connection.recv() for connection in self.orders]


@contextmanager
def three_dashboards(workspace: Workspace, python: str) -> Iterator[Dashboards]:
    """Dashboards that start their workers with this Python, as this process does meanwhile."""
    context = multiprocessing.get_context("spawn")
    together, orders, processes = context.Barrier(3), [], []
    for _ in range(3):
        ours, theirs = context.Pipe()
        process = context.Process(target=_dashboard, args=(workspace.root, python, theirs, together), daemon=True)
        process.start()
        orders.append(ours)
        processes.append(process)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "executable", python)
        yield Dashboards(orders)
    for connection, process in zip(orders, processes, strict=True):
        connection.send(None)
        process.join(10)
        process.kill()
    end_all(workspace)
