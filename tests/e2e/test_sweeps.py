"""A sweep's page in a real browser: a range on an axis selects trials, and stays while the page refreshes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from core.runs.process import worker_lock
from core.sweeps.sweep import Sweep
from core.workspace import Workspace
from tests.support.dashboard_process import DashboardProcess
from tests.support.sweep_files import invented_progress, write_sweep
from tests.support.visit import Record, at_rest


@pytest.fixture
def sweep(dashboard: DashboardProcess) -> Iterator[Sweep]:
    """A sweep whose process is running."""
    sweep = write_sweep(Workspace(dashboard.workspace), 30, state="running")
    sweep.log_file.touch()
    with worker_lock(sweep.log_file):
        yield sweep
    shutil.rmtree(sweep.folder)


def show_trials(sweep: Sweep, count: int) -> int:
    """Write the first trials of a sweep; return how many of them were trained with Adam."""
    progress = invented_progress(sweep.settings(), 30)
    trials = progress.trials[:count]
    sweep.write_progress(progress.model_copy(update={"trials": trials}))
    return sum(trial.settings["optimizer"] == "adam" for trial in trials)


def test_page_does_not_move_when_its_charts_appear(page: Page, sweep: Sweep) -> None:
    show_trials(sweep, 20)
    held_routes: list[Route] = []
    page.route("**/ArrowVegaLiteChart.*.js", lambda route: held_routes.append(route))
    page.goto(f"/sweep?id={sweep.id}")
    axis = page.get_by_role("group", name="Optimizer").first
    expect(axis).to_be_visible()
    at_rest(page)
    expect(page.get_by_role("heading", name="Trials")).to_be_visible()
    before = axis.bounding_box()

    for route in held_routes:
        route.continue_()
    expect(page.get_by_test_id("stVegaLiteChart").locator(".marks").first).to_be_visible()

    assert axis.bounding_box() == before


def test_range_selects_trials_and_survives_a_refresh(page: Page, sweep: Sweep, record: Record) -> None:
    adam_count = show_trials(sweep, 20)
    page.goto(f"/sweep?id={sweep.id}")
    axis = page.get_by_role("group", name="Optimizer").first
    expect(axis).to_be_visible()
    at_rest(page)
    # The lower half of the optimizer's axis is "adam".
    axis.scroll_into_view_if_needed()
    box = axis.bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2
    page.mouse.move(middle, box["y"] + box["height"] - 2)
    page.mouse.down()
    page.mouse.move(middle, box["y"] + box["height"] * 0.7)
    page.mouse.move(middle, box["y"] + box["height"] * 0.5)
    page.mouse.up()

    expect(page.get_by_text(f"{adam_count} of 20 trials, those in the ranges selected above.")).to_be_visible()

    adam_count = show_trials(sweep, 25)

    expect(page.get_by_text(f"{adam_count} of 25 trials, those in the ranges selected above.")).to_be_visible()
    expect(page.locator(".range")).to_have_count(1)

    axis.focus()
    page.keyboard.press("Escape")
    expect(page.get_by_text("those in the ranges selected above.")).to_have_count(0)
    assert record.page_errors == []
