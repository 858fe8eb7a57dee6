"""Dashboard processes that act on one workspace at the same time."""

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
from tests.support.tiny_training import tiny_config
from tests.support.workers import end_all

ENDLESS = tiny_config(epochs=200, patience=0, batch_size=8)

ACTIONS: dict[str, Callable[[Workspace, str], object]] = {
    "train": lambda workspace, _: queue.submit(workspace, ENDLESS),
    "stop": lambda workspace, name: control.request_stop(workspace, find_run(workspace, name)),
    "resume": lambda workspace, name: queue.resume(workspace, find_run(workspace, name)),
    "delete": lambda workspace, name: control.delete(workspace, find_run(workspace, name)),
    "promote": lambda workspace, name: promote(workspace, find_run(workspace, name)),
    "look": lambda workspace, _: (queue.advance(workspace), summaries(workspace)),
}


def _dashboard(root: Path, python: str, requests: Connection, barrier: Barrier) -> None:
    """Run one dashboard process: perform each requested action at the same time as the others; send the outcome."""
    sys.executable = python
    while request := requests.recv():
        action, name = request
        barrier.wait(300)
        try:
            ACTIONS[action](Workspace(root), name)
            requests.send("done")
        except TrazoError as error:
            requests.send(str(error))


@dataclass
class Dashboards:
    """Three dashboard processes on one workspace."""

    connections: list[Connection]

    def press(self, *actions: str, name: str = "") -> list[str]:
        """Make all dashboards perform their actions at the same moment; return "done" or an error message for each."""
        for connection, action in zip(self.connections, actions, strict=True):
            connection.send((action, name))
        return [connection.recv() for connection in self.connections]


@contextmanager
def three_dashboards(workspace: Workspace, python: str) -> Iterator[Dashboards]:
    """Start dashboards; their workers, and those that this process starts in the with block, use this Python."""
    context = multiprocessing.get_context("spawn")
    barrier, connections, processes = context.Barrier(3), [], []
    for _ in range(3):
        ours, theirs = context.Pipe()
        process = context.Process(target=_dashboard, args=(workspace.root, python, theirs, barrier), daemon=True)
        process.start()
        connections.append(ours)
        processes.append(process)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "executable", python)
        yield Dashboards(connections)
    for connection, process in zip(connections, processes, strict=True):
        connection.send(None)
        process.join(300)
        process.kill()
    end_all(workspace)
