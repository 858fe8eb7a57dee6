"""The map of the data in a real browser."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.axe import load_axe, violations
from tests.support.visit import Record, at_rest
from tests.support.waiting import lasting


def draw_lasso(page: Page, plot: Locator) -> None:
    """Draw a line around all dots."""
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None, "the map is not visible"
    left, top = box["x"] + 4, box["y"] + 4
    right, bottom = left + box["width"] - 8, top + box["height"] - 8
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in [(right, top), (right, bottom), (left, bottom), (left, top)]:
        page.mouse.move(x, y, steps=4)
    page.mouse.up()


@pytest.mark.extended
def test_a_lasso_on_the_map_shows_its_images(page: Page, record: Record) -> None:
    page.set_viewport_size({"width": 1280, "height": 1500})
    load_axe(page)
    page.goto("/data")
    at_rest(page)
    page.get_by_role("radio", name="Map").click()
    plot = page.locator(".js-plotly-plot .nsewdrag")
    # The map must be computed first.
    expect(plot).to_be_visible()
    expect(page).to_have_url(re.compile("view=map"))
    at_rest(page)
    assert lasting(lambda: violations(page)) == []

    draw_lasso(page, plot)

    summary = page.get_by_text(re.compile(r"images selected, \d+ misread"))
    expect(summary).to_be_visible()
    at_rest(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    rows = list(csv.DictReader(Path(download.value.path()).read_text().splitlines()))
    assert list(rows[0]) == ["index", "split", "label", "predicted", "x", "y"]
    assert f"{len(rows):,} images" in summary.inner_text()
    assert len(rows) > 100
    page.get_by_title(re.compile(r"image \d+, label \d, read as \d")).first.click()
    expect(page.get_by_role("dialog").get_by_role("link", name="Look inside")).to_be_visible()
    assert not record.page_errors
