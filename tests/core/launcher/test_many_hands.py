"""Several dashboards on one workspace that press buttons at the same moment: one outcome, whoever was first."""

from __future__ import annotations

import shutil
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from core.launcher import control, queue
from core.runs.active import ActivePredictor, active_model, promote
from core.runs.registry import list_runs
from core.runs.run import Run
from core.runs.summary import summaries
from core.workspace import Workspace
from tests.conftest import tiny_config
from tests.support.dashboards import Dashboards, three_dashboards
from tests.support.waiting import wait_until
from tests.support.workers import workers_in

ROUNDS = 50

# Starts at once, learns nothing, and stops when asked.
WORKER = """#!/bin/sh
touch "$3/checkpoint.npz"
while [ ! -e "$3/stop" ]; do sleep 0.02; done
rm "$3/stop"; echo '{"state": "stopped"}' > "$3/.stopped" && mv "$3/.stopped" "$3/status.json"
"""


@pytest.fixture
def dashboards(tmp_path: Path, workspace: Workspace) -> Iterator[Dashboards]:
    python = tmp_path / "python"
    python.write_text(WORKER)
    python.chmod(0o755)
    with three_dashboards(workspace, str(python)) as dashboards:
        yield dashboards


@pytest.fixture
def dashboards_that_train(workspace: Workspace) -> Iterator[Dashboards]:
    with three_dashboards(workspace, sys.executable) as dashboards:
        yield dashboards


def running(workspace: Workspace) -> Run:
    run = queue.submit(workspace, tiny_config())
    wait_until(run.checkpoint_file.exists, what="the start of the worker")
    return run


def stopped(workspace: Workspace) -> Run:
    run = running(workspace)
    control.request_stop(workspace, run)
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


def stopped_then_perhaps_resumed(workspace: Workspace, run: Run, said: list[str]) -> None:
    assert said[0] == "done"
    settles(workspace, run, "running" if said[1] == "done" else "stopped")


def resumed_then_perhaps_stopped(workspace: Workspace, run: Run, said: list[str]) -> None:
    assert said[1] == "done"
    settles(workspace, run, "stopped" if said[0] == "done" else "running")


def settles(workspace: Workspace, run: Run, state: str) -> None:
    """Whoever came later had the last word."""
    wait_until(
        lambda: queue.advance(workspace) is None and run.status().state == state and run.alive == (state == "running"),
        60,
        f"its being {state}",
    )


def deleted_once(workspace: Workspace, run: Run, said: list[str]) -> None:
    assert sorted("There is no run" in sentence for sentence in said) == [False, False, True]
    assert list_runs(workspace) == []


def deleted(workspace: Workspace, _: Run, said: list[str], left: Sequence[Run] = ()) -> None:
    assert said[1] == "done"
    assert list_runs(workspace) == list(left)
    assert active_model(workspace).run_id is None


def in_use(workspace: Workspace, run: Run, said: list[str]) -> None:
    assert said == ["done"] * 3
    assert active_model(workspace).run_id == run.id


PRESSED = [
    (("train", "train", "look"), None, two_trainings),
    (("stop", "stop", "look"), running, over_soon),
    (("resume", "resume", "look"), stopped, once),
    (("stop", "resume", "look"), running, stopped_then_perhaps_resumed),
    (("stop", "resume", "look"), stopped, resumed_then_perhaps_stopped),
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
        nothing_is_doubled_or_damaged(workspace, f"round {number}, {deeds}")
        for each in list_runs(workspace):
            control.delete(workspace, each)
        wait_until(lambda: not workers_in(workspace.runs), what="the end of all workers")


def nothing_is_doubled_or_damaged(workspace: Workspace, moment: str) -> None:
    runs = list_runs(workspace)
    assert len([run for run in runs if run.alive]) <= 1, moment
    assert all(len(workers_in(run.folder)) <= 1 for run in runs), moment
    assert [row.problem for row in summaries(workspace) if row.problem] == []
    assert active_model(workspace).problem is None


@pytest.mark.timeout(300)
def test_buttons_pressed_at_the_same_moment_while_real_workers_train(
    dashboards_that_train: Dashboards, workspace: Workspace
) -> None:
    press = dashboards_that_train.press
    two_trainings(workspace, None, press("train", "train", "look"))
    second, first = list_runs(workspace)
    wait_until(first.checkpoint_file.exists, 120, "the first whole epoch")

    stopped_then_perhaps_resumed(workspace, first, press("stop", "resume", "look", name=first.id))
    wait_until(lambda: second.status().state == "running" and not first.alive, 60, "the next training")
    nothing_is_doubled_or_damaged(workspace, "after the first stop")
    stop, resume, promoted = press("stop", "resume", "promote", name=first.id)
    assert (resume, promoted) == ("done", "done")
    assert first.status().state == ("stopped" if stop == "done" else "queued")
    assert active_model(workspace).run_id == first.id
    nothing_is_doubled_or_damaged(workspace, "after the resume")
    deleted(workspace, first, press("promote", "delete", "look", name=first.id), left=[second])
    wait_until(second.checkpoint_file.exists, 120, "its first whole epoch")
    deleted(workspace, second, press("stop", "delete", "look", name=second.id))
    nothing_is_doubled_or_damaged(workspace, "after all")


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
            control.delete(workspace, run)

    assert predictor.current()[0].name == "shipped"
    assert "shipped" in seen
