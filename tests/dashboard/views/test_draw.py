"""The Draw page, used as a person uses it; strokes with the mouse are a browser's matter: tests/e2e/test_draw.py."""

from __future__ import annotations

import base64
import io
import json
import sys
from typing import Any

import numpy as np
import pytest
import streamlit as st
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from core.classifier.predictor import Predictor
from core.ink.picture_file import MAX_PICTURE_PIXELS
from core.workspace import PROJECT, Workspace
from dashboard.server.pictures import POOL
from dashboard.session import cache
from tests.support.hostile_pictures import jpeg2000_in_small_tiles, jpeg_with_scans

STROKE = {"type": "Path"}


class Canvas:
    """Stands in for the canvas in the browser: `draw` is what the person does, and it obeys restarts."""

    def __init__(self) -> None:
        self.strokes: list[dict[str, str]] = []
        self.picture: str | None = None
        self.starts_with: dict[str, Any] = {}
        self.in_turn = False

    def draw(self, picture: Image.Image) -> None:
        self.strokes = [*self.strokes, STROKE]
        self.picture = "data:image/png;base64," + base64.b64encode(encoded(picture.convert("RGBA"))).decode()

    def __call__(self, **options: Any) -> Any:
        from streamlit_drawable_canvas import CanvasResult

        st.checkbox("Canvas", key=options["key"])
        self.starts_with = options["initial_drawing"]
        self.in_turn = cache.turn().locked()
        return CanvasResult({"objects": self.strokes}, self.picture, options["return_image_data"])


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
    return AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=60).run()


@pytest.fixture
def canvas(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> Canvas:
    canvas = Canvas()
    monkeypatch.setattr("dashboard.draw.canvas.st_canvas", canvas)
    return canvas


def answer(page: AppTest) -> str:
    """What stands large beside the canvas."""
    data = shown(page, "answer")
    return str(data["digit"] or data["prompt"])


def shown(page: AppTest, key: str) -> Any:
    """What a component of ours was given to show."""
    return json.loads(page.get_by_key(key).proto.json)


def upload(page: AppTest, name: str, content: bytes) -> None:
    page.segmented_control(key="way").set_value("Upload a picture").run()
    page.file_uploader(key="upload").upload(name, content).run()


def test_an_empty_canvas_asks_for_a_digit(page: AppTest) -> None:
    assert not page.exception
    assert answer(page) == "Draw a digit"
    assert [bar["share"] for bar in shown(page, "answer")["bars"]] == [0.0] * 10
    assert page.button(key="undo").disabled
    assert page.button(key="clear").disabled


def test_five_steps_are_explained_before_and_after_the_first_stroke(page: AppTest, canvas: Canvas) -> None:
    before = shown(page, "steps")

    canvas.draw(one("white", "black"))
    page.run()

    after = shown(page, "steps")
    assert len(before) == 5
    assert [step["sentence"] for step in before] == [step["sentence"] for step in after]
    assert [step["source"] for step in before] == [None] * 5
    assert all(step["source"].startswith("data:image/png;base64,") for step in after)


def test_a_stroke_is_read_with_its_ten_probabilities(page: AppTest, canvas: Canvas) -> None:
    canvas.draw(one("white", "black"))

    page.run()

    assert answer(page) == "1"
    bars = shown(page, "answer")["bars"]
    assert sum(bar["share"] for bar in bars) == pytest.approx(1, abs=1e-3)
    assert [bar["digit"] for bar in bars if bar["best"]] == ["1"]
    assert "% sure" in shown(page, "answer")["sentence"]


def test_strokes_are_answered_in_turn_and_pictures_wait_for_none(page: AppTest, canvas: Canvas) -> None:
    canvas.draw(one("white", "black"))
    page.run()
    assert canvas.in_turn
    assert not cache.turn().locked()

    with cache.turn():
        upload(page, "one.png", encoded(one("black", "white")))

    assert answer(page) == "1"


def test_a_drawing_that_arrives_broken_keeps_nobody_waiting(page: AppTest, canvas: Canvas) -> None:
    canvas.draw(one("white", "black"))
    canvas.picture = "data:image/png;base64,AAAA"

    page.run()

    assert page.error
    assert not cache.turn().locked()


def test_a_filled_square_is_said_to_be_no_digit(page: AppTest, canvas: Canvas) -> None:
    square = Image.new("RGB", (280, 280), "black")
    ImageDraw.Draw(square).rectangle((60, 60, 220, 220), "white")
    canvas.draw(square)

    page.run()

    data = shown(page, "answer")
    assert (answer(page), data["verdict"]) == ("Not a digit", "not_a_digit")
    assert data["sentence"].startswith("Unlike any digit in the training data (nearest: ")
    assert data["title"] == "If it were a digit"
    assert not any(bar["best"] for bar in data["bars"])


def test_a_close_call_names_and_marks_both_candidates(
    page: AppTest, canvas: Canvas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Predictor, "_verdict", lambda *_: "unsure")
    canvas.draw(one("white", "black"))

    page.run()

    data = shown(page, "answer")
    best = [bar["digit"] for bar in data["bars"] if bar["best"]]
    assert answer(page) == " or ".join(["1", *(digit for digit in best if digit != "1")])
    assert data["sentence"].startswith("Looks like a 1 or a")
    assert len(best) == 2
    assert all(digit in data["sentence"] for digit in best)


def test_undo_leaves_all_strokes_but_the_last(page: AppTest, canvas: Canvas) -> None:
    canvas.draw(one("white", "black"))
    canvas.draw(one("white", "black"))
    page.run()
    before = canvas.starts_with

    page.button(key="undo").click().run()

    assert canvas.starts_with["objects"] == [STROKE]
    assert canvas.starts_with != before


def test_clear_leaves_no_stroke(page: AppTest, canvas: Canvas) -> None:
    canvas.draw(one("white", "black"))
    page.run()

    page.button(key="clear").click().run()

    assert canvas.starts_with["objects"] == []


def test_drawing_is_still_there_after_a_look_at_another_page(page: AppTest, canvas: Canvas) -> None:
    canvas.draw(one("white", "black"))
    page.run()
    page.switch_page("views/gradio_demo.py").run()
    canvas.strokes, canvas.picture = [], None

    page.switch_page("views/draw.py").run()

    assert answer(page) == "1"
    assert canvas.starts_with["objects"] == [STROKE]


def test_photo_of_dark_ink_on_paper_is_read(page: AppTest) -> None:
    upload(page, "one.jpg", encoded(one("#202040", "#e8e4da", 600), "JPEG"))

    assert not page.exception
    assert answer(page) == "1"
    assert not page.error


def test_what_is_not_a_picture_gets_a_sentence(page: AppTest) -> None:
    upload(page, "one.png", b"no picture at all")

    assert not page.exception
    assert "not a picture" in page.error[0].value
    assert answer(page) == "Choose a picture"


def test_picture_with_too_many_pixels_gets_a_sentence(page: AppTest) -> None:
    side = int(MAX_PICTURE_PIXELS**0.5) + 1

    upload(page, "huge.png", encoded(Image.new("1", (side, side))))

    assert "million pixels" in page.error[0].value


def test_hostile_picture_gets_a_sentence(page: AppTest) -> None:
    upload(page, "scans.jpg", jpeg_with_scans(3000))

    assert not page.exception
    assert "more than 100 scans" in page.error[0].value
    assert answer(page) == "Choose a picture"


def test_picture_over_its_time_gets_a_sentence(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.server.pictures.DECODING_SECONDS", 0.1)

    upload(page, "tiles.jp2", jpeg2000_in_small_tiles())

    assert not page.exception
    assert "takes too long to read" in page.error[0].value


def test_pool_without_workers_gets_a_sentence(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")

    upload(page, "one.png", encoded(one("black", "white")))

    assert not page.exception
    assert "cannot read pictures at the moment" in page.error[0].value


def test_upload_is_decoded_in_another_process(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def decoded_here(_data: bytes) -> None:
        raise AssertionError("A picture was decoded in the process of the dashboard.")

    monkeypatch.setattr("core.ink.photo.decoded_frames", decoded_here)

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
def test_visitor_of_a_page_is_the_client_that_limits_know(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, address: str | None, headers: dict[str, str], client: str
) -> None:
    clients: list[str] = []
    monkeypatch.delenv("FORWARDED_ALLOW_IPS", raising=False)
    monkeypatch.setattr(type(st.context), "ip_address", address)
    monkeypatch.setattr(type(st.context), "headers", headers)
    monkeypatch.setattr(POOL, "ink_from_thread", lambda _picture, client: clients.append(client) or np.zeros((9, 9)))

    upload(page, "one.png", encoded(one("black", "white")))

    assert set(clients) == {client}


def test_picture_without_ink_gets_a_sentence(page: AppTest) -> None:
    upload(page, "paper.png", encoded(Image.new("L", (100, 100), 230)))

    assert "no ink" in page.warning[0].value
    assert answer(page) == "Choose a picture"


def test_choosing_a_picture_and_coming_back_leaves_the_drawing(page: AppTest, canvas: Canvas) -> None:
    canvas.draw(one("white", "black"))
    page.run()

    page.segmented_control(key="way").set_value("Upload a picture").run()
    assert answer(page) == "Choose a picture"
    page.segmented_control(key="way").set_value("Draw").run()

    assert answer(page) == "1"


def test_camera_is_asked_only_when_it_is_chosen(page: AppTest) -> None:
    assert not page.get("camera_input")

    page.segmented_control(key="way").set_value("Take a photo").run()
    page.camera_input(key="photo").upload("photo.jpg", encoded(one("#202040", "#e8e4da", 600), "JPEG")).run()

    assert answer(page) == "1"
