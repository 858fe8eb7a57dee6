"""The Train page in a real browser, with real workers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Locator, Page, expect

from core.config import DEFAULT_PRESET
from core.launcher.overview import overview
from core.runs.registry import list_runs
from core.runs.run import Run
from core.workspace import Workspace
from tests.support.dashboard_process import DashboardProcess
from tests.support.visit import Record
from tests.support.waiting import wait_until
from tests.support.workers import end_all, kill_worker


@pytest.fixture
def workspace(dashboard: DashboardProcess) -> Iterator[Workspace]:
    """The dashboard's workspace; runs created by a test are deleted afterwards."""
    workspace = Workspace(dashboard.workspace)
    before = {run.id for run in list_runs(workspace)}
    yield workspace
    end_all(workspace)
    for run in list_runs(workspace):
        if run.id not in before:
            shutil.rmtree(run.folder)


@pytest.fixture
def train_page(page: Page, workspace: Workspace) -> Page:
    """The Train page, set to scikit-learn's digits."""
    page.goto("/train")
    expect(button(page, "train")).to_be_enabled()
    page.get_by_text("More settings").click()
    # A rerun of the page closes an open list, so retry.
    wait_until(lambda: choose_digits(page), what="the choice of scikit-learn's digits")
    fill(page, "patience", 0)
    return page


def choose_digits(page: Page) -> bool:
    setting_field(page, "dataset").click()
    with suppress(BrowserError):
        page.get_by_role("option", name="scikit-learn digits").click(timeout=5000)
        return True
    return False


def setting_field(page: Page, setting: str) -> Locator:
    """Return a setting's field for the default preset; its key also names the page's dataset."""
    return page.locator(f'[class*="_{DEFAULT_PRESET}_{setting}"] input')


def fill(page: Page, setting: str, value: int) -> None:
    field = setting_field(page, setting)
    field.fill(str(value))
    field.press("Enter")


def start(page: Page, epochs: int) -> None:
    fill(page, "epochs", epochs)
    expect(page.get_by_text(f"{epochs} epochs on scikit-learn digits")).to_be_visible()
    button(page, "train").click()


def button(page: Page, key: str) -> Locator:
    # Streamlit adds a hidden copy of each button with a tooltip to measure it; the copy comes second.
    return page.locator(f".st-key-{key} button").first


def header(page: Page) -> Locator:
    """Return the name and state of the run that the page shows."""
    return page.locator(".st-key-run_header")


def dots(page: Page) -> int:
    """Return the number of visible dots, one for each completed epoch and split, in the loss curve."""
    return page.locator('.st-key-curve_loss .mark-symbol.role-mark path:not([opacity="0"])').count()


@pytest.mark.extended
def test_curve_grows_from_start_to_end_of_training(train_page: Page, record: Record, workspace: Workspace) -> None:
    start(train_page, 12)
    expect(header(train_page)).to_contain_text("Running")

    first = wait_until(lambda: dots(train_page), what="the first epoch's dots")
    wait_until(lambda: dots(train_page) > first, what="further dots")

    expect(header(train_page)).to_contain_text("Finished")
    (run,) = list_runs(workspace)
    accuracy = run.bundle.card().metrics.test_accuracy
    assert accuracy > 0.9
    expect(train_page.get_by_test_id("stMetric").first).to_contain_text(f"{accuracy:.2%}")
    # Two dots per epoch, without the first epoch's training mean, which is not shown.
    assert dots(train_page) == 2 * 12 - 1
    expect(button(train_page, "promote")).to_be_enabled()
    assert record.page_errors == []


@pytest.mark.long
def test_second_tab_shows_the_run_and_queues_another(train_page: Page, workspace: Workspace) -> None:
    start(train_page, 200)
    run = wait_until(lambda: overview(workspace).latest, what="the start of the run")
    expect(header(train_page)).to_contain_text(run.title)

    train_page.reload()
    expect(header(train_page)).to_contain_text(run.title)
    expect(header(train_page)).to_contain_text("Running")

    tab = train_page.context.new_page()
    tab.goto("/train")
    expect(header(tab)).to_contain_text(run.title)
    wait_until(lambda: dots(tab) and dots(train_page), what="curves in both tabs")

    button(tab, "train").click()
    waiting_run = wait_until(lambda: overview(workspace).waiting, what="the second run")[0]
    for each in (tab, train_page):
        expect(queued(each, waiting_run)).to_contain_text(waiting_run.title)
    assert run.status().state == "running"

    button(tab, f"remove_{waiting_run.id}").click()
    for each in (tab, train_page):
        expect(queued(each, waiting_run)).to_have_count(0)
    assert list_runs(workspace) == [run]


@pytest.mark.extended
def test_killed_run_is_resumed_and_outlives_dashboards(
    train_page: Page, dashboard: DashboardProcess, workspace: Workspace
) -> None:
    fill(train_page, "batch_size", 8)
    start(train_page, 200)
    wait_until(lambda: dots(train_page), what="the first epoch's dots")
    (run,) = list_runs(workspace)
    kill_worker(run)

    expect(header(train_page)).to_contain_text("Interrupted")
    expect(train_page.get_by_text("ended unexpectedly")).to_be_visible()
    epochs = len(run.history())
    button(train_page, "resume").click()
    expect(header(train_page)).to_contain_text("Running")
    wait_until(lambda: len(run.history()) > epochs, what="further epochs")

    worker = run.process()
    assert worker is not None
    dashboard.interrupt()
    assert f"Run {run.title} continues without the dashboard" in dashboard.output()
    assert new_dashboard_shows_progress(dashboard, train_page, run, worker)
    dashboard.process.kill()
    dashboard.process.wait()
    assert new_dashboard_shows_progress(dashboard, train_page, run, worker)
    assert run.process() == worker

    before = len(run.history())
    button(train_page, "stop").click()
    expect(header(train_page)).to_contain_text("Stopped")
    expect(train_page.get_by_test_id("stMetric").first).to_contain_text("Test accuracy")
    assert before <= len(run.history()) < 200
    assert run.bundle.complete


def new_dashboard_shows_progress(dashboard: DashboardProcess, page: Page, run: Run, worker: psutil.Process) -> bool:
    """Start a new dashboard; return True once its page shows the run with a growing curve.

    The run's worker is suspended until the page appears, since it would take CPU time from dashboard and browser.
    """
    worker.suspend()
    dashboard.start()
    page.goto("/train")
    expect(header(page)).to_contain_text(run.title)
    expect(header(page)).to_contain_text("Running")
    first = wait_until(lambda: dots(page), what="dots")
    worker.resume()
    return wait_until(lambda: dots(page) > first, what="further dots")


def queued(page: Page, run: Run) -> Locator:
    return page.locator(f".st-key-waiting_{run.id}")
