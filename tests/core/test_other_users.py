"""Folders that this user may not enter: nothing raises PermissionError, and a command says which file it is."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.config import PRESETS
from core.data.pen_digits import find_pen_digits, read_pen_digits
from core.data.sources import find_mnist, read_mnist
from core.errors import DataError
from core.runs.registry import create_run
from core.workspace import PROJECT, Workspace

TOO_LONG = "x" * 300
"""A file name that no file system accepts, so that asking whether the file exists is an error."""

AS_ANOTHER_USER = """
    import os, sys
    from pathlib import Path
    from core.cli import data, main, train
    from core.runs.active import available_models
    from core.workspace import Workspace

    open_folder, closed_folder = map(Path, sys.argv[1:])
    if os.geteuid() == 0:
        os.setuid(65534)
    print("models:", *available_models(Workspace(open_folder)), flush=True)
    main(["data", "import", str(closed_folder / "mnist.npz")])
    os.environ["HOME"] = str(closed_folder)
    main(["train"])
    os.environ["TRAZO_MNIST"] = str(closed_folder / "mnist.npz")
    main(["data", "status"])
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may enter, unlike pytest's."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_folders_of_another_user_are_skipped_or_named(folder: Path) -> None:
    workspace, closed_folder = Workspace(folder / "workspace"), folder / "closed"
    create_run(workspace, PRESETS["fast"]).folder.chmod(0)
    for shared_folder in (workspace.root, workspace.runs):
        shared_folder.chmod(0o777)
    workspace.lock_file.chmod(0o666)
    closed_folder.mkdir(mode=0)

    process = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(AS_ANOTHER_USER), str(workspace.root), str(closed_folder)],
        cwd=PROJECT,
        env={"TRAZO_WORKSPACE": str(workspace.root), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert process.stdout.splitlines() == ["models: shipped"]
    denied = f"trazo: Permission denied for {closed_folder / 'mnist.npz'}. Change its permissions."
    assert process.stderr.splitlines()[0] == denied
    assert "MNIST is not on this machine" in process.stderr.splitlines()[1]
    assert process.stderr.splitlines()[2:] == [denied]


def test_names_that_cannot_exist_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace(tmp_path)
    for name in ("TRAZO_MNIST", "TRAZO_PEN_DIGITS"):
        monkeypatch.setenv(name, str(tmp_path / TOO_LONG))

    mnist, pen_digits = find_mnist(workspace), find_pen_digits(workspace)

    assert mnist is not None
    with pytest.raises(DataError, match="File name too long"):
        read_mnist(mnist)
    assert pen_digits is not None
    with pytest.raises(DataError, match=TOO_LONG):
        read_pen_digits(pen_digits)
