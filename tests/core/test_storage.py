"""Only regular files are opened, removal never follows links, and disk errors have clear messages."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import StorageError
from core.storage import NotRegularFile, open_file, read_file, remove, storage_errors
from tests.support.special_files import SPECIAL_FILES


@pytest.mark.timeout(300)
@pytest.mark.parametrize("make", SPECIAL_FILES.values(), ids=SPECIAL_FILES)
@pytest.mark.parametrize("mode", ["rb", "ab", "r+b"])
def test_special_file_is_rejected_immediately(tmp_path: Path, make: Callable[[Path], object], mode: str) -> None:
    path = tmp_path / "file"
    make(path)

    with pytest.raises(NotRegularFile, match="not a file"):
        open_file(path, mode)


def test_regular_file_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"digits")
    link = tmp_path / "link"
    link.symlink_to(path)

    assert read_file(path) == b"digits"
    assert read_file(link, 3) == b"dig"


def test_folder_and_missing_file_raise_the_usual_errors(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read_file(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "missing")


def test_rejected_file_leaves_no_descriptor_open(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    before = len(list(Path("/proc/self/fd").iterdir()))

    for _ in range(20):
        with pytest.raises(NotRegularFile):
            read_file(tmp_path / "pipe")

    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_writing_to_a_special_file_raises_storage_error(tmp_path: Path) -> None:
    path = tmp_path / "train.log"
    os.mkfifo(path)

    message = r"train\.log is a pipe, socket or device, not a file\. Remove it"
    with pytest.raises(StorageError, match=message), storage_errors(path):
        open_file(path, "ab")


@pytest.mark.parametrize("target", ["folder", "file", "missing"])
def test_link_is_removed_without_its_target(tmp_path: Path, target: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inside").touch()
    (tmp_path / "file").touch()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / target)

    remove(link)

    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder", "inside"]


def test_removing_a_folder_keeps_the_targets_of_its_links(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "kept")

    remove(folder)

    assert list(tmp_path.iterdir()) == [tmp_path / "kept"]


def test_socket_is_removed_like_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")

    remove(tmp_path / "socket")

    assert list(tmp_path.iterdir()) == []
