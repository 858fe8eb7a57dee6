"""Hides installed packages from libraries that would import them unnecessarily."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def hide_packages(*packages: str) -> Iterator[None]:
    """Within the block, make packages that are not yet imported appear not to be installed."""
    hidden = [package for package in packages if package not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # Python refuses to import a module that is None here
    try:
        yield
    finally:
        for package in hidden:
            del sys.modules[package]
