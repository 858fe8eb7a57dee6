"""Undo, Clear and Ctrl+Z lose no stroke, even if the visitor is quick and the server is slow."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.slow_server import SlowServer
from tests.support.visit import at_rest, draw, on_canvas, open_draw_page

pytestmark = pytest.mark.extended

BLANK = "Draw a digit"
ROWS = [[(50.0, row * 100.0), (450.0, row * 100.0)] for row in range(6)]
"""Six distinguishable strokes."""
LAST = 5
"""The row that a test draws last; once it has been read, so has everything before it."""
POLLING_MS = 100
"""Playwright would otherwise read the picture in every frame, which keeps a core busy."""
# Return the rows with ink in the first of the five steps, which is the last drawing that the server has read.
PREDICTED_ROWS = """() => {
  const ink = document.querySelector(".trazo-steps img");
  if (!ink) {
    return [];
  }
  const copy = new OffscreenCanvas(280, 280).getContext("2d");
  copy.drawImage(ink, 0, 0);
  return [0, 1, 2, 3, 4, 5].filter((row) => copy.getImageData(140, 42 + Math.round(row * 39.2), 1, 1).data[0] > 128);
}"""


def prediction(page: Page) -> Locator:
    return page.locator(".trazo-answer .digit")


def button(page: Page, name: str) -> Locator:
    # The canvas has its own toolbar, which is hidden a moment after it appears.
    return page.locator(".st-key-canvas_buttons").get_by_role("button", name=name, exact=True)


def press(page: Page, name: str, times: int = 1) -> None:
    """Click a button immediately; Playwright's own click waits until the button has stopped moving."""
    box = button(page, name).bounding_box()
    assert box is not None
    for _ in range(times):
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def visit_another_page(page: Page) -> None:
    page.get_by_role("link", name="Train", exact=True).click()
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    page.get_by_role("link", name="Draw").click()
    expect(page.locator("canvas.upper-canvas")).to_be_visible()


def return_from_train(page: Page) -> None:
    """Wait until the Train page is shown and stays, then go back to Draw."""
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    at_rest(page)
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    page.get_by_role("link", name="Draw").click()


def expect_rows(page: Page, rows: list[int]) -> None:
    """Wait until the server has read the last row, and compare all rows of that drawing."""
    page.wait_for_function(f"({PREDICTED_ROWS})().includes({LAST})", polling=POLLING_MS)
    assert page.evaluate(PREDICTED_ROWS) == rows


def expect_only_rows(page: Page, rows: list[int]) -> None:
    """Wait until the server has read a drawing with exactly these rows."""
    page.wait_for_function(f"(rows) => ({PREDICTED_ROWS})().join() === rows.join()", arg=rows, polling=POLLING_MS)


def undo_by_keyboard(page: Page, server: SlowServer) -> None:
    draw(page, ROWS[:4])

    for keys in ["Control+z", "Meta+z", "z", "Control+Shift+z", "Control+Alt+z", "Control+y"]:
        page.keyboard.press(keys)
    draw(page, [ROWS[LAST]])

    expect_rows(page, [0, 1, LAST])


def undo_key_in_a_text_field_does_not_change_the_drawing(page: Page, server: SlowServer) -> None:
    draw(page, [ROWS[0]])
    page.evaluate("document.body.append(Object.assign(document.createElement('input'), { id: 'note' }))")
    page.locator("#note").focus()

    page.keyboard.press("Control+z")
    draw(page, [ROWS[LAST]])

    expect_rows(page, [0, LAST])
    page.evaluate("document.querySelector('#note').remove()")


def undo_while_drawing_removes_the_stroke_being_drawn(page: Page, server: SlowServer) -> None:
    draw(page, [ROWS[0]])
    start, corner, end = on_canvas(page, [(0, 250), (500, 250), (500, 400)])
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*corner)

    page.keyboard.press("Control+z")
    page.mouse.move(*end)
    page.mouse.up()
    draw(page, [ROWS[LAST]])

    expect_rows(page, [0, LAST])


def undo_after_clear_restores_the_drawing(page: Page, server: SlowServer) -> None:
    draw(page, ROWS[:3])
    press(page, "Clear")
    expect(prediction(page)).to_have_text(BLANK)
    expect(button(page, "Clear")).to_be_disabled()

    press(page, "Undo", times=2)
    draw(page, [ROWS[LAST]])

    expect_rows(page, [0, 1, LAST])


def undo_key_works_after_changing_the_brush_width(page: Page, server: SlowServer) -> None:
    draw(page, ROWS[:2])
    slider = page.get_by_role("slider", name="Brush width")
    slider.press("ArrowLeft")
    expect(slider).to_have_value("19")
    at_rest(page)  # a stroke begun before the canvas has its new brush would lose its start

    page.keyboard.press("Control+z")
    draw(page, [ROWS[LAST]])

    expect_rows(page, [0, LAST])


def undo_right_after_a_stroke_removes_only_that_stroke(page: Page, server: SlowServer) -> None:
    draw(page, ROWS[:3])
    expect_only_rows(page, [0, 1, 2])
    server.holding = True

    draw(page, [ROWS[3]])
    press(page, "Undo")
    draw(page, [ROWS[LAST]])
    server.release()

    expect_rows(page, [0, 1, 2, LAST])


def three_quick_undos_remove_three_strokes(page: Page, server: SlowServer) -> None:
    draw(page, [ROWS[0]])
    expect_only_rows(page, [0])
    server.holding = True

    draw(page, ROWS[1:5])
    press(page, "Undo", times=3)
    draw(page, [ROWS[LAST]])
    server.release()

    expect_rows(page, [0, 1, LAST])


def stroke_right_after_clear_is_kept(page: Page, server: SlowServer) -> None:
    draw(page, ROWS[:2])
    expect_only_rows(page, [0, 1])
    server.holding = True

    press(page, "Clear")
    draw(page, [ROWS[2], ROWS[LAST]])
    server.release()

    expect_rows(page, [2, LAST])


def unfinished_stroke_survives_a_restart_of_the_canvas(page: Page, server: SlowServer) -> None:
    draw(page, ROWS[:2])
    expect_only_rows(page, [0, 1])
    server.holding = True
    press(page, "Clear")
    draw(page, [ROWS[2]])
    start, halfway, end = on_canvas(page, [(50, LAST * 100), (150, LAST * 100), (450, LAST * 100)])
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*halfway)

    server.release()
    expect_only_rows(page, [2])  # the canvas has restarted and drawn the queued stroke
    page.mouse.move(*end)
    page.mouse.up()

    expect_rows(page, [2, LAST])


def undo_and_clear_after_a_visit_to_another_page(page: Page, server: SlowServer) -> None:
    draw(page, ROWS[:3])
    visit_another_page(page)
    press(page, "Undo", times=2)
    draw(page, [ROWS[LAST]])
    expect_rows(page, [0, LAST])

    press(page, "Clear")
    expect(prediction(page)).to_have_text(BLANK)
    visit_another_page(page)
    press(page, "Undo")

    expect_rows(page, [0, LAST])


def undo_just_before_leaving_the_page_is_kept(page: Page, server: SlowServer) -> None:
    draw(page, [ROWS[0], ROWS[LAST], ROWS[1]])
    visit_another_page(page)
    expect(button(page, "Undo")).to_be_enabled()

    press(page, "Undo")
    visit_another_page(page)

    expect_only_rows(page, [0, LAST])


def stroke_drawn_just_before_leaving_the_page_is_kept(page: Page, server: SlowServer) -> None:
    draw(page, [ROWS[0], ROWS[LAST]])

    visit_another_page(page)

    expect_rows(page, [0, LAST])


def strokes_and_undo_work_while_the_canvas_restarts(page: Page, server: SlowServer) -> None:
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


def undo_queued_with_a_page_change_is_kept(page: Page, server: SlowServer) -> None:
    draw(page, [ROWS[0], ROWS[LAST], ROWS[1]])
    visit_another_page(page)
    expect(button(page, "Undo")).to_be_enabled()
    at_rest(page)
    server.holding_requests = True

    press(page, "Undo")
    server.wait_for_requests(1)
    page.get_by_role("link", name="Train", exact=True).click()
    server.wait_for_requests(2)
    server.release()
    return_from_train(page)

    expect_only_rows(page, [0, LAST])


def late_drawing_is_kept_without_a_second_undo(page: Page, server: SlowServer) -> None:
    draw(page, [ROWS[0], ROWS[LAST], ROWS[1]])
    visit_another_page(page)
    expect(button(page, "Undo")).to_be_enabled()
    press(page, "Undo")
    expect_only_rows(page, [0, LAST])
    at_rest(page)
    server.holding_requests = True

    # Every request also lists the values of the other widgets, such as the Undo that has already been performed.
    draw(page, [ROWS[2]])
    server.wait_for_requests(1)
    page.get_by_role("link", name="Train", exact=True).click()
    server.wait_for_requests(2)
    server.release(latest_request_first=True)
    return_from_train(page)
    expect(button(page, "Undo")).to_be_enabled()
    draw(page, [ROWS[3]])

    expect_only_rows(page, [0, 2, 3, LAST])


def stroke_drawn_while_the_next_page_loads_is_kept(page: Page, server: SlowServer) -> None:
    draw(page, [ROWS[0]])
    expect_only_rows(page, [0])
    at_rest(page)
    server.holding = True

    page.get_by_role("link", name="Train", exact=True).click()
    server.wait_for_the_end_of_a_run()
    server.holding_requests = True
    draw(page, [ROWS[LAST]])
    server.wait_for_requests(1)
    server.release()
    return_from_train(page)

    expect_only_rows(page, [0, LAST])


def queued_page_change_is_not_lost_to_a_later_stroke(page: Page, server: SlowServer) -> None:
    draw(page, [ROWS[0]])
    expect_only_rows(page, [0])
    at_rest(page)
    server.holding_requests = True

    draw(page, [ROWS[1]])
    server.wait_for_requests(1)
    page.get_by_role("link", name="Train", exact=True).click()
    server.wait_for_requests(2)
    draw(page, [ROWS[LAST]])
    server.wait_for_requests(3)
    server.release()

    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()


CASES = {
    "keys": (
        undo_by_keyboard,
        undo_key_in_a_text_field_does_not_change_the_drawing,
        undo_while_drawing_removes_the_stroke_being_drawn,
        undo_after_clear_restores_the_drawing,
        undo_key_works_after_changing_the_brush_width,
    ),
    "slow server": (
        undo_right_after_a_stroke_removes_only_that_stroke,
        three_quick_undos_remove_three_strokes,
        stroke_right_after_clear_is_kept,
        unfinished_stroke_survives_a_restart_of_the_canvas,
    ),
    "other pages": (
        undo_and_clear_after_a_visit_to_another_page,
        undo_just_before_leaving_the_page_is_kept,
        stroke_drawn_just_before_leaving_the_page_is_kept,
    ),
    "slow server and other pages": (
        strokes_and_undo_work_while_the_canvas_restarts,
        undo_queued_with_a_page_change_is_kept,
        late_drawing_is_kept_without_a_second_undo,
        stroke_drawn_while_the_next_page_loads_is_kept,
        queued_page_change_is_not_lost_to_a_later_stroke,
    ),
}
"""Groups of cases that share one visit, because opening the page takes longer than a case."""


@pytest.mark.parametrize("cases", CASES.values(), ids=CASES)
def test_no_stroke_is_lost(page: Page, cases: Sequence[Callable[[Page, SlowServer], None]]) -> None:
    server = SlowServer(page)
    open_draw_page(page)
    for case in cases:
        case(page, server)
        if case is not cases[-1]:
            clear(page)


def clear(page: Page) -> None:
    at_rest(page)
    press(page, "Clear")
    expect(prediction(page)).to_have_text(BLANK)
    expect(button(page, "Clear")).to_be_disabled()
    at_rest(page)
