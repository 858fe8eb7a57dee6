"""The Inside page in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from core.data.datasets import Dataset
from tests.support.slow_server import SlowServer
from tests.support.visit import at_rest, draw, open_draw_page

BAR = [(x, -60) for x in range(-60, 100, 10)]
STEM = [(90 - y / 3, y) for y in range(-60, 160, 10)]
CORNER_SEVEN = [[*BAR, *STEM]]
"""A 7 in the top left corner; `draw` leaves a margin of 15% around its square of 500 by 500."""
SEVEN = [*[(x, 60) for x in range(80, 420, 40)], *[(420 - y / 2, 60 + y) for y in range(0, 420, 40)]]


def look_inside_a_seven(page: Page) -> None:
    digit = open_draw_page(page)
    draw(page, [SEVEN])
    expect(digit).to_have_text("7")
    page.get_by_role("link", name="Look inside").click()
    expect(page.locator(".st-key-inside_answer .digit")).to_have_text("7")
    at_rest(page)


def test_a_drawing_is_misread_without_centring(page: Page) -> None:
    digit = open_draw_page(page)
    draw(page, CORNER_SEVEN)
    expect(digit).to_have_text("7")

    page.get_by_role("link", name="Look inside").click()
    expect(page.get_by_role("heading", name="Inside", exact=True)).to_be_visible()
    chosen_steps_digit = page.locator(".st-key-chosen_steps .digit")
    expect(page.locator(".st-key-inside_answer .digit")).to_have_text("7")
    expect(chosen_steps_digit).to_have_text("7")
    at_rest(page)
    page.get_by_text("Centre", exact=True).click()

    expect(chosen_steps_digit).not_to_have_text("7")
    expect(page.locator(".st-key-all_steps .digit")).to_have_text("7")
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_channel_is_switched_even_if_a_request_follows_at_once(page: Page) -> None:
    server = SlowServer(page)
    look_inside_a_seven(page)
    server.holding_requests = True

    page.get_by_role("button", name="Switch channel").click()
    server.wait_for_requests(1)
    # The place of the largest value is already chosen, so a click on it would send no request; a corner has no ink.
    page.locator(".st-key-map_shipped_3 .map").click(position={"x": 5, "y": 5})
    server.wait_for_requests(2)
    server.release()

    expect(page.get_by_text(re.compile("^Without channel"))).to_be_visible()


@pytest.mark.extended
def test_a_visitor_asks_why_and_turns_a_seven_into_a_one(page: Page, mnist: Dataset) -> None:
    look_inside_a_seven(page)

    layer = page.get_by_role("combobox", name="Layer")
    page.get_by_role("button", name="Convolution 3, channel").first.click()
    expect(layer).to_have_value("ReLU after convolution 3: 7 × 7 × 64")
    at_rest(page)
    page.get_by_role("button", name="Convolution 1, channel").first.click()
    expect(layer).to_have_value("ReLU after convolution 1: 14 × 14 × 32")
    at_rest(page)

    readout = page.locator(".st-key-map_shipped_3 .readout")
    page.locator(".st-key-map_shipped_3 .map").click(position={"x": 5, "y": 5})
    expect(readout).to_have_text(re.compile("Row 0, column 0: "))
    page.keyboard.press("ArrowDown")
    expect(readout).to_have_text(re.compile("Row 1, column 0: "))
    expect(page.get_by_text("Inputs × weights")).to_be_visible()

    page.get_by_role("button", name="Switch channel").click()
    expect(page.get_by_text(re.compile("^Without channel"))).to_be_visible()
    at_rest(page)
    page.get_by_role("button", name="Measure the effect on accuracy").click()
    expect(page.get_by_text(re.compile("Accuracy on the validation images"))).to_be_visible()
    at_rest(page)

    choose(page, "why_shipped_7", "1")
    expect(page.get_by_text("counts for the 1")).to_be_visible()
    at_rest(page)

    choose(page, "make_it_shipped_7", "1")
    expect(page.locator(".st-key-make_it_answer .digit")).to_have_text("1")
    page.get_by_role("button", name="Undo a step").click()
    expect(page.get_by_role("button", name="Apply a step")).to_be_enabled()
    page.get_by_role("button", name="Apply a step").click()
    expect(page.get_by_role("button", name="Apply a step")).to_be_disabled()
    expect(page.locator(".st-key-make_it_answer .digit")).to_have_text("1")
    expect(page.get_by_test_id("stException")).to_have_count(0)


def choose(page: Page, key: str, option: str) -> None:
    page.locator(f".st-key-{key}").get_by_text(option, exact=True).click()


def test_the_window_slides_until_it_is_stopped(page: Page) -> None:
    look_inside_a_seven(page)
    value_map, frame = page.locator(".st-key-map_shipped_3"), page.locator(".field span")
    readout = value_map.locator(".readout")
    value_map.locator(".map").click(position={"x": 1, "y": 1})
    expect(readout).to_have_text(re.compile("Row 0, column 0: "))
    page.mouse.move(0, 0)
    expect(frame).to_have_attribute("style", re.compile("top:0.0%;left:0.0%"))
    at_rest(page)

    value_map.get_by_role("button", name="Slide the window").click()

    expect(readout).to_have_text(re.compile(r"Row 0, column ([3-9]|1\d): |Row [1-9]"))
    expect(frame).not_to_have_attribute("style", re.compile("top:0.0%;left:0.0%"))
    value_map.get_by_role("button", name="Stop").click()
    expect(value_map.get_by_role("button", name="Slide the window")).to_be_visible()
    row, column = map(int, re.findall(r"\d+", readout.inner_text())[:2])
    # The receptive field of a value after one convolution and one pooling starts a pixel before its two columns.
    top, left = (100 * max(2 * index - 1, 0) / 28 for index in (row, column))
    expect(frame).to_have_attribute("style", re.compile(re.escape(f"top:{top}%;left:{left}%")))
    expect(readout).to_have_text(re.compile(f"Row {row}, column {column}: "))
