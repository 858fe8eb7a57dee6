"""Drawing in a real browser: what a person with a mouse, a finger or a picture does on the first page."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from core.handwriting.pen_digits import PenDigit
from tests.support.visit import Record, at_rest, draw

DOWN = [(250, 0), (250, 500)]
ACROSS = [(0, 0), (250, 0)]
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
def answer(page: Page) -> Locator:
    """What stands large beside the canvas of the Draw page, which is open."""
    page.goto("/")
    expect(page.locator("canvas.upper-canvas")).to_be_visible()
    at_rest(page)
    return page.locator(".trazo-answer .digit")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def png_of_seven() -> bytes:
    picture = Image.new("L", (400, 300), 240)
    ImageDraw.Draw(picture).line([(130, 60), (250, 60), (170, 250)], 30, 22, joint="curve")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def upload(page: Page, name: str, kind: str, content: bytes) -> None:
    page.get_by_role("radio", name="Upload a picture").click()
    page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": kind, "buffer": content}
    )


def press(page: Page, name: str, times: int = 1) -> None:
    """Click a button at once, without Playwright's wait until it stands still."""
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


class SlowServer:
    """Holds back everything that the server sends to the page while `holding`."""

    def __init__(self, page: Page) -> None:
        self.holding = False
        self._held: list[Callable[[], None]] = []
        page.route_web_socket(re.compile("/_stcore/stream"), self._connect)

    def _connect(self, browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()

        def deliver(message: str | bytes) -> None:
            if self.holding:
                self._held.append(lambda: browser.send(message))
            else:
                browser.send(message)

        server.on_message(deliver)

    def release(self) -> None:
        self.holding = False
        for deliver in self._held:
            deliver()
        self._held.clear()


@pytest.fixture
def server(page: Page) -> SlowServer:
    """The connection to the server; ask for it before `answer`, which opens the page."""
    return SlowServer(page)


def is_answered(answer: Locator, digit: int) -> bool:
    try:
        expect(answer).to_have_text(str(digit), timeout=10_000)
    except AssertionError:
        return False
    return True


def test_digits_by_real_hands_are_read(page: Page, answer: Locator, strokes: tuple[PenDigit, ...]) -> None:
    right = []
    for label in range(10):
        draw(page, next(digit for digit in strokes if digit.label == label).strokes)
        right.append(is_answered(answer, label))
        button(page, "Clear").click()
        expect(answer).to_have_text(BLANK)

    assert sum(right) >= 9, f"digits that were read as themselves: {right}"


def test_every_stroke_is_read_by_itself_and_undo_takes_the_last_one_back(page: Page, answer: Locator) -> None:
    expect(answer).to_have_text(BLANK)

    draw(page, [DOWN])
    expect(answer).to_have_text("1")
    draw(page, [ACROSS])
    expect(answer).to_have_text("7")

    button(page, "Undo").click()
    expect(answer).to_have_text("1")
    draw(page, [ACROSS])
    expect(answer).to_have_text("7")
    button(page, "Undo").click()
    expect(answer).to_have_text("1")
    button(page, "Undo").click()
    expect(answer).to_have_text(BLANK)
    expect(button(page, "Undo")).to_be_disabled()


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
    draw(page, [DOWN, ACROSS])
    expect(answer).to_have_text("7")
    button(page, "Clear").click()
    expect(answer).to_have_text(BLANK)
    expect(button(page, "Clear")).to_be_disabled()

    button(page, "Undo").click()

    expect(answer).to_have_text("7")
    button(page, "Undo").click()
    expect(answer).to_have_text("1")


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


def test_what_is_no_digit_is_said_to_be_none_where_the_digit_would_stand(page: Page, answer: Locator) -> None:
    bars = page.locator(".trazo-answer .bars")
    before = bars.bounding_box()
    grid = [[(0, 100), (500, 100)], [(0, 380), (500, 380)], [(120, 0), (120, 500)], [(380, 0), (380, 500)]]

    draw(page, grid)

    expect(answer).to_have_text("Not a digit")
    expect(page.locator(".trazo-answer .sentence")).to_have_text(
        re.compile(r"^Unlike any digit in the training data \(nearest: \d\)$")
    )
    expect(page.locator(".trazo-answer .title")).to_have_text("If it were a digit")
    expect(page.locator(".trazo-answer .best")).to_have_count(0)
    assert bars.bounding_box() == before


def test_answer_comes_with_ten_probabilities_and_five_pictures(page: Page, answer: Locator) -> None:
    draw(page, [DOWN])

    expect(answer).to_have_text("1")
    expect(page.locator(".trazo-answer .sentence")).to_have_text(re.compile(r"^>?\d+\.\d% sure$"))
    assert len(page.locator(".trazo-answer .value").all_inner_texts()) == 10
    expect(page.locator(".trazo-answer .best")).to_have_count(1)
    pictures = page.locator(".trazo-steps img")
    expect(pictures).to_have_count(5)
    # Before there is ink, each is a single black pixel.
    expect(pictures.first).to_have_js_property("naturalWidth", 280)
    expect(pictures.last).to_have_js_property("naturalWidth", 28)
    sizes = pictures.evaluate_all("all => all.map(one => [one.naturalWidth, one.naturalHeight])")
    assert sizes[0] == [280, 280]
    assert max(sizes[2]) == 20
    assert sizes[3] == sizes[4] == [28, 28]


def test_nothing_moves_when_the_first_stroke_is_read(page: Page, answer: Locator) -> None:
    parts = [
        page.locator("canvas.upper-canvas"),
        page.locator(".trazo-answer .bars"),
        page.locator(".trazo-steps .title").last,
        page.get_by_text("Brush width"),
    ]
    before = [part.bounding_box() for part in parts]

    draw(page, [DOWN])
    expect(answer).to_have_text("1")
    at_rest(page)

    assert [part.bounding_box() for part in parts] == before


def test_drawing_outlives_a_look_at_another_page(page: Page, answer: Locator) -> None:
    draw(page, [DOWN])
    expect(answer).to_have_text("1")

    page.get_by_role("link", name="Gradio demo").click()
    expect(page.get_by_role("heading", name="Gradio demo")).to_be_visible()
    page.get_by_role("link", name="Draw").click()

    expect(answer).to_have_text("1")
    draw(page, [ACROSS])
    expect(answer).to_have_text("7")


def test_uploaded_picture_is_read_like_a_drawing(page: Page, answer: Locator) -> None:
    upload(page, "seven.png", "image/png", png_of_seven())

    expect(answer).to_have_text("7")
    expect(page.locator(".trazo-steps img").last).to_have_attribute("src", re.compile("^data:image/png"))


def test_upload_of_what_is_no_picture_gets_a_sentence(page: Page, answer: Locator) -> None:
    upload(page, "notes.txt", "text/plain", b"seven")

    expect(page.get_by_test_id("stAlert")).to_contain_text("not a picture")
    expect(answer).to_have_text("Choose a picture")


def test_finger_draws_on_a_phone_and_the_page_stays_where_it_is(page: Page, answer: Locator, record: Record) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    at_rest(page)
    touch = page.context.new_cdp_session(page)
    touch.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    canvas = page.locator("canvas.upper-canvas")
    canvas.scroll_into_view_if_needed()
    place = canvas.bounding_box()
    assert place is not None
    assert place["x"] >= 0
    assert place["x"] + place["width"] <= 390

    # From the corner where the canvas' own toolbar would lie.
    x, top = place["x"] + place["width"] - 40, place["y"] + 8
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": top}]})
    for step in range(1, 21):
        point = {"x": x, "y": top + step * 13}
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    expect(answer).to_have_text("1")
    expect(answer).to_be_in_viewport()
    assert canvas.bounding_box() == place
    assert record.page_errors == []
