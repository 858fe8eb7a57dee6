"""Debian packages that tests need in addition to Python packages."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

_APT = ("apt-get", "-qq", "-o", "Acquire::Retries=3", "-o", "Dpkg::Use-Pty=0")


def can_install() -> bool:
    """Return True if this user may install Debian packages on this machine."""
    return Path("/etc/debian_version").exists() and shutil.which("apt-get") is not None and os.geteuid() == 0


def install(*packages: str) -> bool:
    """Install packages without their recommended packages; return True on success."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    steps = ([*_APT, "update"], [*_APT, "install", "-y", "--no-install-recommends", *packages])
    return all(subprocess.run(step, env=environment, check=False).returncode == 0 for step in steps)
