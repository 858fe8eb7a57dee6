"""What the Gradio demo says of a sketch: a verdict to visitors, the label and the confidences to programs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from PIL import Image, ImageDraw
from starlette.testclient import TestClient

from core.classifier.predictor import Predictor
from core.errors import PictureError
from core.runs.active import ActivePredictor
from dashboard.embeds.gradio_app import DRAW_FIRST
from tests.support.fuzzing import drawn_one, encoded
from tests.support.gradio_api import API, file, predicted, uploaded


def grid() -> Image.Image:
    """What is no digit."""
    image = Image.new("RGB", (200, 200), "white")
    for at in (70, 130):
        ImageDraw.Draw(image).line([(20, at), (180, at)], fill="black", width=14)
        ImageDraw.Draw(image).line([(at, 20), (at, 180)], fill="black", width=14)
    return image


def asked(client: TestClient, picture: Image.Image) -> dict[str, object]:
    """What a program gets, which sees none of the visitor's state."""
    event, (answer, state) = predicted(client, file(uploaded(client, encoded(picture))))
    assert (event, state) == ("complete", None)
    return answer


def seen(client: TestClient, picture: Image.Image) -> tuple[str, str]:
    """What a visitor gets who presses Submit: the verdict, and what the bars below it are called."""
    sketch = {"background": None, "layers": [], "composite": file(uploaded(client, encoded(picture)))}
    _press(client, 1, [sketch])
    verdict, bars = _press(client, 2, [None])
    return verdict, bars["label"]


def _press(client: TestClient, step: int, data: list[object]) -> list:
    body = {"data": data, "fn_index": step, "session_hash": "a-visitor"}
    assert client.post(f"{API}/queue/join", json=body).status_code == 200
    lines = client.get(f"{API}/queue/data", params={"session_hash": "a-visitor"}).text.split("\n")
    events = [json.loads(line.removeprefix("data: ")) for line in lines if line]
    return next(event["output"]["data"] for event in events if event["msg"] == "process_completed")


@pytest.mark.parametrize("picture", [drawn_one(), grid()], ids=["digit", "no digit"])
def test_programs_get_the_label_and_ten_confidences_whatever_the_verdict(
    client: TestClient, picture: Image.Image
) -> None:
    answer = asked(client, picture)

    assert set(answer) == {"label", "confidences"}
    confidences = answer["confidences"]
    assert sorted(one["label"] for one in confidences) == [str(digit) for digit in range(10)]
    assert sum(one["confidence"] for one in confidences) == pytest.approx(1, abs=1e-3)


def test_programs_that_send_no_ink_are_told_to_draw(client: TestClient) -> None:
    assert asked(client, Image.new("RGB", (200, 200), "white"))["label"] == DRAW_FIRST


def test_visitors_read_the_digit_and_how_sure_it_is(client: TestClient) -> None:
    verdict, bars = seen(client, drawn_one())

    assert verdict.startswith("# 1\n")
    assert verdict.endswith("% sure.")
    assert bars == "Probability of each digit"


def test_visitors_read_that_a_scribble_is_no_digit(client: TestClient) -> None:
    verdict, bars = seen(client, grid())

    assert verdict.startswith("# Not a digit\nUnlike any digit")
    assert bars == "If it were a digit"


def test_reading_that_fails_is_one_sentence_and_the_old_answer_was_taken_away_before(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> None:
        raise PictureError("This sketch cannot be read.")

    monkeypatch.setattr(ActivePredictor, "read", refuses)

    event, said = predicted(client, file(uploaded(client, encoded(drawn_one()))))

    assert event == "error"
    assert "This sketch cannot be read." in str(said)
    first, *_ = client.get("/gradio/config").json()["dependencies"]
    assert "No answer yet" in first["js"]
    assert not first["backend_fn"]


def test_visitors_read_both_candidates_of_a_close_call(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Predictor, "_verdict", lambda *_: "unsure")

    verdict, _ = seen(client, drawn_one())

    assert verdict.startswith("# 1 or ")
    assert "\nLooks like a 1 or " in verdict


def test_programs_that_ask_for_the_verdict_are_told_what_is_no_digit(client: TestClient) -> None:
    digit, scribble, blank = (verdict(client, one) for one in (drawn_one(), grid(), Image.new("RGB", (9, 9), "white")))

    assert (digit["verdict"], digit["digit"]) == ("digit", 1)
    assert scribble["verdict"] == "not_a_digit"
    assert len(scribble["probabilities"]) == 10
    assert blank["verdict"] == "blank"
    assert verdict(client, None) == blank


def verdict(client: TestClient, picture: Image.Image | None) -> dict[str, Any]:
    composite = None if picture is None else file(uploaded(client, encoded(picture)))
    sketch = {"background": None, "layers": [], "composite": composite}
    started = client.post(f"{API}/call/verdict", json={"data": [sketch]})
    lines = client.get(f"{API}/call/verdict/{started.json()['event_id']}").text.split("\n")
    assert lines[0] == "event: complete"
    return dict(json.loads(lines[1].removeprefix("data: "))[0])
