"""A person without a mouse draws digits, in a real browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.support.keyboard_pen import LINES, START, focus_pen, keys, press
from tests.support.visit import at_rest, open_draw_page


def test_digits_drawn_by_keyboard_are_read(page: Page) -> None:
    prediction, at, max_keys = open_draw_page(page), START, 25
    focus_pen(page)

    for digit in (7, 0, 1, 2, 3, 4, 5, 6, 8, 9):
        pressed, at = keys(LINES[digit], at)
        assert digit != 7 or len(pressed) <= max_keys
        press(page, pressed)
        expect(prediction).to_have_text(str(digit))
        press(page, ["Backspace"] * len(LINES[digit]))
        expect(prediction).to_have_text("Draw a digit")


def test_pen_announces_its_actions_and_undoes_corners(page: Page) -> None:
    prediction = open_draw_page(page)
    focus_pen(page)
    spoken = page.locator(".keyboard-pen .spoken")

    for key, words in (
        ("ArrowUp", "Column 3, row 1"),
        ("ArrowUp", "Column 3, row 1"),
        ("Space", "Pen down"),
        ("ArrowRight", "Column 4, row 1"),
        ("Space", "Corner"),
        ("Backspace", "Corner undone"),
        ("Backspace", "Pen up"),
        ("Space", "Pen down"),
    ):
        page.keyboard.press(key)
        expect(spoken).to_have_text(words)
    press(page, ["ArrowDown"] * 7)
    page.keyboard.press("Space")
    page.keyboard.press("Space")

    expect(spoken).to_have_text("Pen up")
    expect(prediction).to_have_text("1")


def test_focus_is_seen_on_a_control_under_the_pointer(page: Page) -> None:
    page.goto("/data")
    at_rest(page)
    page.keyboard.press("Tab")  # so that the browser shows the focus

    for control, mark, value in (
        (page.get_by_test_id("stSidebarNavLink").last, "outline-style", "solid"),
        (page.get_by_role("radio", name="Similar"), "outline-style", "solid"),
        (page.get_by_test_id("stTab").last, "text-decoration-line", "underline"),
    ):
        control.hover()
        expect(control).to_have_css(mark, "none")
        control.focus()
        expect(control).to_have_css(mark, value)
