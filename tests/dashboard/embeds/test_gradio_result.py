"""Results of the Gradio demo: a verdict for visitors, a label with confidences for programs."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from starlette.testclient import TestClient

from core.classifier.predictor import Predictor, Reading
from core.errors import PictureError
from core.ink.drawing import Drawing
from core.runs.active import ActivePredictor
from dashboard.embeds import gradio_result
from dashboard.embeds.gradio_app import DRAW_FIRST
from dashboard.embeds.gradio_result import result_of, script_showing
from dashboard.parts.prediction import bars as page_bars
from tests.support.fuzzing import drawn_one, drawn_seventeen, encoded
from tests.support.gradio_api import API, file, predicted, uploaded


def grid() -> Image.Image:
    """Draw a grid, which is not a digit."""
    image = Image.new("RGB", (200, 200), "white")
    for position in (70, 130):
        ImageDraw.Draw(image).line([(20, position), (180, position)], fill="black", width=14)
        ImageDraw.Draw(image).line([(position, 20), (position, 180)], fill="black", width=14)
    return image


def predict_as_program(client: TestClient, picture: Image.Image) -> dict[str, object]:
    """Return the prediction that a program gets, which does not include the visitor's state."""
    event, (prediction, state) = predicted(client, file(uploaded(client, encoded(picture))))
    assert (event, state) == ("complete", None)
    return prediction


def predict_as_visitor(client: TestClient, picture: Image.Image, language: str = "en") -> tuple[str, str]:
    """Return the verdict and the bars that a visitor sees after Submit."""
    sketch = {"background": None, "layers": [], "composite": file(uploaded(client, encoded(picture)))}
    _submit(client, 1, [sketch], language)
    verdict, bars = _submit(client, 2, [None], language)
    return verdict, bars


def _submit(client: TestClient, step: int, data: list[object], language: str) -> list:
    body = {"data": data, "fn_index": step, "session_hash": "a-visitor"}
    assert client.post(f"{API}/queue/join", params={"lang": language}, json=body).status_code == 200
    lines = client.get(f"{API}/queue/data", params={"session_hash": "a-visitor"}).text.split("\n")
    events = [json.loads(line.removeprefix("data: ")) for line in lines if line]
    return next(event["output"]["data"] for event in events if event["msg"] == "process_completed")


@pytest.mark.parametrize("picture", [drawn_one(), grid()], ids=["digit", "not a digit"])
def test_programs_get_the_label_and_ten_confidences(client: TestClient, picture: Image.Image) -> None:
    prediction = predict_as_program(client, picture)

    assert set(prediction) == {"label", "confidences"}
    confidences = prediction["confidences"]
    assert sorted(entry["label"] for entry in confidences) == [str(digit) for digit in range(10)]
    assert sum(entry["confidence"] for entry in confidences) == pytest.approx(1, abs=1e-3)


def test_programs_that_send_no_ink_get_a_prompt_to_draw(client: TestClient) -> None:
    assert predict_as_program(client, Image.new("RGB", (200, 200), "white"))["label"] == DRAW_FIRST


def test_visitors_see_the_digit_and_its_confidence(client: TestClient) -> None:
    verdict, bars = predict_as_visitor(client, drawn_one())

    assert verdict.startswith("# 1\n")
    assert verdict.endswith("% sure.")
    assert ">" not in verdict  # it starts a block quote in Markdown
    assert bars.startswith("<p>Probability of each digit</p>")
    digits, values = re.findall(r"<span>(\d)</span>", bars), re.findall(r'"value">([^<]*)<', bars)
    assert sorted(digits) == [str(digit) for digit in range(10)]
    assert verdict == f"# {digits[0]}\n{values[0]} sure."


def test_probabilities_are_formatted_as_on_the_pages() -> None:
    probabilities = np.full(10, 0.0003 / 9, np.float32)
    probabilities[7] = 0.9997
    reading = Reading("digit", 7, probabilities, Drawing.of_image(np.zeros((28, 28), np.uint8)))

    shown = html.unescape(result_of(reading).bars)

    values = dict(re.findall(r'<span>(\d)</span>.*?"value">([^<]*)<', shown))
    assert values["7"] == ">99.9%"
    assert values == {bar["digit"]: bar["value"] for bar in page_bars(reading)}


def test_visitors_see_that_a_grid_is_not_a_digit(client: TestClient) -> None:
    verdict, bars = predict_as_visitor(client, grid())

    assert verdict.startswith("# Not a digit\nUnlike any digit")
    assert bars.startswith("<p>If it were a digit</p>")


def test_results_are_written_in_the_visitors_language(client: TestClient) -> None:
    verdict, bars = predict_as_visitor(client, grid(), "es")

    assert verdict.startswith("# No es un dígito\n")
    assert bars.startswith("<p>Si fuera un dígito</p>")
    assert re.search(r"\d,\d\N{NO-BREAK SPACE}%</span>", bars)
    assert "No prediction yet" in (pending := script_showing(gradio_result.pending))
    assert json.dumps("# Aún no hay predicción")[1:-1] in pending


def test_failed_prediction_shows_an_error_and_no_old_result(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise PictureError("This sketch cannot be read.")

    monkeypatch.setattr(ActivePredictor, "read", fail)

    event, error = predicted(client, file(uploaded(client, encoded(drawn_one()))))

    assert event == "error"
    assert "This sketch cannot be read." in str(error)
    first, *_ = client.get("/gradio/config").json()["dependencies"]
    assert "No prediction yet" in first["js"]
    assert not first["backend_fn"]


def test_visitors_see_both_candidates_of_a_close_call(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Predictor, "_verdict", lambda *_: "unsure")

    verdict, _ = predict_as_visitor(client, drawn_one())

    assert verdict.startswith("# 1 or ")
    assert "\nLooks like a 1 or " in verdict


def test_several_digits_are_not_read_as_one(client: TestClient) -> None:
    result, bars = predict_as_visitor(client, drawn_seventeen())
    fields = verdict(client, drawn_seventeen())

    assert result.startswith("# Several digits\n")
    assert bars.startswith("<p>If it were a digit</p>")
    assert (fields["verdict"], fields["several"], fields["number"]) == ("not_a_digit", True, "17")
    assert [digit["digit"] for digit in fields["digits"]] == [1, 7]


def test_verdict_endpoint_distinguishes_digits_and_shapes(client: TestClient) -> None:
    digit, shape, blank = (
        verdict(client, picture) for picture in (drawn_one(), grid(), Image.new("RGB", (9, 9), "white"))
    )

    assert (digit["verdict"], digit["digit"]) == ("digit", 1)
    assert shape["verdict"] == "not_a_digit"
    assert len(shape["probabilities"]) == 10
    assert blank["verdict"] == "blank"
    assert verdict(client, None) == blank


def verdict(client: TestClient, picture: Image.Image | None) -> dict[str, Any]:
    composite = None if picture is None else file(uploaded(client, encoded(picture)))
    sketch = {"background": None, "layers": [], "composite": composite}
    started = client.post(f"{API}/call/verdict", json={"data": [sketch]})
    lines = client.get(f"{API}/call/verdict/{started.json()['event_id']}").text.split("\n")
    assert lines[0] == "event: complete"
    return dict(json.loads(lines[1].removeprefix("data: "))[0])
