"""A real PostgreSQL; `python -m tests.support.postgresql` installs it if it is missing."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support import debian
from tests.support.dashboard_process import free_port

_DEBIAN_FOLDERS = Path("/usr/lib/postgresql")
"""Debian's folder of versions; their programs are not in a user's PATH."""
_DEBIAN_USER = "postgres"


def find_postgresql() -> Path | None:
    """Return the folder of PostgreSQL's programs, or None."""
    versions = sorted(_DEBIAN_FOLDERS.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    initdb = versions[-1] if versions else shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


class PostgreSQL:
    """A server on a free port with its data in a temporary folder; root runs it as Debian's user `postgres`."""

    def __init__(self, programs: Path) -> None:
        # Not below pytest's folder, which the other user cannot access.
        self._folder = Path(tempfile.mkdtemp(prefix="trazo-postgresql-"))
        self._user = _DEBIAN_USER if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(self._folder, self._user)
        self._data = self._folder / "data"
        self._control = programs / "pg_ctl"
        name = self._user or pwd.getpwuid(os.geteuid()).pw_name
        port = free_port()
        self.url = f"postgresql+psycopg://{name}@127.0.0.1:{port}/postgres"
        # Nothing has to survive a power cut.
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        self._run(programs / "initdb", "--pgdata", self._data, "--auth=trust", "--no-sync", "--no-locale", "-E", "UTF8")
        log = self._folder / "log"
        self._run(self._control, "start", "--wait", "--pgdata", self._data, "--log", log, "--options", options)

    def stop(self) -> None:
        """End the server and remove its data."""
        self._run(self._control, "stop", "--pgdata", self._data, "--mode=immediate")
        shutil.rmtree(self._folder)

    def _run(self, *command: str | Path) -> None:
        subprocess.run(command, user=self._user, cwd=self._folder, stdout=subprocess.DEVNULL, check=True, timeout=300)


if __name__ == "__main__":
    if find_postgresql() is None and not (
        debian.can_install() and debian.install("postgresql") and find_postgresql() is not None
    ):
        sys.exit("PostgreSQL could not be installed. Install it manually and try again.")
