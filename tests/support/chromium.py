"""The Chromium that the browser tests drive: `python -m tests.support.chromium` installs one where there is none."""

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
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> Path | None:
    """The machine's own Chromium or Chrome, else Playwright's, else None."""
    for command in COMMANDS:
        if path := shutil.which(command):
            return Path(path)
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    return own if own.exists() else None


def install_chromium() -> bool:
    """Install Debian's package where that is possible, else Playwright's build; return whether it worked."""
    if debian.can_install():
        return debian.install("chromium", "fonts-liberation")
    return subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False).returncode == 0


if __name__ == "__main__":
    if find_chromium() is None and not (install_chromium() and find_chromium()):
        sys.exit("Chromium could not be installed: install Chromium or Chrome by hand and try again.")
