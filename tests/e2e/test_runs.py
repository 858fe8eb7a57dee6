"""The Runs page and a run's own page, in a real browser."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from core.runs.active import active_model, promote
from core.runs.process import worker_lock
from core.runs.registry import list_runs
from core.runs.run import Run
from core.runs.tables import HISTORY_COLUMNS, append_row
from core.workspace import Workspace
from tests.support.dashboard_process import DashboardProcess
from tests.support.runs_page import copied
from tests.support.tiny_training import tiny_config
from tests.support.visit import Record, at_rest
from tests.support.waiting import wait_until

HEADER_HEIGHT, ROW_HEIGHT = 36, 35
"""Heights of the table's header and rows in pixels: its cells are drawn on a canvas, so tests click by position."""


@pytest.fixture
def workspace(dashboard: DashboardProcess) -> Iterator[Workspace]:
    """The dashboard's workspace; runs created by a test are deleted afterwards."""
    workspace = Workspace(dashboard.workspace)
    before = {run.id for run in list_runs(workspace)}
    yield workspace
    promote(workspace, None)
    for run in list_runs(workspace):
        if run.id not in before:
            shutil.rmtree(run.folder)


@pytest.fixture
def runs(trained: Run, workspace: Workspace) -> list[Run]:
    """Two finished runs, newer than all others."""
    copies = [copied(trained, workspace, name) for name in ("20990102-120000-new-newt", "20990101-120000-old-owl")]
    copies[1].write_config(tiny_config(epochs=2, dropout=0.3))
    return copies


def toggle_row(page: Page, row: int) -> None:
    """Select a row of the table, or deselect it."""
    table = page.locator(".st-key-runs_table [data-testid=stDataFrame]")
    table.click(position={"x": 16, "y": HEADER_HEIGHT + ROW_HEIGHT * row + ROW_HEIGHT // 2})
    at_rest(page)


def button(page: Page, key: str) -> Locator:
    # Streamlit adds a hidden copy of each button with a tooltip to measure it; the copy comes second.
    return page.locator(f".st-key-{key} button").first


@pytest.mark.extended
def test_promoted_run_is_active_until_the_shipped_model_is_back(
    page: Page, runs: list[Run], workspace: Workspace
) -> None:
    page.goto("/runs")
    expect(button(page, "promote")).to_be_enabled()

    button(page, "promote").click()

    expect(page.locator(".st-key-back_to_shipped")).to_be_visible()
    expect(button(page, "promote")).to_be_disabled()
    assert active_model(workspace).run_id == runs[0].id
    response = page.request.get("/api/health").json()
    assert runs[0].id in str(response)
    switch = page.get_by_role("combobox", name="Active model")
    expect(switch).to_have_value("new-newt")
    button(page, "undo_switch").click()
    expect(switch).to_have_value("Shipped model")
    expect(button(page, "promote")).to_be_enabled()
    button(page, "promote").click()
    expect(switch).to_have_value("new-newt")

    button(page, "back_to_shipped").click()

    expect(page.locator(".st-key-back_to_shipped")).to_have_count(0)
    assert active_model(workspace).run_id is None

    promote(workspace, runs[0])  # in another session

    expect(page.locator(".st-key-back_to_shipped")).to_be_visible()
    expect(switch).to_have_value("new-newt")


def test_selected_runs_share_a_chart_with_tooltips(page: Page, runs: list[Run]) -> None:
    page.goto("/runs?smoothing=0.5")
    chart = page.locator(".st-key-overlaid_loss [data-testid=stVegaLiteChart]")
    expect(chart.locator("svg")).to_be_visible()
    at_rest(page)
    controls = [page.get_by_text(name, exact=True).first.bounding_box() for name in ("Horizontal axis", "Smoothing")]
    tops = [box["y"] for box in controls if box]
    assert tops[0] == pytest.approx(tops[1], abs=1.5)  # in one row

    chart.hover()
    chart.hover(position={"x": 200, "y": 150})

    tooltip = page.locator("#vg-tooltip-element")
    expect(tooltip).to_be_visible()
    fields = dict(zip(*(tooltip.locator(f"td.{part}").all_inner_texts() for part in ("key", "value")), strict=True))
    assert {"run", "split", "loss", "smoothed", "epoch", "step", "seconds"} == set(fields)
    assert float(fields["loss"]) > 0

    toggle_row(page, 1)

    expect(page.get_by_role("heading", name="Differing settings")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    cells = page.locator(".st-key-settings_table :is(th, td)")
    assert cells.evaluate_all("cells => cells.length && cells.every(cell => cell.scrollWidth <= cell.clientWidth)")
    for each in ("overlaid_loss", "overlaid_accuracy"):
        for name in ("new-newt", "old-owl"):
            expect(page.locator(f".st-key-{each} [data-testid=stVegaLiteChart]")).to_contain_text(name)


def test_run_is_downloaded_and_deleted_after_confirmation(
    page: Page, runs: list[Run], workspace: Workspace, tmp_path: Path
) -> None:
    page.goto("/runs")
    expect(button(page, "download")).to_be_enabled()

    with page.expect_download() as download:
        button(page, "download").click()
    download.value.save_as(tmp_path / "model.zip")

    assert download.value.suggested_filename == f"{runs[0].id}.zip"
    with zipfile.ZipFile(tmp_path / "model.zip") as archive:
        assert archive.read("card.json") == runs[0].bundle.card_file.read_bytes()
        assert sorted(archive.namelist()) == sorted(path.name for path in runs[0].bundle.files)

    button(page, "delete").click()
    expect(page.get_by_role("dialog")).to_contain_text(runs[0].id)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert runs[0].folder.exists()

    button(page, "delete").click()
    button(page, "confirm_delete").click()

    wait_until(lambda: not runs[0].folder.exists(), what="the deletion")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert runs[1] in list_runs(workspace)


@pytest.fixture
def running_run(runs: list[Run]) -> Iterator[Run]:
    """The first run; this process takes the place of its worker."""
    run = runs[0]
    with worker_lock(run.lock_file):
        run.write_status(run.status().model_copy(update={"state": "running", "epochs": 200}))
        yield run


def test_selection_and_dialog_survive_refreshes(page: Page, record: Record, runs: list[Run], running_run: Run) -> None:
    page.goto("/runs")
    expect(page.get_by_role("heading", name="Settings", exact=True)).to_be_visible()
    toggle_row(page, 1)
    expect(page.get_by_role("heading", name="Differing settings")).to_be_visible()
    elements = page.evaluate_handle(
        "[...document.querySelectorAll('.st-key-overlaid_loss svg, .st-key-overlaid_accuracy svg, canvas')]"
    )
    expect_growth(page, running_run, epoch=3)
    # Elements must be updated in place, because replaced ones flicker.
    assert elements.evaluate("nodes => nodes.length > 2 && nodes.every(node => node.isConnected)")
    refreshing_style = page.wait_for_function(
        """() => {
          const one = document.querySelector(".st-key-refreshing [data-stale=true]");
          return one && [getComputedStyle(one).opacity, getComputedStyle(one).transitionDuration];
        }"""
    )
    assert refreshing_style.json_value() == ["1", "0s"]

    button(page, "delete").click()
    expect(page.get_by_role("dialog")).to_contain_text(runs[1].id)
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect_growth(page, running_run, epoch=4)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("heading", name="Differing settings")).to_be_visible()
    assert record.page_errors == []


def expect_growth(page: Page, run: Run, epoch: int) -> None:
    """Add an epoch to the run and wait until its curve grows."""
    before = dots(page)
    append_row(run.history_file, HISTORY_COLUMNS, (epoch, 11 * epoch, 9.0, 0.1, 0.9, 0.1, 0.9, 1e-3))
    wait_until(lambda: dots(page) > before, what="a new dot in the curve")


def dots(page: Page) -> int:
    """Return the number of dots, one for each completed epoch, in the loss curves."""
    return page.locator(".st-key-overlaid_loss .mark-symbol.role-mark path").count()


def test_view_can_be_shared_and_saved_as_a_picture(page: Page, runs: list[Run], tmp_path: Path) -> None:
    page.goto("/runs?smoothing=0.5&log=true&axis=Seconds")
    expect(page.get_by_role("heading", name="Settings", exact=True)).to_be_visible()
    page.locator(".st-key-runs_table [data-testid=stDataFrame]").hover()
    expect(page.get_by_role("button", name="Search: All listed runs")).to_be_visible()
    # Streamlit's CSV file does not escape formulas; "Table as CSV" does.
    expect(page.get_by_role("button", name="Download as CSV")).to_have_count(0)
    toggle_row(page, 1)
    expect(page.get_by_role("heading", name="Differing settings")).to_be_visible()
    page.wait_for_url(lambda url: all(run.id in url for run in runs))

    other = page.context.new_page()
    other.goto(page.url)

    expect(other.get_by_role("heading", name="Differing settings")).to_be_visible()
    expect(other.locator(".st-key-overlaid_accuracy")).to_contain_text("Error")
    expect(other.locator(".st-key-overlaid_loss [data-testid=stVegaLiteChart]")).to_contain_text("Seconds")
    other.locator(".st-key-picture button").first.click()
    with other.expect_download() as download:
        other.get_by_text("Save as SVG").click()
    download.value.save_as(tmp_path / "curves.svg")
    assert "<svg" in (tmp_path / "curves.svg").read_text()


def test_run_page_renames_the_run_and_trains_it_again(page: Page, runs: list[Run]) -> None:
    page.goto("/runs")
    page.get_by_role("link", name="Open").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("new-newt")
    assert page.url.endswith(f"/run?id={runs[0].id}")

    page.locator(".st-key-label button").first.click()
    page.get_by_label("Name", exact=True).fill("The wide one")
    page.locator(".st-key-label_save button").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("The wide one")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("The wide one")

    page.get_by_role("link", name="Train again with changes").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Train")
    expect(page.get_by_text("These settings are from the run The wide one")).to_be_visible()
    expect(page.get_by_label("Epochs", exact=True)).to_have_value("2")
