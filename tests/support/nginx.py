"""A real nginx in front of dashboards; `python -m tests.support.nginx` installs it if it is missing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import httpx

from core.workspace import PROJECT
from tests.support import debian
from tests.support.dashboard_process import free_port
from tests.support.waiting import wait_until

_PATH = "/usr/sbin:/usr/local/sbin:/opt/homebrew/bin"
"""Folders that may contain nginx but are missing from a user's PATH."""

_LISTEN = "listen 8080;"
"""Line of a site whose port is replaced by a free one."""

_CONFIG = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    {site}
}}
"""

_BELOW_PREFIX = """
    client_max_body_size 12m;
    server {{
        listen 8080;
        location {prefix} {{
            proxy_pass {target};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_buffering off;
            proxy_read_timeout 1d;
        }}
    }}
"""


def find_nginx() -> Path | None:
    """Return the machine's own nginx, or None."""
    path = shutil.which("nginx") or shutil.which("nginx", path=_PATH)
    return Path(path) if path else None


def below_prefix(prefix: str, target: str) -> str:
    """Return a site that forwards requests below `prefix` to the URL `target` and rejects all others."""
    return _BELOW_PREFIX.format(prefix=prefix, target=target)


def two_copies(ports: tuple[int, int]) -> str:
    """Return the site of deploy/nginx.conf for two dashboards on these ports of this machine."""
    site = (PROJECT / "deploy" / "nginx.conf").read_text()
    for number, port in enumerate(ports, 1):
        site = site.replace(f"trazo-{number}:850{number}", f"127.0.0.1:{port}").replace(f"~:850{number}$", f"~:{port}$")
    return site


class Nginx:
    """nginx with one site, which listens on a free port instead of 8080."""

    def __init__(self, folder: Path, executable: Path, site: str) -> None:
        assert site.count(_LISTEN) == 1
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        folder.mkdir()
        self._log = folder / "nginx.log"
        config = folder / "nginx.conf"
        site = site.replace(_LISTEN, f"listen 127.0.0.1:{self.port};")
        config.write_text(_CONFIG.format(folder=folder, site=site))
        command = [executable, "-p", folder, "-e", "stderr", "-c", config]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_until(self._responds, what="a response from nginx")
        except (AssertionError, TimeoutError):
            self.stop()
            raise

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait(timeout=300)

    def _responds(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()
        try:
            return "nginx" in httpx.get(f"{self.url}/", timeout=300).headers["Server"]
        except httpx.ConnectError:
            return False


if __name__ == "__main__":
    if find_nginx() is None and not (debian.can_install() and debian.install("nginx") and find_nginx()):
        sys.exit("nginx could not be installed. Install it manually and try again.")
