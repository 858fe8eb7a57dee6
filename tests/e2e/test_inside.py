"""The Inside page in a real browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.support.visit import at_rest, draw, open_draw_page

BAR = [(x, -60) for x in range(-60, 100, 10)]
STEM = [(90 - y / 3, y) for y in range(-60, 160, 10)]
CORNER_SEVEN = [[*BAR, *STEM]]
"""A 7 in the top left corner; `draw` leaves a margin of 15% around its square of 500 by 500."""


def test_a_drawing_is_misread_without_centring(page: Page) -> None:
    digit = open_draw_page(page)
    draw(page, CORNER_SEVEN)
    expect(digit).to_have_text("7")

    page.get_by_role("link", name="Look inside").click()
    expect(page.get_by_role("heading", name="Inside", exact=True)).to_be_visible()
    chosen = page.locator(".st-key-chosen_steps .digit")
    expect(page.locator(".st-key-inside_answer .digit")).to_have_text("7")
    expect(chosen).to_have_text("7")
    at_rest(page)
    page.get_by_text("Centre", exact=True).click()

    expect(chosen).not_to_have_text("7")
    expect(page.locator(".st-key-all_steps .digit")).to_have_text("7")
    expect(page.get_by_test_id("stException")).to_have_count(0)
