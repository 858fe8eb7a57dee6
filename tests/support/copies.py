"""Two dashboards on one workspace, behind a real nginx with the site of deploy/nginx.conf; or one, for comparison."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from core.workspace import Workspace
from tests.support.dashboard_process import DashboardProcess
from tests.support.nginx import Nginx, two_copies
from tests.support.waiting import wait_until

COOKIE = "trazo_copy"
"""Name of the cookie that holds the number of a visitor's copy, 1 or 2."""


@dataclass(frozen=True)
class Copies:
    """The dashboards, and the nginx that visitors connect to."""

    workspace: Workspace
    dashboards: tuple[DashboardProcess, ...]
    nginx: Nginx

    def new_visitor(self) -> dict[str, str]:
        """Open the first page as a browser does; return the cookies that it received."""
        return dict(httpx.get(f"{self.nginx.url}/", headers={"Accept": "text/html"}, timeout=300).cookies)

    def kill(self, number: int) -> None:
        """Kill a copy as `kill -9` does; return once it has ended."""
        process = self.dashboards[number - 1].process
        process.kill()
        process.wait()


@contextmanager
def running_copies(folder: Path, nginx: Path, count: int = 2, **environment: str) -> Iterator[Copies]:
    """Start one or two dashboards and nginx, with their files in `folder`; stop them at the end of the with block."""
    workspace = Workspace(folder / "workspace")
    # Without FORWARDED_ALLOW_IPS, all visitors behind nginx would count as one client.
    environment |= {"TRAZO_WORKSPACE": str(workspace.root), "FORWARDED_ALLOW_IPS": "127.0.0.1"}

    def start(number: int) -> DashboardProcess:
        logs = folder / f"copy-{number}"
        logs.mkdir()
        dashboard = DashboardProcess(logs, **environment)
        stack.callback(dashboard.stop)
        return dashboard

    with ExitStack() as stack:
        with ThreadPoolExecutor() as threads:
            dashboards = tuple(threads.map(start, range(1, count + 1)))
        server = Nginx(folder / "nginx", nginx, two_copies((dashboards[0].port, dashboards[-1].port)))
        stack.callback(server.stop)
        for dashboard in dashboards:
            wait_until(lambda url=dashboard.url: httpx.get(f"{url}/api/health", timeout=300).is_success, what="a copy")
        yield Copies(workspace, dashboards, server)
