"""Several dashboards on one workspace that press buttons at the same moment: one outcome, whoever was first."""

from __future__ import annotations

import multiprocessing
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path

import numpy as np
import psutil
import pytest

from core.errors import TrazoError
from core.runs.registry import ActivePredictor, active_model, find_run, list_runs, promote, summaries
from core.runs.run import Run
from core.training import launcher
from core.workspace import Workspace
from tests.conftest import tiny_config
from tests.waiting import wait_until
from tests.workers import end_all

ROUNDS = 50

# Starts at once, learns nothing, and stops when asked; it leaves its number and its run's folder in the list.
WORKER = """#!/bin/sh
echo "$$ $3" >> "{started}"
touch "$3/checkpoint.npz"
while [ ! -e "$3/stop" ]; do sleep 0.02; done
echo '{{"state": "stopped"}}' > "$3/.stopped" && mv "$3/.stopped" "$3/status.json" && rm "$3/stop"
"""

DEEDS: dict[str, Callable[[Workspace, str], object]] = {
    "train": lambda workspace, _: launcher.submit(workspace, tiny_config()),
    "stop": lambda workspace, name: launcher.request_stop(workspace, find_run(workspace, name)),
    "resume": lambda workspace, name: launcher.resume(workspace, find_run(workspace, name)),
    "delete": lambda workspace, name: launcher.delete(workspace, find_run(workspace, name)),
    "promote": lambda workspace, name: promote(workspace, find_run(workspace, name)),
    "look": lambda workspace, _: (launcher.advance(workspace), summaries(workspace)),
}


def dashboard(root: Path, python: str, orders: Connection, together: Barrier) -> None:
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
    """Three dashboards on one workspace; `started` lists each worker that any of them ever started."""

    workspace: Workspace
    started: Path
    orders: list[Connection]

    def press(self, *deeds: str, name: str = "") -> list[str]:
        """Let each dashboard do its deed at the same moment; returns "done" or a sentence for each."""
        for connection, deed in zip(self.orders, deeds, strict=True):
            connection.send((deed, name))
        return [connection.recv() for connection in self.orders]

    def at_work(self) -> list[str]:
        """The run folder of each living worker."""
        folders = []
        for line in self.started.read_text().splitlines() if self.started.exists() else ():
            pid, folder = line.split(maxsplit=1)
            if psutil.pid_exists(int(pid)) and psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE:
                folders.append(folder)
        return folders


@pytest.fixture
def dashboards(tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dashboards]:
    started, python = tmp_path / "started", tmp_path / "python"
    python.write_text(WORKER.format(started=started))
    python.chmod(0o755)
    context = multiprocessing.get_context("spawn")
    together, orders, processes = context.Barrier(3), [], []
    for _ in range(3):
        ours, theirs = context.Pipe()
        process = context.Process(target=dashboard, args=(workspace.root, str(python), theirs, together), daemon=True)
        process.start()
        orders.append(ours)
        processes.append(process)
    monkeypatch.setattr(sys, "executable", str(python))
    yield Dashboards(workspace, started, orders)
    for connection, process in zip(orders, processes, strict=True):
        connection.send(None)
        process.join(10)
        process.kill()
    end_all(workspace)


def running(workspace: Workspace) -> Run:
    run = launcher.submit(workspace, tiny_config())
    wait_until(run.checkpoint_file.exists, what="the start of the worker")
    return run


def stopped(workspace: Workspace) -> Run:
    run = running(workspace)
    launcher.request_stop(workspace, run)
    wait_until(lambda: run.status().over, what="the stop")
    return run


def finished(workspace: Workspace, trained: Run) -> Run:
    run = stopped(workspace)
    shutil.copytree(trained.bundle.folder, run.bundle.folder)
    return run


def two_trainings(workspace: Workspace, _: Run | None, said: list[str]) -> None:
    assert said == ["done"] * 3
    assert Counter(run.status().state for run in list_runs(workspace)) == {"running": 1, "queued": 1}


def over_soon(_: Workspace, run: Run, said: list[str]) -> None:
    wait_until(lambda: run.status().over and not run.alive, what="the end")
    assert all("nothing to stop" in sentence for sentence in said if sentence != "done")


def once(_: Workspace, run: Run, said: list[str]) -> None:
    assert sorted("nothing to resume" in sentence for sentence in said) == [False, False, True]
    assert run.status().state == "running"


def deleted_once(workspace: Workspace, run: Run, said: list[str]) -> None:
    assert sorted("There is no run" in sentence for sentence in said) == [False, False, True]
    assert list_runs(workspace) == []


def deleted(workspace: Workspace, _: Run, said: list[str]) -> None:
    assert said[1] == "done"
    assert list_runs(workspace) == []
    assert active_model(workspace).run_id is None


def in_use(workspace: Workspace, run: Run, said: list[str]) -> None:
    assert said == ["done"] * 3
    assert active_model(workspace).run_id == run.id


PRESSED = [
    (("train", "train", "look"), None, two_trainings),
    (("stop", "stop", "look"), running, over_soon),
    (("resume", "resume", "look"), stopped, once),
    (("delete", "delete", "look"), running, deleted_once),
    (("promote", "promote", "promote"), finished, in_use),
    (("promote", "delete", "look"), finished, deleted),
    (("resume", "delete", "look"), stopped, deleted),
    (("stop", "delete", "look"), running, deleted),
]
"""What three dashboards do at once, the run that they do it to, and what may come of it."""


@pytest.mark.timeout(300)
def test_fifty_rounds_of_buttons_pressed_at_the_same_moment(
    dashboards: Dashboards, trained: Run, workspace: Workspace
) -> None:
    for number in range(ROUNDS):
        deeds, prepare, expected = PRESSED[number % len(PRESSED)]
        run = finished(workspace, trained) if prepare is finished else prepare(workspace) if prepare else None

        said = dashboards.press(*deeds, name=run.id if run else "")

        expected(workspace, run, said)
        at_work = dashboards.at_work()
        assert len(at_work) <= 1, f"round {number}, {deeds}: {at_work}"
        assert [row.problem for row in summaries(workspace) if row.problem] == []
        assert active_model(workspace).problem is None
        for each in list_runs(workspace):
            launcher.delete(workspace, each)
        wait_until(lambda: not dashboards.at_work(), what="the end of all workers")


@contextmanager
def meanwhile(ask: Callable[[], None]) -> Iterator[None]:
    """Four threads that ask over and over while the block runs; raises what any of them raised."""
    over = threading.Event()

    def keep_asking() -> None:
        while not over.is_set():
            ask()

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(keep_asking) for _ in range(4)]
        try:
            yield
        finally:
            over.set()
        for each in asking:
            each.result()


def test_predictions_during_promotions_come_from_one_model_or_the_other(trained: Run, workspace: Workspace) -> None:
    run = Run(Path(shutil.copytree(trained.folder, workspace.runs / trained.id)))
    ink = np.zeros((1, 28, 28), np.uint8)
    ink[0, 5:23, 13:15] = 255
    predictor, answers, problems = ActivePredictor(workspace), Counter[str](), []
    shipped = predictor.current()[1].probabilities(ink)
    promote(workspace, run)
    own = predictor.current()[1].probabilities(ink)

    def ask() -> None:
        active, model = predictor.current()
        problems.extend([active.problem] if active.problem else [])
        said = model.probabilities(ink)
        answers["shipped" if np.array_equal(said, shipped) else "own" if np.array_equal(said, own) else "none"] += 1

    with meanwhile(ask):
        for number in range(ROUNDS):
            promote(workspace, run if number % 2 else None)

    assert problems == []
    assert set(answers) == {"shipped", "own"}


def test_a_model_that_is_deleted_while_it_is_in_use_gives_way_to_the_shipped_one(
    trained: Run, workspace: Workspace
) -> None:
    predictor, seen = ActivePredictor(workspace), set()

    with meanwhile(lambda: seen.add(predictor.current()[0].name)):
        for number in range(10):
            folder = workspace.runs / f"20260101-0000{number:02}-old-owl"
            run = Run(Path(shutil.copytree(trained.folder, folder)))
            promote(workspace, run)
            launcher.delete(workspace, run)

    assert predictor.current()[0].name == "shipped"
    assert "shipped" in seen
