"""The browser's Back button and the URLs of the pages, in a real browser."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page, expect

from core.runs.registry import list_runs
from core.runs.run import Run
from core.workspace import Workspace
from tests.support.dashboard_process import DashboardProcess
from tests.support.slow_server import SlowServer
from tests.support.visit import at_rest
from tests.support.waiting import wait_until

pytestmark = pytest.mark.extended

HEADER_HEIGHT, ROW_HEIGHT = 36, 35
"""Heights of the table's header and rows in pixels; its cells are drawn on a canvas, so tests click by position."""

ALLOWED_PARAMETERS = {
    "/": set(),
    "/data": set(),
    "/train": {"again"},
    "/hand": {"hand"},
    "/runs": {"run", "baseline", "find", "order", "state", "preset", "data", "axis", "smoothing", "log", "late"},
    "/run": {"id", "axis", "smoothing", "log", "late", "epoch"},
    "/evaluate": {"model", "evaluate_view", "against", "epoch", "court_images"},
    "/model": {"model"},
}

# A busy Chromium drops a step back that comes before the previous one has changed the address.
QUICK_BACKS = """() => {
  let left = 3;
  const back = () => left-- > 0 && history.back();
  window.addEventListener("popstate", () => setTimeout(back, 40));
  back();
}"""


@pytest.fixture
def runs(trained: Run, dashboard: DashboardProcess) -> Iterator[list[Run]]:
    """Two finished runs, newer than all others."""
    workspace = Workspace(dashboard.workspace)
    names = ("20990102-120000-new-newt", "20990101-120000-old-owl")
    yield [Run(Path(shutil.copytree(trained.folder, workspace.runs / name))) for name in names]
    for run in list_runs(workspace):
        if run.id in names:
            shutil.rmtree(run.folder)


def open_from_sidebar(page: Page, title: str) -> None:
    page.get_by_test_id("stSidebarNavLink").get_by_text(title, exact=True).click()
    expect_page(page, title)


def expect_page(page: Page, title: str) -> None:
    """Wait for a page, and check that its URL contains no parameters of another page."""
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    at_rest(page)
    assert set(parameters(page)) <= ALLOWED_PARAMETERS[urlsplit(page.url).path]


def parameters(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def expect_parameters(page: Page, **expected: str | list[str]) -> None:
    """Wait until the URL has exactly these parameters."""
    query = {name: [value] if isinstance(value, str) else value for name, value in expected.items()}
    page.wait_for_url(lambda url: parse_qs(urlsplit(url).query) == query)


def change_runs(page: Page, runs: list[Run]) -> None:
    table = page.locator(".st-key-runs_table [data-testid=stDataFrame]")
    table.click(position={"x": 16, "y": HEADER_HEIGHT + ROW_HEIGHT + ROW_HEIGHT // 2})
    expect(page.get_by_text("These runs have the same settings.")).to_be_visible()
    page.locator(".st-key-log label").first.click()
    page.get_by_text("Steps", exact=True).click()
    expect_parameters(page, run=[run.id for run in runs], log="true", axis="step")


def change_evaluate(page: Page, runs: list[Run]) -> None:
    choose_model(page, "evaluate_model", runs[0])
    page.get_by_role("radio", name="Compare").click()
    expect_parameters(page, model=runs[0].id, evaluate_view="Compare", against=runs[1].id)


def change_model(page: Page, runs: list[Run]) -> None:
    for run in runs:
        choose_model(page, "model_choice", run)
        expect_parameters(page, model=run.id)


def choose_model(page: Page, key: str, run: Run) -> None:
    """Choose a model in a select box; retry if a rerun of the page closes the open list."""

    def try_to_choose() -> bool:
        page.locator(f".st-key-{key} input").first.click()
        with suppress(BrowserError):
            page.get_by_role("option", name=run.title).click(timeout=5000)
            return True
        return False

    wait_until(try_to_choose, what=f"the choice of {run.title}")


@pytest.mark.long  # the next test also does this, page by page
@pytest.mark.parametrize(
    ("title", "change"), [("Runs", change_runs), ("Evaluate", change_evaluate), ("Model", change_model)]
)
def test_one_back_leaves_a_page_after_many_changes(
    page: Page, runs: list[Run], title: str, change: Callable[[Page, list[Run]], None]
) -> None:
    page.goto("/")
    expect_page(page, "Trazo")
    open_from_sidebar(page, title)
    change(page, runs)
    changed_url = page.url

    page.go_back()
    expect_page(page, "Trazo")
    assert urlsplit(page.url).query == ""

    page.go_forward()
    expect_page(page, title)
    page.wait_for_url(changed_url)


def test_each_back_restores_the_previous_page(page: Page, runs: list[Run]) -> None:
    page.goto("/")
    expect_page(page, "Trazo")
    open_from_sidebar(page, "Runs")
    change_runs(page, runs)
    page.locator(".st-key-runs_table [data-testid=stDataFrame]").click(
        position={"x": 16, "y": HEADER_HEIGHT + ROW_HEIGHT // 2}
    )
    expect(page.get_by_role("link", name="Open")).to_be_visible()
    page.get_by_role("link", name="Open").click()
    expect_page(page, "old-owl")
    page.locator(".st-key-late label").first.click()
    expect_parameters(page, id=runs[1].id, late="false")
    page.get_by_role("link", name="Evaluate").last.click()
    expect_page(page, "Evaluate")
    change_evaluate(page, runs)
    open_from_sidebar(page, "Model")
    change_model(page, runs)

    for title, expected in (
        ("Evaluate", {"model": runs[0].id, "evaluate_view": "Compare", "against": runs[1].id}),
        ("old-owl", {"id": runs[1].id, "late": "false"}),
        ("Runs", {"run": runs[1].id, "log": "true", "axis": "step"}),
        ("Trazo", {}),
    ):
        page.go_back()
        expect_page(page, title)
        expect_parameters(page, **expected)
    expect(page.locator("canvas.upper-canvas")).to_be_visible()

    page.go_forward()
    expect_page(page, "Runs")
    expect_parameters(page, run=runs[1].id, log="true", axis="step")


def test_back_returns_from_every_link_of_a_run(page: Page, runs: list[Run]) -> None:
    page.goto(f"/run?id={runs[0].id}")
    expect_page(page, "new-newt")
    for link, title in (("Train again with changes", "Train"), ("Evaluate", "Evaluate"), ("Model", "Model")):
        page.locator(".st-key-run_actions").get_by_role("link", name=link).click()
        expect_page(page, title)

        page.go_back()

        expect_page(page, "new-newt")
        expect_parameters(page, id=runs[0].id)


def test_quick_backs_leave_no_parameters_behind(page: Page, runs: list[Run]) -> None:
    server = SlowServer(page)
    page.goto("/")
    expect_page(page, "Trazo")
    open_from_sidebar(page, "Runs")
    change_runs(page, runs)
    open_from_sidebar(page, "Evaluate")
    change_evaluate(page, runs)
    open_from_sidebar(page, "Data")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Data")

    server.holding = True  # the pages in between arrive after their addresses are gone
    page.evaluate(QUICK_BACKS)
    page.wait_for_url(lambda url: urlsplit(url).path == "/")
    server.release()

    expect_page(page, "Trazo")
    page.wait_for_url(lambda url: urlsplit(url).query == "")
    page.reload()
    expect_page(page, "Trazo")
    page.go_forward()
    expect_page(page, "Runs")


def test_deep_links_open_a_view_and_keep_its_parameters(page: Page, runs: list[Run]) -> None:
    page.goto(f"/evaluate?model={runs[1].title}&evaluate_view=Compare&against={runs[0].id}")
    expect_page(page, "Evaluate")
    expect_parameters(page, model=runs[1].id, evaluate_view="Compare", against=runs[0].id)

    page.goto(f"/model?model={runs[1].id}")
    expect_page(page, "Model")
    expect_parameters(page, model=runs[1].id)
    expect(page.locator(".st-key-model_choice input").first).to_have_value(re.compile("old-owl"))

    page.goto(f"/runs?run={runs[1].id}&axis=Seconds&smoothing=0.5&order=Name&find=owl")
    expect_page(page, "Runs")
    expect(page.get_by_text("1 of ")).to_be_visible()
    expect_parameters(page, run=runs[1].id, axis="seconds", smoothing="0.5", order="Name", find="owl")

    page.goto(f"/train?again={runs[0].id}")
    expect_page(page, "Train")
    expect(page.get_by_text("These settings are from the run new-newt")).to_be_visible()
