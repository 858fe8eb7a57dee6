"""A full disk: a clear error, no half-written files, and training continues once there is space."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import StorageError
from core.launcher.queue import advance, resume, submit
from core.runs.registry import create_run
from core.runs.summary import summaries
from core.training.checkpoint import read_checkpoint
from core.workspace import Workspace
from tests.support.full_disk import fill_disk
from tests.support.tiny_training import tiny_config
from tests.support.workers import end_all, wait_for, wait_for_end

pytestmark = pytest.mark.extended


@pytest.fixture
def workspace(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """Return a workspace on a disk of 2 MB."""
    monkeypatch.setenv("TRAZO_WORKSPACE", str(small_disk))
    workspace = Workspace(small_disk)
    yield workspace
    end_all(workspace)


@pytest.fixture
def filler(workspace: Workspace) -> Path:
    """Return the path of the file that fills the disk; see `fill_disk`."""
    return workspace.root / "filler"


def test_submit_is_rejected_when_the_disk_is_full(workspace: Workspace, filler: Path) -> None:
    earlier = create_run(workspace, tiny_config())
    fill_disk(filler)

    with pytest.raises(StorageError, match="disk is full"):
        submit(workspace, tiny_config())

    assert list(workspace.runs.iterdir()) == [earlier.folder]
    assert [row.problem for row in summaries(workspace)] == [None]


def test_queued_run_stays_queued_while_the_disk_is_full(workspace: Workspace, filler: Path) -> None:
    run = create_run(workspace, tiny_config())
    fill_disk(filler)

    with pytest.raises(StorageError, match="disk is full"):
        advance(workspace)

    assert run.status().state == "queued"
    filler.unlink()
    assert advance(workspace) == run


def test_run_fails_when_the_disk_fills_up_and_can_be_resumed(workspace: Workspace, filler: Path) -> None:
    run = submit(workspace, tiny_config(epochs=40, patience=0, batch_size=8))
    wait_for(run, run.checkpoint_file.exists, "first checkpoint")
    fill_disk(filler)

    wait_for_end(run)
    saved = read_checkpoint(run)
    assert saved is not None
    filler.unlink()
    assert run.status().state == "failed"
    assert "disk is full" in run.status().message
    resume(workspace, run)

    wait_for(run, lambda: len(run.history()) > saved.epoch + 2, "next epochs")
    epochs = run.history()["epoch"].tolist()
    assert epochs == list(range(1, len(epochs) + 1))


def test_run_without_space_for_its_model_can_be_resumed(
    workspace: Workspace, filler: Path, patch_worker: Callable[[str], None]
) -> None:
    # The worker fills the disk itself, just before it writes the network.
    patch_worker(
        "from pathlib import Path\n"
        "from core.training import result\n"
        "from tests.support.full_disk import fill_disk\n"
        "export_model = result.export_model\n"
        "def fill_and_export(*arguments):\n"
        f"    fill_disk(Path({str(filler)!r}))\n"
        "    return export_model(*arguments)\n"
        "result.export_model = fill_and_export"
    )
    run = submit(workspace, tiny_config(epochs=2))
    wait_for_end(run)
    assert (run.status().state, run.bundle.complete) == ("failed", False)
    assert "disk is full" in run.status().message
    history = run.history()
    filler.unlink()
    patch_worker("")

    resume(workspace, run)

    wait_for_end(run)
    assert run.status().state == "finished"
    assert run.bundle.complete
    assert run.history().equals(history)
