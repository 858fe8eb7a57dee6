"""The Draw page in a real browser: drawing by mouse or touch, and uploading a picture. Undo is in test_undo.py."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import CDPSession, Locator, Page, expect

from core.handwriting.pen_digits import PenDigit
from tests.support.visit import Points, Record, at_rest, draw, on_canvas, open_draw_page

DOWN = [(250, 0), (250, 500)]
ACROSS = [(0, 0), (250, 0)]
BLANK = "Draw a digit"
# As few points as a busy browser reports for a quick stroke; no corner is missing.
QUICK_STROKES = {
    "7": [(80, 60), (420, 60), (220, 480)],
    "2": [(80, 120), (250, 20), (400, 130), (80, 480), (430, 480)],
}
# Chromium merges events by itself only on a slow machine.
MERGED_MOVE = """(points) => {
  const at = ([clientX, clientY]) => new PointerEvent("pointermove", { isPrimary: true, clientX, clientY });
  const [clientX, clientY] = points.at(-1);
  const merged = { isPrimary: true, clientX, clientY, bubbles: true, composed: true, coalescedEvents: points.map(at) };
  const canvas = document.querySelector(".st-key-canvas [data-testid=stBidiComponentIsolated]").shadowRoot
    .querySelector("canvas.upper-canvas");
  canvas.dispatchEvent(new PointerEvent("pointermove", merged));
}"""


@pytest.fixture
def prediction(page: Page) -> Locator:
    """Open the Draw page; return its prediction."""
    return open_draw_page(page)


def button(page: Page, name: str) -> Locator:
    # The canvas has its own toolbar, which is hidden a moment after it appears.
    return page.locator(".st-key-canvas_buttons").get_by_role("button", name=name, exact=True)


def draw_seven() -> bytes:
    picture = Image.new("L", (400, 300), 240)
    ImageDraw.Draw(picture).line([(130, 60), (250, 60), (170, 250)], 30, 22, joint="curve")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def upload(page: Page, name: str, media_type: str, content: bytes) -> None:
    page.get_by_role("radio", name="Upload a picture").click()
    page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": media_type, "buffer": content}
    )


def appears(prediction: Locator, digit: int) -> bool:
    """Return True if this digit appears within ten seconds."""
    try:
        expect(prediction).to_have_text(str(digit), timeout=10_000)
    except AssertionError:
        return False
    return True


def test_real_handwriting_is_read(page: Page, prediction: Locator, strokes: tuple[PenDigit, ...]) -> None:
    correct = []
    for label in range(10):
        draw(page, next(digit for digit in strokes if digit.label == label).strokes)
        correct.append(appears(prediction, label))
        clear(page, prediction)

    assert sum(correct) >= 9, f"Digits read correctly, 0 to 9: {correct}"


def clear(page: Page, prediction: Locator) -> None:
    button(page, "Clear").click()
    expect(prediction).to_have_text(BLANK)


def test_first_visit_shows_an_example_and_keeps_its_layout(page: Page, prediction: Locator) -> None:
    page.set_viewport_size({"width": 1440, "height": 800})
    elements = [
        page.locator("canvas.upper-canvas"),
        page.locator(".trazo-answer .bars"),
        page.locator(".trazo-steps .title").last,
        page.get_by_text("Brush width"),
    ]
    boxes = [element.bounding_box() for element in elements]
    expect(elements[2]).to_be_in_viewport()
    assert boxes[0] is not None
    assert boxes[0]["width"] >= 358
    expect(page.get_by_role("heading", level=1)).to_have_text("Trazo")
    example = page.locator(".example")
    expect(example).to_contain_text("trace me")

    draw(page, [DOWN])
    expect(example).to_have_count(0)
    expect(prediction).to_have_text("1")
    at_rest(page)
    assert [element.bounding_box() for element in elements] == boxes
    button(page, "Undo").click()
    expect(prediction).to_have_text(BLANK)
    expect(example).to_have_count(0)

    page.get_by_role("link", name="Find its mistakes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Evaluate")
    page.get_by_role("link", name="Draw").click()
    expect(page.locator("canvas.upper-canvas")).to_be_visible()
    at_rest(page)
    expect(example).to_have_count(0)

    # When a key moves focus to the page, its focus ring must not cut through the heading.
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("ArrowDown")
    frame = "main => getComputedStyle(main, '::before')"
    assert page.locator("main").evaluate(f"main => ({frame})(main).content") == '""'
    assert page.locator("main").evaluate(f"main => ({frame})(main).top") == "0px"

    # A browser's font may be larger.
    switch = page.get_by_role("group", name="Language")
    normal_height = switch.evaluate("group => group.clientHeight")
    page.evaluate("document.documentElement.style.fontSize = '125%'")
    ends = [
        page.locator(part).evaluate("part => part.getBoundingClientRect().bottom") for part in (".bars", ".verdict")
    ]
    assert max(ends) <= page.locator(".st-key-why_title").evaluate("title => title.getBoundingClientRect().top")
    assert switch.evaluate("group => group.clientHeight") > normal_height


def test_mouse_draws_and_every_stroke_is_read(page: Page, prediction: Locator) -> None:
    expect(prediction).to_have_text(BLANK)

    draw(page, [DOWN])
    expect(prediction).to_have_text("1")
    draw(page, [ACROSS])
    expect(prediction).to_have_text("7")

    button(page, "Undo").click()
    expect(prediction).to_have_text("1")
    draw(page, [ACROSS])
    expect(prediction).to_have_text("7")
    button(page, "Undo").click()
    expect(prediction).to_have_text("1")
    button(page, "Undo").click()
    expect(prediction).to_have_text(BLANK)
    expect(button(page, "Undo")).to_be_disabled()

    draw(page, [DOWN])

    expect(prediction).to_have_text("1")
    expect(page.locator(".trazo-answer .sentence")).to_have_text(re.compile(r"^>?\d+\.\d% sure$"))
    assert len(page.locator(".trazo-answer .value").all_inner_texts()) == 10
    expect(page.locator(".trazo-answer .best")).to_have_count(1)
    pictures = page.locator(".trazo-steps img")
    expect(pictures).to_have_count(5)
    # Without ink, each picture is a single black pixel.
    expect(pictures.first).to_have_js_property("naturalWidth", 280)
    expect(pictures.last).to_have_js_property("naturalWidth", 28)
    sizes = pictures.evaluate_all("all => all.map(one => [one.naturalWidth, one.naturalHeight])")
    assert sizes[0] == [280, 280]
    assert max(sizes[2]) == 20
    assert sizes[3] == sizes[4] == [28, 28]

    clear(page, prediction)
    at_rest(page)
    bars = page.locator(".trazo-answer .bars")
    before = bars.bounding_box()
    grid = [[(0, 100), (500, 100)], [(0, 380), (500, 380)], [(120, 0), (120, 500)], [(380, 0), (380, 500)]]

    draw(page, grid)

    expect(prediction).to_have_text("Not a digit")
    expect(page.locator(".trazo-answer .sentence")).to_have_text(
        re.compile(r"^Unlike any digit in the training data \(nearest: \d\)$")
    )
    expect(page.locator(".trazo-answer .title")).to_have_text("If it were a digit")
    expect(page.locator(".trazo-answer .best")).to_have_count(0)
    assert bars.bounding_box() == before


def test_quick_strokes_keep_corners_and_survive_a_page_change(page: Page, prediction: Locator) -> None:
    for digit, stroke in QUICK_STROKES.items():
        draw(page, [stroke])
        expect(prediction).to_have_text(digit)
        clear(page, prediction)

    start, corner, end = on_canvas(page, QUICK_STROKES["7"])
    page.mouse.move(*start)
    page.mouse.down()

    page.evaluate(MERGED_MOVE, [corner, end])
    page.mouse.move(*end)
    page.mouse.up()

    expect(prediction).to_have_text("7")
    clear(page, prediction)

    draw(page, [DOWN])
    expect(prediction).to_have_text("1")

    page.get_by_role("link", name="Train", exact=True).click()
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    page.get_by_role("link", name="Draw").click()

    expect(prediction).to_have_text("1")
    at_rest(page)  # until then, the canvas stands below what is left of Train, and moves up
    draw(page, [ACROSS])
    expect(prediction).to_have_text("7")


def test_uploaded_picture_is_read_like_a_drawing(page: Page, prediction: Locator) -> None:
    upload(page, "notes.txt", "text/plain", b"seven")

    expect(page.get_by_test_id("stAlert")).to_contain_text("not a picture")
    expect(prediction).to_have_text("Choose a picture")

    upload(page, "seven.png", "image/png", draw_seven())

    expect(prediction).to_have_text("7")
    expect(page.get_by_alt_text("your picture")).to_have_js_property("naturalWidth", 400)
    expect(page.locator(".trazo-steps img").last).to_have_attribute("src", re.compile("^data:image/png"))


def touch(session: CDPSession, points: Points, *, start: bool = True, lift: bool = True) -> None:
    """Put a finger on the first point, move it along the other points and lift it."""
    for index, (x, y) in enumerate(points):
        event_type = "touchMove" if index or not start else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": event_type, "touchPoints": [{"x": x, "y": y}]})
    if lift:
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_touch_draws_and_undoes_on_a_phone(page: Page, prediction: Locator, record: Record) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    at_rest(page)
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    canvas = page.locator("canvas.upper-canvas")
    canvas.scroll_into_view_if_needed()
    box, undo = canvas.bounding_box(), button(page, "Undo").bounding_box()
    assert box is not None
    assert undo is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390

    assert box["width"] >= 350

    # Down the right edge, starting in the corner.
    x, top, step = box["x"] + box["width"] - 40, box["y"] + 8, (box["height"] - 16) / 20
    touch(session, [(x, top + number * step) for number in range(21)])
    expect(prediction).to_have_text("1")
    expect(prediction).to_be_in_viewport()

    middle = box["y"] + box["height"] / 2
    touch(session, [(x - number * 0.75 * step, middle) for number in range(20)])
    touch(session, [(undo["x"] + undo["width"] / 2, undo["y"] + undo["height"] / 2)])
    touch(session, [(x - number * 0.4 * step, top) for number in range(20)])

    expect(prediction).to_have_text("7")
    assert canvas.bounding_box() == box
    clear(page, prediction)

    for digit, stroke in QUICK_STROKES.items():
        touch(session, on_canvas(page, stroke))
        expect(prediction).to_have_text(digit)
        clear(page, prediction)

    start, corner, end = on_canvas(page, QUICK_STROKES["7"])
    touch(session, [start], lift=False)
    page.evaluate(MERGED_MOVE, [corner, end])
    touch(session, [end], start=False)

    expect(prediction).to_have_text("7")
    assert record.page_errors == []
