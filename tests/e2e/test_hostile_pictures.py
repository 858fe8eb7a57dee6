"""Two tabs upload pictures that take many seconds to decode; other visitors are not affected."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.support.dashboard_process import DashboardProcess
from tests.support.fuzzing import drawn_seven, encoded
from tests.support.hostile_pictures import jpeg2000_in_small_tiles, jpeg_with_scans
from tests.support.visit import upload

pytestmark = pytest.mark.extended


@pytest.fixture
def hostile_picture(tmp_path: Path) -> Path:
    path = tmp_path / "tiles.jp2"
    path.write_bytes(jpeg2000_in_small_tiles(39))
    return path


@pytest.fixture
def visitor(dashboard: DashboardProcess) -> Iterator[httpx.Client]:
    """A client whose IP address differs from the browser's."""
    transport = httpx.HTTPTransport(local_address="127.0.0.2")
    with httpx.Client(base_url=dashboard.url, transport=transport, timeout=300) as client:
        yield client


def test_hostile_uploads_do_not_delay_another_visitor(page: Page, visitor: httpx.Client, hostile_picture: Path) -> None:
    tabs = [page, page.context.new_page()]
    for tab in tabs:
        tab.goto("/")
        tab.get_by_role("radio", name="Upload a picture").click()
        expect(tab.get_by_test_id("stFileUploader")).to_be_visible()
    for tab in tabs:
        tab.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(hostile_picture)

    response = visitor.post("/api/predict", content=encoded(drawn_seven()))
    health = visitor.get("/_stcore/health")
    still_decoding = [tab.get_by_test_id("stAlert").count() == 0 for tab in tabs]

    assert (response.status_code, response.json()["digit"], health.status_code) == (200, 7, 200)
    assert still_decoding == [True, True]
    for tab in tabs:
        # A busy machine may exceed the time limit for decoding.
        message = re.compile("There is no ink in this picture|The picture takes too long to read")
        expect(tab.get_by_test_id("stAlert")).to_contain_text(message)


def test_jpeg_with_many_scans_shows_an_error(page: Page) -> None:
    page.goto("/")

    upload(page, "scans.jpg", "image/jpeg", jpeg_with_scans(3000))

    expect(page.get_by_test_id("stAlert")).to_contain_text("more than 100 scans")
