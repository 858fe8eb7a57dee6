"""Files left behind by killed processes are never listed, and are removed."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.launcher.queue import advance, submit
from core.runs.leftovers import remove_leftovers
from core.runs.registry import create_run, list_runs
from core.runs.run import Run
from core.workspace import PROJECT, Workspace
from tests.support.tiny_training import tiny_config
from tests.support.workers import end_all


@pytest.mark.usefixtures("idle_workers")
def test_leftovers_are_removed_and_files_in_use_stay(run: Run, workspace: Workspace) -> None:
    running = submit(workspace, tiny_config())
    leftovers = {each: leave_files(each) for each in (run, running)}
    complete_files = [path for path in run.folder.iterdir() if not path.name.startswith(".")]
    for name in (f".new-{run.id}", f".deleted-{run.id}-1"):
        shutil.copytree(run.folder, workspace.runs / name)

    remove_leftovers(workspace)

    assert sorted(workspace.runs.iterdir()) == [run.folder, running.folder]
    assert sorted(run.folder.iterdir()) == sorted(complete_files)
    assert all(path.exists() for path in leftovers[running])
    end_all(workspace)
    create_run(workspace, tiny_config())
    assert advance(workspace)
    assert not any(path.exists() for path in leftovers[running])


@pytest.mark.parametrize(("leftovers", "restored"), [(("new", "old"), "new"), (("old",), "old")])
def test_model_is_restored_if_its_replacement_was_interrupted(
    run: Run, workspace: Workspace, leftovers: tuple[str, ...], restored: str
) -> None:
    for name in leftovers:
        shutil.copytree(run.bundle.folder, run.folder / ".model-x1" / name)
        (run.folder / ".model-x1" / name / "mark").write_text(name)
    (run.folder / ".model-y2" / "new").mkdir(parents=True)
    shutil.rmtree(run.bundle.folder)

    remove_leftovers(workspace)

    assert run.bundle.complete
    assert (run.bundle.folder / "mark").read_text() == restored
    assert not list(run.folder.glob(".model-*"))


@pytest.mark.parametrize("moves", [0, 1])
def test_kill_while_a_model_is_replaced_loses_no_model(run: Run, workspace: Workspace, moves: int) -> None:
    script = """
import os, shutil, signal, sys
from pathlib import Path
from core.classifier.bundle import bundle_folder
target, moves, rename = Path(sys.argv[1]), int(sys.argv[2]), Path.rename
def rename_some(path, new):
    global moves
    if not moves:
        os.kill(os.getpid(), signal.SIGKILL)
    moves -= 1
    return rename(path, new)
Path.rename = rename_some
with bundle_folder(target) as folder:
    shutil.copytree(target, folder)
    (folder / "mark").touch()
"""
    killed = subprocess.run([sys.executable, "-c", script, run.bundle.folder, str(moves)], cwd=PROJECT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert run.bundle.complete == (not moves)

    remove_leftovers(workspace)

    assert run.bundle.complete
    # If the old bundle was already moved away, the complete new one replaces it.
    assert (run.bundle.folder / "mark").exists() == bool(moves)
    assert not list(run.folder.glob(".model-*"))


def leave_files(run: Run) -> list[Path]:
    """Create the files that a worker leaves behind if it is killed while saving."""
    names = (".checkpoint.npz.a1.npz", ".status.json.b2.json", ".answers.npz.c3.npz", ".history.csv.d4.csv")
    paths = [run.folder / name for name in (*names, ".model-e5/new/mnist_model.keras")]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
    return paths


def test_run_is_listed_only_when_it_is_complete(workspace: Workspace) -> None:
    script = """
import os, sys
from pathlib import Path
from core.runs.registry import create_run
from core.runs.run import Run
from core.workspace import Workspace
from tests.support.tiny_training import tiny_config
Run.write_status = lambda *_: os._exit(9)
create_run(Workspace(Path(sys.argv[1])), tiny_config())
"""
    killed = subprocess.run([sys.executable, "-c", script, workspace.root], cwd=PROJECT, check=False)

    assert killed.returncode == 9
    assert len(list(workspace.runs.iterdir())) == 1
    assert list_runs(workspace) == []
    remove_leftovers(workspace)
    assert list(workspace.runs.iterdir()) == []
