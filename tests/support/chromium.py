"""The Chromium that the browser tests drive; `python -m tests.support.chromium` installs it if it is missing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.support import debian

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    # Debian's start script enables it, which without a GPU costs a tenth of the CPU time.
    "--disable-gpu-rasterization",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> Path | None:
    """Return the path of the machine's own Chromium or Chrome, or of Playwright's, or None if both are missing."""
    for command in COMMANDS:
        if path := shutil.which(command):
            return Path(path)
    with sync_playwright() as playwright:
        executable = Path(playwright.chromium.executable_path)
    return executable if executable.exists() else None


def install_chromium() -> bool:
    """Install Debian's package if possible, otherwise Playwright's build; return True on success."""
    if debian.can_install():
        return debian.install("chromium", "fonts-liberation")
    return subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False).returncode == 0


if __name__ == "__main__":
    if find_chromium() is None and not (install_chromium() and find_chromium()):
        sys.exit("Chromium could not be installed. Install Chromium or Chrome manually and try again.")
