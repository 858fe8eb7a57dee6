"""A full disk: one sentence, no half-written files, and trainings go on once there is room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from core.errors import StorageError
from core.launcher.control import request_stop
from core.launcher.queue import advance, resume, submit
from core.runs.registry import create_run
from core.runs.summary import summaries
from core.training.checkpoint import read_checkpoint
from core.workspace import Workspace
from tests.conftest import tiny_config
from tests.support.workers import end_all, wait_for, wait_for_end


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


def fill(path: Path) -> None:
    """Write until the disk is full to the last byte."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def test_training_without_disk_space_is_rejected(workspace: Workspace, ballast: Path) -> None:
    earlier = create_run(workspace, tiny_config())
    fill(ballast)

    with pytest.raises(StorageError, match="disk is full"):
        submit(workspace, tiny_config())

    assert list(workspace.runs.iterdir()) == [earlier.folder]
    assert [row.problem for row in summaries(workspace)] == [None]


def test_queued_run_waits_while_the_disk_is_full(workspace: Workspace, ballast: Path) -> None:
    run = create_run(workspace, tiny_config())
    fill(ballast)

    with pytest.raises(StorageError, match="disk is full"):
        advance(workspace)

    assert run.status().state == "queued"
    ballast.unlink()
    assert advance(workspace) == run


def test_disk_that_fills_up_fails_the_run_until_resumed(workspace: Workspace, ballast: Path) -> None:
    run = submit(workspace, tiny_config(epochs=40, patience=0, batch_size=8))
    wait_for(run, run.checkpoint_file.exists, "first checkpoint")
    fill(ballast)

    wait_for_end(run)
    saved = read_checkpoint(run)
    assert saved is not None
    ballast.unlink()
    assert run.status().state == "failed"
    assert "disk is full" in run.status().message
    resume(workspace, run)

    wait_for(run, lambda: len(run.history()) > saved.epoch + 2, "next epochs")
    assert list(run.history()["epoch"]) == list(range(1, len(run.history()) + 1))
    request_stop(workspace, run)
    wait_for_end(run)


def test_disk_without_room_for_the_model_fails_the_run_until_resumed(
    workspace: Workspace, ballast: Path, worker_after: Callable[[str], None]
) -> None:
    # The worker fills the disk itself, just before it writes the network.
    worker_after(
        "from pathlib import Path\nfrom core.training import result\n"
        "from tests.core.training.test_full_disk import fill\n"
        "export = result.export_model\n"
        f"result.export_model = lambda *given: (fill(Path({str(ballast)!r})), export(*given))[1]"
    )
    run = submit(workspace, tiny_config(epochs=2))
    wait_for_end(run)
    assert (run.status().state, run.bundle.complete) == ("failed", False)
    assert "disk is full" in run.status().message
    history = run.history()
    ballast.unlink()
    worker_after("")

    resume(workspace, run)

    wait_for_end(run)
    assert run.status().state == "finished"
    assert run.bundle.complete
    assert run.history().equals(history)
