"""Concurrent actions by several dashboards on one workspace have a consistent outcome in any order."""

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
from tests.support.dashboards import Dashboards, three_dashboards
from tests.support.tiny_training import tiny_config
from tests.support.waiting import wait_until
from tests.support.workers import workers_in

# A fake worker that starts immediately, learns nothing and stops on request.
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
def training_dashboards(workspace: Workspace) -> Iterator[Dashboards]:
    with three_dashboards(workspace, sys.executable) as dashboards:
        yield dashboards


def create_running_run(workspace: Workspace) -> Run:
    run = queue.submit(workspace, tiny_config())
    wait_until(run.checkpoint_file.exists, what="the start of the worker")
    return run


def create_stopped_run(workspace: Workspace) -> Run:
    run = create_running_run(workspace)
    control.request_stop(workspace, run)
    wait_until(lambda: run.status().has_ended, what="the stop")
    return run


def create_finished_run(workspace: Workspace, trained: Run) -> Run:
    run = create_stopped_run(workspace)
    shutil.copytree(trained.bundle.folder, run.bundle.folder)
    return run


def prepare_run(prepare: Callable[..., Run] | None, workspace: Workspace, trained: Run) -> Run | None:
    if prepare is None:
        return None
    return create_finished_run(workspace, trained) if prepare is create_finished_run else prepare(workspace)


def expect_one_running_one_queued(workspace: Workspace, _: Run | None, outcomes: list[str]) -> None:
    assert outcomes == ["done"] * 3
    assert Counter(run.status().state for run in list_runs(workspace)) == {"running": 1, "queued": 1}


def expect_end(_: Workspace, run: Run, outcomes: list[str]) -> None:
    wait_until(lambda: run.status().has_ended and not run.alive, what="the end")
    assert all("nothing to stop" in outcome for outcome in outcomes if outcome != "done")


def expect_one_resume(_: Workspace, run: Run, outcomes: list[str]) -> None:
    assert sorted("nothing to resume" in outcome for outcome in outcomes) == [False, False, True]
    assert run.status().state == "running"


def expect_stop_before_resume(workspace: Workspace, run: Run, outcomes: list[str]) -> None:
    assert outcomes[0] == "done"
    wait_for_state(workspace, run, "running" if outcomes[1] == "done" else "stopped")


def expect_resume_before_stop(workspace: Workspace, run: Run, outcomes: list[str]) -> None:
    assert outcomes[1] == "done"
    wait_for_state(workspace, run, "stopped" if outcomes[0] == "done" else "running")


def wait_for_state(workspace: Workspace, run: Run, state: str) -> None:
    """Wait until the later of two requests has taken effect."""
    wait_until(
        lambda: queue.advance(workspace) is None and run.status().state == state and run.alive == (state == "running"),
        what=f"the state {state!r}",
    )


def expect_one_delete(workspace: Workspace, run: Run, outcomes: list[str]) -> None:
    assert sorted("There is no run" in outcome for outcome in outcomes) == [False, False, True]
    assert list_runs(workspace) == []


def expect_delete(workspace: Workspace, _: Run, outcomes: list[str], remaining: Sequence[Run] = ()) -> None:
    assert outcomes[1] == "done"
    assert list_runs(workspace) == list(remaining)
    assert active_model(workspace).run_id is None


def expect_promotion(workspace: Workspace, run: Run, outcomes: list[str]) -> None:
    assert outcomes == ["done"] * 3
    assert active_model(workspace).run_id == run.id


CONCURRENT_ACTIONS = [
    (("train", "train", "look"), None, expect_one_running_one_queued),
    (("stop", "stop", "look"), create_running_run, expect_end),
    (("resume", "resume", "look"), create_stopped_run, expect_one_resume),
    (("stop", "resume", "look"), create_running_run, expect_stop_before_resume),
    (("stop", "resume", "look"), create_stopped_run, expect_resume_before_stop),
    (("delete", "delete", "look"), create_running_run, expect_one_delete),
    (("promote", "promote", "promote"), create_finished_run, expect_promotion),
    (("promote", "delete", "look"), create_finished_run, expect_delete),
    (("resume", "delete", "look"), create_stopped_run, expect_delete),
    (("stop", "delete", "look"), create_running_run, expect_delete),
]
"""The actions of the three dashboards, the function that prepares their run, and the check of the outcome."""


@pytest.mark.parametrize("rounds", [20, pytest.param(100, marks=pytest.mark.long)])
def test_concurrent_actions_have_a_consistent_outcome(
    dashboards: Dashboards, trained: Run, workspace: Workspace, rounds: int
) -> None:
    for number in range(rounds):
        actions, prepare, check = CONCURRENT_ACTIONS[number % len(CONCURRENT_ACTIONS)]
        run = prepare_run(prepare, workspace, trained)

        outcomes = dashboards.press(*actions, name=run.id if run else "")

        check(workspace, run, outcomes)
        assert_consistent(workspace, f"round {number}, {actions}")
        for remaining in list_runs(workspace):
            control.delete(workspace, remaining)
        wait_until(lambda: not workers_in(workspace.runs), what="the end of all workers")


def assert_consistent(workspace: Workspace, moment: str) -> None:
    runs = list_runs(workspace)
    assert len([run for run in runs if run.alive]) <= 1, moment
    assert all(len(workers_in(run.folder)) <= 1 for run in runs), moment
    assert [row.problem for row in summaries(workspace) if row.problem] == []
    assert active_model(workspace).problem is None


# The test above performs the same actions on workers that only pretend to train.
@pytest.mark.long
def test_concurrent_actions_during_real_training(training_dashboards: Dashboards, workspace: Workspace) -> None:
    press = training_dashboards.press
    expect_one_running_one_queued(workspace, None, press("train", "train", "look"))
    second, first = list_runs(workspace)
    wait_until(first.checkpoint_file.exists, what="the first completed epoch")

    expect_stop_before_resume(workspace, first, press("stop", "resume", "look", name=first.id))
    wait_until(lambda: second.status().state == "running" and not first.alive, what="the start of the next run")
    assert_consistent(workspace, "after the first stop")
    stop, resume, promotion = press("stop", "resume", "promote", name=first.id)
    assert (resume, promotion) == ("done", "done")
    assert first.status().state == ("stopped" if stop == "done" else "queued")
    assert active_model(workspace).run_id == first.id
    assert_consistent(workspace, "after the resume")
    expect_delete(workspace, first, press("promote", "delete", "look", name=first.id), remaining=[second])
    wait_until(second.checkpoint_file.exists, what="the second run's first completed epoch")
    expect_delete(workspace, second, press("stop", "delete", "look", name=second.id))
    assert_consistent(workspace, "at the end")


@contextmanager
def repeat_in_background(request: Callable[[], None]) -> Iterator[None]:
    """Call `request` repeatedly in four threads during the with block; raise any of their errors."""
    done = threading.Event()

    def repeat() -> None:
        while not done.is_set():
            request()

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(repeat) for _ in range(4)]
        try:
            yield
        finally:
            done.set()
        for future in futures:
            future.result()


def test_predictions_during_a_promotion_come_from_one_model(trained: Run, workspace: Workspace) -> None:
    run = Run(Path(shutil.copytree(trained.folder, workspace.runs / trained.id)))
    ink = np.zeros((1, 28, 28), np.uint8)
    ink[0, 5:23, 13:15] = 255
    predictor, sources, problems = ActivePredictor(workspace), set(), []
    shipped = predictor.current()[1].probabilities(ink)
    promote(workspace, run)
    promoted = predictor.current()[1].probabilities(ink)

    def predict() -> None:
        active, model = predictor.current()
        problems.extend([active.problem] if active.problem else [])
        probabilities = model.probabilities(ink)
        if np.array_equal(probabilities, shipped):
            sources.add("shipped")
        else:
            sources.add("promoted" if np.array_equal(probabilities, promoted) else "neither")

    with repeat_in_background(predict):
        for number in range(50):
            promote(workspace, run if number % 2 else None)

    assert problems == []
    assert sources == {"shipped", "promoted"}


def test_shipped_model_replaces_a_deleted_active_model(trained: Run, workspace: Workspace) -> None:
    predictor, names = ActivePredictor(workspace), set()

    with repeat_in_background(lambda: names.add(predictor.current()[0].name)):
        for number in range(10):
            folder = workspace.runs / f"20260101-0000{number:02}-old-owl"
            run = Run(Path(shutil.copytree(trained.folder, folder)))
            promote(workspace, run)
            control.delete(workspace, run)

    assert predictor.current()[0].name == "shipped"
    assert "shipped" in names
