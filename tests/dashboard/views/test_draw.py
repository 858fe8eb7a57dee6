"""The Draw page without a browser; real strokes, Undo and Clear are tested in tests/e2e/test_draw.py."""

from __future__ import annotations

import base64
import io
import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import streamlit as st
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from core.classifier import number_reader
from core.classifier.number_reader import read_digit
from core.classifier.predictor import Predictor, Reading, prediction_lock
from core.data.datasets import Dataset
from core.ink.picture_file import MAX_PICTURE_PIXELS
from core.ink.picture_ink import PictureInk
from core.runs.run import Run
from core.workspace import PROJECT, Workspace
from dashboard.explain import reasons
from dashboard.parts.canvas_objects import enlarged
from dashboard.server.pictures import POOL
from tests.support.clicks import click_on_picture, panel_title
from tests.support.hostile_pictures import jpeg2000_in_small_tiles, jpeg_with_scans

STROKE = {"type": "Path", "path": [["M", 140, 56], ["L", 140, 224]], "strokeWidth": 20}


class Canvas:
    """Stands in for the browser's canvas and its buttons; the next rerun sends what the visitor did."""

    def __init__(self) -> None:
        self.strokes: list[dict[str, Any]] = []
        self.picture: str | None = None
        self.initial_drawing: dict[str, Any] = {}
        self.buttons: dict[str, Any] = {}
        self.lock_was_free = True
        self._request: dict[str, Any] | None = None
        self._time = 0

    def draw(self, picture: Image.Image) -> None:
        self.strokes = [*self.strokes, STROKE]
        self.picture = "data:image/png;base64," + base64.b64encode(encoded(picture.convert("RGBA"))).decode()

    def undo(self) -> None:
        """Undo a stroke in the browser."""
        self.strokes = self.strokes[:-1]

    def press(self, action: str) -> None:
        """Press a button whose action Python performs."""
        self._time += 1
        self._request = {"action": action, "time": self._time}

    def restart(self) -> None:
        """Show the strokes that Python has sent for the canvas."""
        self.strokes = self.initial_drawing["objects"]

    def leave(self) -> None:
        """Forget the drawing, like a browser that shows another page."""
        self.strokes, self.picture = [], None

    def show(self, *, key: str, initial_drawing: dict[str, Any], on_change: Callable[[], None], **_: Any) -> None:
        self.initial_drawing = initial_drawing
        self.lock_was_free = lock_is_free()
        st.session_state[key] = {"drawing": {"raw": {"objects": self.strokes}, "data": self.picture}}
        on_change()

    def show_buttons(self, *, key: str, data: dict[str, Any], on_request_change: Callable[[], None]) -> None:
        self.buttons = {name: value for name, value in data.items() if name != "words"}
        if self._request:
            st.session_state[key] = {"request": self._request}
            self._request = None
            on_request_change()
            st.rerun()


def lock_is_free() -> bool:
    """Return whether another thread could start a prediction."""

    def try_lock() -> bool:
        acquired = prediction_lock.acquire(blocking=False)
        if acquired:
            prediction_lock.release()
        return acquired

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(try_lock).result()


def encoded(picture: Image.Image, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


def one(ink: str, paper: str, size: int = 280) -> Image.Image:
    """A picture of a 1."""
    picture = Image.new("RGB", (size, size), paper)
    ImageDraw.Draw(picture).line((size * 0.5, size * 0.2, size * 0.5, size * 0.8), ink, round(size * 0.07))
    return picture


@pytest.fixture
def page(workspace: Workspace) -> AppTest:
    return AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()


@pytest.fixture
def canvas(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> Canvas:
    return install_canvas(monkeypatch)


def install_canvas(monkeypatch: pytest.MonkeyPatch) -> Canvas:
    canvas = Canvas()
    monkeypatch.setattr("dashboard.draw.canvas.st_canvas", canvas.show)
    monkeypatch.setattr("dashboard.draw.canvas._buttons", canvas.show_buttons)
    return canvas


def answer(page: AppTest) -> str:
    """Return the large text beside the canvas."""
    data = component_data(page, "answer")
    return str(data["digit"] or data["prompt"])


def component_data(page: AppTest, key: str) -> Any:
    """Return the data that Python sent to a component."""
    return json.loads(page.get_by_key(key).proto.json)


def upload(page: AppTest, name: str, content: bytes) -> None:
    page.segmented_control(key="way").set_value("Upload a picture").run()
    page.file_uploader(key="upload").upload(name, content).run()


def test_an_empty_canvas_asks_for_a_digit(page: AppTest) -> None:
    assert not page.exception
    assert answer(page) == "Draw a digit"
    assert [bar["probability"] for bar in component_data(page, "answer")["bars"]] == [0.0] * 10


def test_five_steps_are_explained_with_and_without_a_drawing(page: AppTest, canvas: Canvas) -> None:
    before = component_data(page, "steps")

    canvas.draw(one("white", "black"))
    page.run()

    after = component_data(page, "steps")
    assert len(before) == 5
    assert [step["sentence"] for step in before] == [step["sentence"] for step in after]
    assert [step["source"] for step in before] == [None] * 5
    assert all(step["source"].startswith("data:image/png;base64,") for step in after)


def test_a_stroke_gets_an_answer_with_ten_probabilities(page: AppTest, canvas: Canvas) -> None:
    canvas.draw(one("white", "black"))

    page.run()

    assert answer(page) == "1"
    bars = component_data(page, "answer")["bars"]
    assert sum(bar["probability"] for bar in bars) == pytest.approx(1, abs=1e-3)
    assert [bar["digit"] for bar in bars if bar["best"]] == ["1"]
    assert "% sure" in component_data(page, "answer")["sentence"]


def test_a_second_model_reads_the_same_strokes(run: Run, page: AppTest, canvas: Canvas) -> None:
    assert page.selectbox(key="second_model").options == [run.title]
    page.selectbox(key="second_model").select(run.title).run()

    canvas.draw(one("white", "black"))
    page.run()

    answers = [component_data(page, key) for key in ("answer", "second_answer")]
    assert [data["title"] for data in answers] == ["Shipped model", run.title]
    assert all(sum(bar["probability"] for bar in data["bars"]) == pytest.approx(1, abs=1e-3) for data in answers)
    expected = read_digit(Predictor(run.bundle), np.asarray(one("white", "black").convert("L")))
    assert answers[1]["sentence"] == expected.sentence

    page.segmented_control(key="draw_mode").set_value("number").run()
    assert "second_model" not in [box.key for box in page.selectbox]
    page.segmented_control(key="draw_mode").set_value("digit").run()
    assert answers[1] == component_data(page, "second_answer")


def test_without_another_model_there_is_no_second_model_picker(page: AppTest) -> None:
    assert not page.selectbox


def test_an_answer_has_reasons(page: AppTest, canvas: Canvas, mnist: Dataset) -> None:
    before = component_data(page, "reasons")

    canvas.draw(one("white", "black"))
    page.run()

    assert before == {"pictures": [], "sentence": reasons.BLANK}
    after = component_data(page, "reasons")
    best = sorted(component_data(page, "answer")["bars"], key=lambda bar: -bar["probability"])[1]["digit"]
    captions = [picture["caption"] for picture in after["pictures"]]
    assert captions == ["red for, blue against", "most similar 1", f"most similar {best}"]
    assert all(picture["source"].startswith("data:image/png;base64,") for picture in after["pictures"])
    assert after["sentence"].startswith("The ink ")
    assert f"the most similar {best} is" in after["sentence"]

    with click_on_picture("reasons", 2, "dashboard.explain.reasons._reasons"):
        page.run()
    title = panel_title(page)
    assert title.endswith(f", label {best}")
    [button] = [button for button in page.button if button.label == "Open in Draw"]
    button.click().run()

    index = int(title.split()[2].rstrip(",").replace(",", ""))
    assert canvas.initial_drawing["objects"][0]["type"] == "Image"
    assert component_data(page, "steps")[0]["source"] == enlarged(mnist.train.images[index])


@pytest.mark.usefixtures("without_mnist")
def test_without_mnist_only_the_ink_is_explained(page: AppTest, canvas: Canvas) -> None:
    canvas.draw(one("white", "black"))
    page.run()

    assert not page.exception
    assert not page.error
    assert len(component_data(page, "reasons")["pictures"]) == 1
    assert component_data(page, "reasons")["sentence"].endswith(reasons.NO_IMAGES)


def test_pages_answer_strokes_one_at_a_time(page: AppTest, canvas: Canvas) -> None:
    canvas.draw(one("white", "black"))

    page.run()

    assert answer(page) == "1"
    assert not canvas.lock_was_free
    assert lock_is_free()


def test_an_uploaded_picture_delays_no_stroke(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    lock_states: list[bool] = []
    read_digit = number_reader.read_digit

    def record_and_read(predictor: Predictor, ink: np.ndarray | PictureInk, strokes: object = None) -> Reading:
        lock_states.append(lock_is_free())
        return read_digit(predictor, ink)

    monkeypatch.setattr(number_reader, "read_digit", record_and_read)

    upload(page, "one.png", encoded(one("black", "white")))

    assert answer(page) == "1"
    assert lock_states == [True]


def test_a_damaged_drawing_releases_the_lock(page: AppTest, canvas: Canvas) -> None:
    canvas.draw(one("white", "black"))
    canvas.picture = "data:image/png;base64,AAAA"

    page.run()

    assert "arrived incomplete" in page.error[0].value
    assert lock_is_free()


def test_a_filled_square_is_not_a_digit(page: AppTest, canvas: Canvas) -> None:
    square = Image.new("RGB", (280, 280), "black")
    ImageDraw.Draw(square).rectangle((60, 60, 220, 220), "white")
    canvas.draw(square)

    page.run()

    data = component_data(page, "answer")
    assert (answer(page), data["verdict"]) == ("Not a digit", "not_a_digit")
    assert data["sentence"].startswith("Unlike any digit in the training data (nearest: ")
    assert data["title"] == "If it were a digit"
    assert not any(bar["best"] for bar in data["bars"])
    assert component_data(page, "reasons") == {"pictures": [], "sentence": reasons.REJECTED}


def test_a_close_call_names_and_marks_both_candidates(
    page: AppTest, canvas: Canvas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Predictor, "_verdict", lambda *_: "unsure")
    canvas.draw(one("white", "black"))

    page.run()

    data = component_data(page, "answer")
    best = [bar["digit"] for bar in data["bars"] if bar["best"]]
    assert answer(page) == " or ".join(["1", *(digit for digit in best if digit != "1")])
    assert data["sentence"].startswith("Looks like a 1 or a")
    assert len(best) == 2
    assert all(digit in data["sentence"] for digit in best)


def test_an_emptied_canvas_asks_for_a_digit(page: AppTest, canvas: Canvas) -> None:
    canvas.draw(one("white", "black"))
    page.run()
    assert answer(page) == "1"

    canvas.undo()
    page.run()

    assert answer(page) == "Draw a digit"


def visit_another_page(page: AppTest, canvas: Canvas) -> None:
    page.switch_page("views/gradio_demo.py").run()
    canvas.leave()
    page.switch_page("views/draw.py").run()


def test_drawing_survives_a_visit_to_another_page(page: AppTest, canvas: Canvas) -> None:
    canvas.draw(one("white", "black"))
    page.run()

    visit_another_page(page, canvas)

    assert answer(page) == "1"
    assert canvas.initial_drawing["objects"] == [STROKE]


def test_clear_restarts_the_canvas_without_strokes(page: AppTest, canvas: Canvas) -> None:
    canvas.draw(one("white", "black"))
    page.run()

    canvas.press("clear")
    page.run()

    assert answer(page) == "Draw a digit"
    assert canvas.initial_drawing["objects"] == []
    size = {"width": 280, "height": 280}
    assert canvas.buttons == {"start": None, "strokes": 0, "unseen": True, "cleared": 1, "example": False, **size}
    canvas.restart()
    page.run()
    assert canvas.buttons == {
        "start": canvas.initial_drawing["id"],
        "strokes": 0,
        "unseen": False,
        "cleared": 1,
        "example": False,
        **size,
    }


def test_same_drawing_made_again_after_clear_is_read(page: AppTest, canvas: Canvas) -> None:
    canvas.draw(one("white", "black"))
    canvas.press("clear")
    page.run()
    canvas.restart()
    page.run()

    canvas.draw(one("white", "black"))
    page.run()

    assert answer(page) == "1"


def test_cleared_drawing_survives_a_visit_to_another_page(page: AppTest, canvas: Canvas) -> None:
    canvas.draw(one("white", "black"))
    canvas.press("clear")
    page.run()
    visit_another_page(page, canvas)
    assert canvas.initial_drawing["objects"] == []

    canvas.press("undo")
    page.run()

    assert canvas.initial_drawing["objects"] == [STROKE]


def test_picture_named_in_the_url_is_opened_once(page: AppTest, canvas: Canvas, mnist: Dataset) -> None:
    canvas.draw(one("white", "black"))
    page.run()
    page.switch_page("views/data.py").run()
    canvas.leave()
    page.switch_page("views/draw.py")
    page.query_params["image"] = "test-0"

    page.run()

    assert answer(page) == str(mnist.test.labels[0])
    assert canvas.initial_drawing["objects"][0]["type"] == "Image"

    canvas.restart()
    canvas.press("undo")
    page.run()
    canvas.restart()
    page.run()

    assert canvas.initial_drawing["objects"] == []
    assert answer(page) == "Draw a digit"


def test_undo_removes_a_stroke_from_an_earlier_visit(page: AppTest, canvas: Canvas) -> None:
    canvas.draw(one("white", "black"))
    canvas.draw(one("white", "black"))
    page.run()
    visit_another_page(page, canvas)
    before = canvas.initial_drawing

    canvas.press("undo")
    page.run()

    assert canvas.initial_drawing["objects"] == [STROKE]
    assert canvas.initial_drawing["id"] != before["id"]


def test_drawing_survives_a_restart_of_the_server(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    canvas = install_canvas(monkeypatch)
    canvas.draw(one("white", "black"))

    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=60).run()

    assert answer(page) == "1"
    assert canvas.initial_drawing["objects"] == [STROKE]


def test_photo_of_dark_ink_on_paper_is_read(page: AppTest) -> None:
    upload(page, "one.jpg", encoded(one("#202040", "#e8e4da", 600), "JPEG"))

    assert not page.exception
    assert answer(page) == "1"
    assert not page.error


def test_a_file_that_is_not_a_picture_gets_a_message(page: AppTest) -> None:
    upload(page, "one.png", b"no picture at all")

    assert not page.exception
    assert "not a picture" in page.error[0].value
    assert answer(page) == "Choose a picture"


def test_picture_with_too_many_pixels_gets_a_message(page: AppTest) -> None:
    side = int(MAX_PICTURE_PIXELS**0.5) + 1

    upload(page, "huge.png", encoded(Image.new("1", (side, side))))

    assert "million pixels" in page.error[0].value


def test_hostile_picture_gets_a_message(page: AppTest) -> None:
    upload(page, "scans.jpg", jpeg_with_scans(3000))

    assert not page.exception
    assert "more than 100 scans" in page.error[0].value
    assert answer(page) == "Choose a picture"


def test_picture_over_the_time_limit_gets_a_message(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.server.pictures.DECODING_TIMEOUT_SECONDS", 0.1)

    upload(page, "tiles.jp2", jpeg2000_in_small_tiles())

    assert not page.exception
    assert "takes too long to read" in page.error[0].value


def test_upload_to_a_pool_without_workers_gets_a_message(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")

    upload(page, "one.png", encoded(one("black", "white")))

    assert not page.exception
    assert "cannot read pictures at the moment" in page.error[0].value


def test_upload_is_decoded_in_another_process(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_data: bytes) -> None:
        raise AssertionError("A picture was decoded in the dashboard's process.")

    monkeypatch.setattr("core.ink.photo.decode_frames", fail)

    upload(page, "one.png", encoded(one("black", "white")))

    assert not page.exception
    assert answer(page) == "1"


@pytest.mark.parametrize(
    ("address", "headers", "client"),
    [
        (None, {}, "127.0.0.1"),
        ("198.51.100.7", {}, "198.51.100.7"),
        ("127.0.0.1", {"X-Forwarded-For": "198.51.100.7"}, "behind a proxy"),
    ],
)
def test_picture_limits_apply_to_the_visitors_address(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, address: str | None, headers: dict[str, str], client: str
) -> None:
    clients: list[str] = []
    blank = PictureInk(np.zeros((9, 9), np.uint8), ())
    monkeypatch.delenv("FORWARDED_ALLOW_IPS", raising=False)
    monkeypatch.setattr(type(st.context), "ip_address", address)
    monkeypatch.setattr(type(st.context), "headers", headers)
    monkeypatch.setattr(POOL, "ink_from_thread", lambda _picture, client: clients.append(client) or blank)

    upload(page, "one.png", encoded(one("black", "white")))

    assert set(clients) == {client}


def test_picture_without_ink_gets_a_message(page: AppTest) -> None:
    upload(page, "paper.png", encoded(Image.new("L", (100, 100), 230)))

    assert "no ink" in page.warning[0].value
    assert answer(page) == "Choose a picture"


def test_choosing_a_picture_and_coming_back_keeps_the_drawing(page: AppTest, canvas: Canvas) -> None:
    canvas.draw(one("white", "black"))
    page.run()

    page.segmented_control(key="way").set_value("Upload a picture").run()
    assert answer(page) == "Choose a picture"
    page.segmented_control(key="way").set_value("Draw").run()

    assert answer(page) == "1"


def test_the_camera_is_used_only_when_chosen(page: AppTest) -> None:
    assert not page.get("camera_input")

    page.segmented_control(key="way").set_value("Take a photo").run()
    page.camera_input(key="photo").upload("photo.jpg", encoded(one("#202040", "#e8e4da", 600), "JPEG")).run()

    assert answer(page) == "1"


def draw_two_ones(canvas: Canvas) -> None:
    """Draw two 1s, one stroke each."""
    picture = Image.new("RGB", (280, 280), "black")
    for x in (90, 190):
        ImageDraw.Draw(picture).line((x, 60, x, 220), "white", 20)
        canvas.draw(picture)
        canvas.strokes[-1] = {"path": [["M", x, 60], ["L", x, 220]], "strokeWidth": 20}


def test_page_offers_to_read_several_digits_as_a_number(page: AppTest, canvas: Canvas) -> None:
    draw_two_ones(canvas)
    page.run()
    assert answer(page) == "Several digits"
    assert component_data(page, "reasons") == {"pictures": [], "sentence": reasons.SEVERAL}

    page.button(key="read_number").click().run()

    assert component_data(page, "number")["number"] == "11"
    assert [bracket["text"] for bracket in component_data(page, "brackets")["brackets"]] == ["1", "1"]
    assert [(card["text"], len(card["bars"])) for card in component_data(page, "digit_cards")] == [("1", 10), ("1", 10)]


def test_brackets_are_below_their_digits(page: AppTest, canvas: Canvas) -> None:
    draw_two_ones(canvas)
    page.session_state["draw_mode"] = "number"

    page.run()

    # The canvas for numbers is 560 pixels wide.
    for bracket, x in zip(component_data(page, "brackets")["brackets"], (90, 190), strict=True):
        assert bracket["left"] < 100 * x / 560 < bracket["left"] + bracket["width"]


def test_steps_show_the_chosen_digit_of_a_number(page: AppTest, canvas: Canvas) -> None:
    draw_two_ones(canvas)
    page.session_state["draw_mode"] = "number"
    page.run()
    first = component_data(page, "steps")

    page.segmented_control(key="digit_of_2").set_value(1).run()

    assert component_data(page, "steps") != first


def test_number_without_ink_shows_a_prompt(page: AppTest, canvas: Canvas) -> None:
    page.session_state["draw_mode"] = "number"

    page.run()

    assert component_data(page, "number")["prompt"] == "Draw a number"
    assert component_data(page, "brackets")["brackets"] == []
    assert not page.exception


def test_damaged_strokes_show_an_error_in_number_mode(page: AppTest, canvas: Canvas) -> None:
    draw_two_ones(canvas)
    canvas.strokes[-1] = {"path": [["Z"]], "strokeWidth": 20}
    page.session_state["draw_mode"] = "number"

    page.run()

    assert "arrived incomplete" in page.error[0].value
