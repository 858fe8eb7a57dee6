"""Special files, on which a read may block or never end."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path


def _create_socket(path: Path) -> None:
    previous_folder = Path.cwd()
    # The path of a socket must be short, so use a relative one.
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(previous_folder)


def _create_link_to_pipe(path: Path) -> None:
    pipe = path.with_name(f"{path.name}-pipe")
    os.mkfifo(pipe)
    path.symlink_to(pipe)


SPECIAL_FILES: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "socket": _create_socket,
    "endless device": lambda path: path.symlink_to("/dev/zero"),
    "link to a pipe": _create_link_to_pipe,
}
