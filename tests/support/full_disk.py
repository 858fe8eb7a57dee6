"""A disk without any space left."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def fill_disk(path: Path) -> None:
    """Write to this file until the disk has no free byte left."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
