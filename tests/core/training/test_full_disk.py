"""A disk that is full: one sentence, nothing half-made, and everything goes on once there is room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import StorageError
from core.runs.registry import create_run
from core.runs.summary import summaries
from core.training.checkpoint import read_checkpoint
from core.training.control import request_stop
from core.training.queue import advance, resume, submit
from core.workspace import Workspace
from tests.support.full_disk import fill
from tests.support.tiny_training import tiny_config
from tests.support.waiting import wait_until
from tests.support.workers import end_all


@pytest.fixture
def workspace(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A workspace on a disk of 2 MB."""
    monkeypatch.setenv("TRAZO_WORKSPACE", str(small_disk))
    workspace = Workspace(small_disk)
    yield workspace
    end_all(workspace)


@pytest.fixture
def ballast(workspace: Workspace) -> Path:
    """What makes the disk full: see `fill`."""
    return workspace.root / "ballast"


def test_a_training_that_finds_no_room_is_refused_and_nothing_of_it_is_left(
    workspace: Workspace, ballast: Path
) -> None:
    earlier = create_run(workspace, tiny_config())
    fill(ballast)

    with pytest.raises(StorageError, match="disk is full"):
        submit(workspace, tiny_config())

    assert list(workspace.runs.iterdir()) == [earlier.folder]
    assert [row.problem for row in summaries(workspace)] == [None]


def test_a_training_waits_on_where_the_disk_is_full_when_its_turn_comes(workspace: Workspace, ballast: Path) -> None:
    run = create_run(workspace, tiny_config())
    fill(ballast)

    with pytest.raises(StorageError, match="disk is full"):
        advance(workspace)

    assert run.status().state == "queued"
    ballast.unlink()
    assert advance(workspace) == run


def test_a_disk_that_fills_up_fails_the_run_and_resume_works_once_there_is_room(
    workspace: Workspace, ballast: Path
) -> None:
    run = submit(workspace, tiny_config(epochs=40, patience=0, batch_size=8))
    wait_until(run.checkpoint_file.exists, what="the first checkpoint")
    fill(ballast)

    wait_until(lambda: not run.alive, what="the worker to give up")
    saved = read_checkpoint(run)
    assert saved is not None
    ballast.unlink()
    assert run.status().state == "failed"
    assert "disk is full" in run.status().message
    resume(workspace, run)

    wait_until(lambda: len(run.history()) > saved.epoch + 2, what="the training to go on")
    assert list(run.history()["epoch"]) == list(range(1, len(run.history()) + 1))
    request_stop(workspace, run)
    wait_until(lambda: not run.alive, what="the end")


def test_a_disk_without_room_for_the_model_fails_the_run_and_resume_saves_it_once_there_is(
    workspace: Workspace, ballast: Path, worker_after: Callable[[str], None]
) -> None:
    # The worker fills the disk itself, just before it writes the network.
    worker_after(
        "from pathlib import Path\nfrom core.training import result\n"
        "from tests.support.full_disk import fill\n"
        "export = result.export_model\n"
        f"result.export_model = lambda *given: (fill(Path({str(ballast)!r})), export(*given))[1]"
    )
    run = submit(workspace, tiny_config(epochs=2))
    wait_until(lambda: not run.alive, what="the worker to give up")
    assert (run.status().state, run.bundle.complete) == ("failed", False)
    assert "disk is full" in run.status().message
    history = run.history()
    ballast.unlink()
    worker_after("")

    resume(workspace, run)

    wait_until(lambda: not run.alive, what="the end")
    assert run.status().state == "finished"
    assert run.bundle.complete
    assert run.history().equals(history)
