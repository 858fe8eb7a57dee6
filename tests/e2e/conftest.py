"""Fixtures: a running dashboard and a real Chromium that opens it."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from core.workspace import PROJECT, Workspace
from tests.support.chromium import FLAGS, find_chromium
from tests.support.dashboard_process import DashboardProcess, mnist_variable
from tests.support.kept_features import share_features
from tests.support.requirements import skip_or_fail
from tests.support.visit import Record
from tests.support.visitor import PATIENCE_MS, Visitor

RESULTS = PROJECT / "test-results"
_failed = pytest.StashKey[bool]()

# Tests check results rather than speed: another test's training may keep both cores busy.
expect.set_options(timeout=PATIENCE_MS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note a failure for the test's fixtures, and add the dashboard's output to the report."""
    report = yield
    if report.failed:
        item.stash[_failed] = True
        dashboard = getattr(item, "funcargs", {}).get("dashboard")
        if isinstance(dashboard, DashboardProcess):
            report.sections.append(("dashboard's output", dashboard.output()[-5000:]))
    return report


@pytest.fixture(scope="session")
def dashboard(tmp_path_factory: pytest.TempPathFactory, shared_folder: Path) -> Iterator[DashboardProcess]:
    """The dashboard, with MNIST if this machine has it, and a workspace shared by this session's tests."""
    folder = tmp_path_factory.mktemp("dashboard")
    share_features(shared_folder, Workspace(folder / "workspace"))
    process = DashboardProcess(folder, **mnist_variable())
    yield process
    process.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium."""
    executable = find_chromium()
    if executable is None:
        skip_or_fail("Chromium is not installed; install it with `make browser`.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def visitor_of(chromium: Browser) -> Callable[[str], Visitor]:
    """Return a function that gives the session's visitor for a URL."""
    return functools.cache(functools.partial(Visitor, chromium))


@pytest.fixture
def record() -> Record:
    """The hosts and errors that `page` records."""
    return Record()


@pytest.fixture
def page(
    visitor_of: Callable[[str], Visitor], dashboard: DashboardProcess, record: Record, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """An empty tab without cookies or stored data; `page.goto("/")` opens the dashboard.

    The test fails if any of its pages contacts another host. A screenshot of a failed test's last page is saved in
    test-results/.
    """
    visitor = visitor_of(dashboard.url)
    with record.following(visitor.context):
        yield visitor.context.new_page()
        if request.node.stash.get(_failed, False):
            _save_screenshot(visitor.tabs[-1] if visitor.tabs else None, request.node.nodeid)
        visitor.leave()
    assert not record.foreign_hosts, f"the page contacted other hosts: {sorted(record.foreign_hosts)}"


def _save_screenshot(page: Page | None, test: str) -> None:
    if page is None:
        return
    RESULTS.mkdir(exist_ok=True)
    page.screenshot(path=RESULTS / Path(re.sub(r"[^\w.-]+", "-", test) + ".png"))
