"""Netron and Gradio embedded in our pages, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import FrameLocator, Page, Route, expect

from tests.support.visit import Record, sketch_and_submit

ONE = [(0.0, -1.0), (0.0, 1.0)]


FOCUS_AND_SCROLL = "[document.activeElement.tagName, document.querySelector('[data-testid=stMain]').scrollTop]"


def open_gradio(page: Page) -> FrameLocator:
    page.goto("/gradio_demo")
    return page.frame_locator("iframe[src^='/gradio/']")


def test_netron_shows_both_files_and_downloads_work(page: Page, record: Record) -> None:
    page.goto("/model")
    # Netron would focus its graph at the moment it sets this class.
    expect(page.frame_locator("iframe[src*='/netron/']").locator("body.default")).to_be_attached()
    assert page.evaluate(FOCUS_AND_SCROLL) == ["BODY", 0]
    for file in ("mnist_model.keras", "mnist_model.tflite"):
        page.get_by_role("radio", name=file).click()

        graph = page.frame_locator(f"iframe[src*='{file}']")
        expect(graph.get_by_text("Conv2D").first).to_be_visible()
        expect(graph.get_by_text("DepthwiseConv2D", exact=False).first).to_be_visible()
        expect(graph.get_by_text("softmax", exact=False).or_(graph.get_by_text("Dense")).first).to_be_visible()
    assert record.page_errors == record.console_errors == []

    with page.expect_download() as download:
        page.get_by_role("button", name="Download .tflite").click()
    assert download.value.suggested_filename == "mnist_model.tflite"
    assert download.value.path().read_bytes()[4:8] == b"TFL3"

    with page.context.expect_page() as new_tab:
        page.get_by_role("link", name="Open in a new tab").click()
    expect(new_tab.value.get_by_text("Conv2D").first).to_be_visible()


@pytest.mark.extended
def test_gradio_reads_digits_and_removes_old_predictions(page: Page) -> None:
    demo = open_gradio(page)
    verdict, bars = demo.locator("#verdict h1"), demo.locator("#bars")
    expect(demo.locator("#sketchpad canvas").first).to_be_visible()
    assert page.evaluate(FOCUS_AND_SCROLL) == ["BODY", 0]

    sketch_and_submit(page, demo, ONE)
    expect(verdict).to_have_text("1")
    expect(demo.locator("#verdict")).to_contain_text("% sure")

    demo.get_by_role("button", name="Clear", exact=True).last.click()
    expect(verdict).to_have_text("Draw a digit")
    sketch_and_submit(
        page, demo, [(-1, -0.3), (1, -0.3)], [(-1, 0.3), (1, 0.3)], [(-0.3, -1), (-0.3, 1)], [(0.3, -1), (0.3, 1)]
    )
    expect(verdict).to_have_text("Not a digit")
    expect(bars).to_contain_text("If it were a digit")
    expect(bars.get_by_role("listitem")).to_have_count(10)
    # The verdict comes first, and no scrolling is needed.
    verdict_box, bars_box = verdict.bounding_box(), bars.bounding_box()
    assert verdict_box is not None
    assert bars_box is not None
    assert verdict_box["y"] + verdict_box["height"] <= bars_box["y"]
    assert bars_box["y"] + bars_box["height"] <= 900
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0

    for step, failure in FAILURES.values():
        a_failure_removes_the_old_prediction(page, demo, step, failure)


def _respond_429(route: Route) -> None:
    route.fulfill(status=429, json={"detail": "Too many."})


def _request_missing_sketch(route: Route) -> None:
    request = route.request.post_data_json
    request["data"][0]["composite"]["path"] = "nowhere.png"
    route.continue_(post_data=json.dumps(request))


FAILURES = {
    "refused upload": ("upload", _respond_429),
    "refused submission": ("queue/join", _respond_429),
    "unreadable sketch": ("queue/join", _request_missing_sketch),
}


def a_failure_removes_the_old_prediction(
    page: Page, demo: FrameLocator, step: str, failure: Callable[[Route], None]
) -> None:
    verdict, bars = demo.locator("#verdict h1"), demo.locator("#bars li")
    expect(bars).to_have_count(10)
    page.route(f"**/gradio_api/{step}*", failure)

    with page.expect_response(f"**/gradio_api/{step}*"):
        sketch_and_submit(page, demo, [(-1, 0), (1, 0)])

    expect(verdict).to_have_text("No prediction yet")
    expect(bars).to_have_count(0)
    if step == "queue/join":
        expect(demo.get_by_text("Error").first).to_be_visible()
        expect(verdict).to_have_text("No prediction yet")
    page.unroute(f"**/gradio_api/{step}*", failure)
    sketch_and_submit(page, demo, ONE)
    expect(bars).to_have_count(10)
    expect(verdict).not_to_have_text("No prediction yet")


def test_gradio_follows_the_pages_theme(page: Page) -> None:
    page.route("**/gradio/?*", lambda route: route.abort())  # only its URL matters; loading it takes seconds
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]

        page.goto("/gradio_demo")

        expect(page.locator("iframe[src^='/gradio/']")).to_have_attribute("src", f"/gradio/?__theme={scheme}&lang=en")
