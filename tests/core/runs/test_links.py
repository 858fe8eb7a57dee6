"""A run may be a symbolic link to a folder elsewhere: deleting it removes only the link."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.cli import main
from core.errors import RunError
from core.launcher.control import delete
from core.runs.active import active_model, promote
from core.runs.deletion import delete_run
from core.runs.leftovers import remove_leftovers
from core.runs.process import worker_lock
from core.runs.registry import find_run, list_runs
from core.runs.run import Run
from core.workspace import Workspace


def contents(folder: Path) -> dict[Path, bytes | None]:
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.fixture
def linked_run(run: Run, tmp_path: Path) -> Run:
    """Return a finished run whose folder was moved elsewhere and replaced with a link."""
    elsewhere = run.folder.rename(tmp_path / "elsewhere")
    run.folder.symlink_to(elsewhere)
    return run


def test_deleting_a_linked_run_removes_only_the_link(linked_run: Run, workspace: Workspace, tmp_path: Path) -> None:
    before = contents(tmp_path / "elsewhere")

    delete(workspace, linked_run)

    assert list(workspace.runs.iterdir()) == []
    assert contents(tmp_path / "elsewhere") == before


def test_command_line_deletes_a_linked_run(
    linked_run: Run, workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["runs", "delete", linked_run.id]) == 0

    assert capsys.readouterr().err == ""
    assert list(workspace.runs.iterdir()) == []
    assert (tmp_path / "elsewhere" / "config.json").exists()


def test_deleting_a_promoted_link_restores_the_shipped_model(linked_run: Run, workspace: Workspace) -> None:
    promote(workspace, linked_run)
    assert active_model(workspace).run_id == linked_run.id

    delete(workspace, linked_run)

    assert (active_model(workspace).run_id, active_model(workspace).problem) == (None, None)


def test_linked_run_with_a_running_worker_is_not_deleted(linked_run: Run, workspace: Workspace) -> None:
    linked_run.write_status(linked_run.status().model_copy(update={"state": "running"}))

    with worker_lock(linked_run.lock_file), pytest.raises(RunError, match="Stop it first"):
        delete_run(workspace, linked_run)

    assert linked_run.folder.is_symlink()


@pytest.mark.parametrize("target", ["missing", "file"])
def test_broken_link_is_removed(linked_run: Run, workspace: Workspace, target: str) -> None:
    promote(workspace, linked_run)
    found = find_run(workspace, linked_run.id)
    linked_run.folder.unlink()
    if target == "file":
        (workspace.root / "file").write_text("not a run")
    linked_run.folder.symlink_to(workspace.root / target)

    delete(workspace, found)

    assert list(workspace.runs.iterdir()) == []
    assert (workspace.root / "file").exists() == (target == "file")


def test_links_inside_a_run_are_removed_without_their_targets(run: Run, workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    (run.folder / "folder").symlink_to(tmp_path / "kept")
    run.log_file.unlink()
    run.log_file.symlink_to(tmp_path / "kept" / "file")

    delete(workspace, run)

    assert list_runs(workspace) == []
    assert list((tmp_path / "kept").iterdir()) == [tmp_path / "kept" / "file"]


@pytest.mark.parametrize("target", ["kept", "kept/file", "missing"])
@pytest.mark.parametrize("name", [".new-x", ".deleted-x-1", "{run}/.model-x", "{run}/.status.json.x.json"])
def test_leftover_links_are_removed_without_their_targets(
    run: Run, workspace: Workspace, tmp_path: Path, name: str, target: str
) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    link = workspace.runs / name.format(run=run.id)
    link.symlink_to(tmp_path / target)

    remove_leftovers(workspace)

    assert not link.is_symlink()
    assert (tmp_path / "kept" / "file").exists()


def test_linked_bundle_is_not_moved_into_a_run(run: Run, workspace: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "kept" / "new"
    target.parent.mkdir()
    run.bundle.folder.rename(target)
    (run.folder / ".model-x").symlink_to(target.parent)
    before = contents(target)

    remove_leftovers(workspace)

    assert contents(target) == before
    assert not run.bundle.folder.exists()
