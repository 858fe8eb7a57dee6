"""Undo, Clear and Ctrl+Z on the canvas lose no stroke, however quick the visitor and however slow the server."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.slow_server import SlowServer
from tests.support.visit import draw, open_draw_page

BLANK = "Draw a digit"
ROWS = [[(50.0, row * 100.0), (450.0, row * 100.0)] for row in range(6)]
"""Six strokes that can be told apart."""
LAST = 5
"""The row that a test draws last, to know that the server has seen everything before it."""
# Which rows have ink in the first of the five steps, which is the drawing that the server answered.
ANSWERED_ROWS = """() => {
  const ink = document.querySelector(".trazo-steps img");
  const copy = new OffscreenCanvas(280, 280).getContext("2d");
  copy.drawImage(ink, 0, 0);
  return [0, 1, 2, 3, 4, 5].filter((row) => copy.getImageData(140, 42 + Math.round(row * 39.2), 1, 1).data[0] > 128);
}"""


@pytest.fixture
def server(page: Page) -> SlowServer:
    """The connection to the server. A test that asks for it does so before `answer`, which opens the page."""
    return SlowServer(page)


@pytest.fixture
def answer(page: Page) -> Locator:
    """The answer on the Draw page, which is open."""
    return open_draw_page(page)


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def press(page: Page, name: str, times: int = 1) -> None:
    """Click a button at once: Playwright's own click first waits until the button stands still."""
    place = button(page, name).bounding_box()
    assert place is not None
    for _ in range(times):
        page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)


def visit_another_page(page: Page) -> None:
    page.get_by_role("link", name="Gradio demo").click()
    expect(page.get_by_role("heading", name="Gradio demo")).to_be_visible()
    page.get_by_role("link", name="Draw").click()
    expect(page.locator("canvas.upper-canvas")).to_be_visible()


def expect_rows(page: Page, rows: list[int]) -> None:
    """Wait until the server has answered the last row, and compare all rows of that drawing."""
    page.wait_for_function(f"({ANSWERED_ROWS})().includes({LAST})")
    assert page.evaluate(ANSWERED_ROWS) == rows


def expect_answer_of(page: Page, rows: list[int]) -> None:
    """Wait until the server has answered a drawing of just these rows."""
    page.wait_for_function(f"(rows) => ({ANSWERED_ROWS})().join() === rows.join()", arg=rows)


def test_undo_right_after_a_stroke_removes_only_that_stroke(page: Page, server: SlowServer, answer: Locator) -> None:
    draw(page, ROWS[:3])
    expect(button(page, "Undo")).to_be_enabled()
    server.holding = True

    draw(page, [ROWS[3]])
    press(page, "Undo")
    draw(page, [ROWS[LAST]])
    server.release()

    expect_rows(page, [0, 1, 2, LAST])


def test_three_quick_presses_of_undo_remove_three_strokes(page: Page, server: SlowServer, answer: Locator) -> None:
    draw(page, [ROWS[0]])
    expect(button(page, "Undo")).to_be_enabled()
    server.holding = True

    draw(page, ROWS[1:5])
    press(page, "Undo", times=3)
    draw(page, [ROWS[LAST]])
    server.release()

    expect_rows(page, [0, 1, LAST])


def test_undo_by_keyboard(page: Page, answer: Locator) -> None:
    draw(page, ROWS[:4])

    for keys in ["Control+z", "Meta+z", "z", "Control+Shift+z", "Control+Alt+z", "Control+y"]:
        page.keyboard.press(keys)
    draw(page, [ROWS[LAST]])

    expect_rows(page, [0, 1, LAST])


def test_undo_key_in_a_text_field_belongs_to_the_field(page: Page, answer: Locator) -> None:
    draw(page, [ROWS[0]])
    page.evaluate("document.body.append(Object.assign(document.createElement('input'), { id: 'note' }))")
    page.locator("#note").focus()

    page.keyboard.press("Control+z")
    draw(page, [ROWS[LAST]])

    expect_rows(page, [0, LAST])


def test_undo_key_works_after_the_brush_width_was_changed(page: Page, answer: Locator) -> None:
    draw(page, ROWS[:2])
    slider = page.get_by_role("slider", name="Brush width")
    slider.press("ArrowLeft")
    expect(slider).to_have_value("19")

    page.keyboard.press("Control+z")
    draw(page, [ROWS[LAST]])

    expect_rows(page, [0, LAST])


def test_undo_after_clear_brings_the_drawing_back(page: Page, answer: Locator) -> None:
    draw(page, ROWS[:3])
    press(page, "Clear")
    expect(answer).to_have_text(BLANK)
    expect(button(page, "Clear")).to_be_disabled()

    press(page, "Undo", times=2)
    draw(page, [ROWS[LAST]])

    expect_rows(page, [0, 1, LAST])


def test_stroke_right_after_clear_is_kept(page: Page, server: SlowServer, answer: Locator) -> None:
    draw(page, ROWS[:2])
    expect(button(page, "Clear")).to_be_enabled()
    server.holding = True

    press(page, "Clear")
    draw(page, [ROWS[2], ROWS[LAST]])
    server.release()

    expect_rows(page, [2, LAST])


def test_undo_and_clear_after_a_visit_to_another_page(page: Page, answer: Locator) -> None:
    draw(page, ROWS[:3])
    visit_another_page(page)
    press(page, "Undo", times=2)
    draw(page, [ROWS[LAST]])
    expect_rows(page, [0, LAST])

    press(page, "Clear")
    expect(answer).to_have_text(BLANK)
    visit_another_page(page)
    press(page, "Undo")

    expect_rows(page, [0, LAST])


def test_strokes_and_presses_while_the_canvas_restarts(page: Page, server: SlowServer, answer: Locator) -> None:
    draw(page, ROWS[:3])
    visit_another_page(page)
    expect(button(page, "Undo")).to_be_enabled()
    server.holding = True

    press(page, "Undo", times=2)
    draw(page, ROWS[3:5])
    press(page, "Undo")
    draw(page, [ROWS[LAST]])
    server.release()

    expect_rows(page, [0, 3, LAST])


def test_stroke_half_drawn_when_the_canvas_restarts(page: Page, server: SlowServer, answer: Locator) -> None:
    draw(page, ROWS[:2])
    expect(button(page, "Clear")).to_be_enabled()
    server.holding = True
    press(page, "Clear")
    draw(page, [ROWS[2]])
    place = page.locator("canvas.upper-canvas").bounding_box()
    assert place is not None
    height = place["y"] + 42 + LAST * 39.2
    page.mouse.move(place["x"] + 60, height)
    page.mouse.down()
    page.mouse.move(place["x"] + 100, height)

    server.release()
    expect_answer_of(page, [2])  # the canvas has restarted and drawn the stroke that was held
    page.mouse.move(place["x"] + 220, height)
    page.mouse.up()

    expect_rows(page, [2, LAST])


def test_undo_just_before_leaving_the_page(page: Page, answer: Locator) -> None:
    draw(page, [ROWS[0], ROWS[LAST], ROWS[1]])
    visit_another_page(page)
    expect(button(page, "Undo")).to_be_enabled()

    press(page, "Undo")
    visit_another_page(page)

    expect_answer_of(page, [0, LAST])


def test_stroke_drawn_just_before_leaving_the_page_is_kept(page: Page, answer: Locator) -> None:
    draw(page, [ROWS[0], ROWS[LAST]])

    visit_another_page(page)

    expect_rows(page, [0, LAST])


def test_undo_while_drawing_removes_the_stroke_being_drawn(page: Page, answer: Locator) -> None:
    draw(page, [ROWS[0]])
    place = page.locator("canvas.upper-canvas").bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + 40, place["y"] + 140)
    page.mouse.down()
    page.mouse.move(place["x"] + 240, place["y"] + 140)

    page.keyboard.press("Control+z")
    page.mouse.move(place["x"] + 240, place["y"] + 200)
    page.mouse.up()
    draw(page, [ROWS[LAST]])

    expect_rows(page, [0, LAST])
