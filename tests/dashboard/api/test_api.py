"""The contract between the HTTP API and its clients."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from core.classifier.predictor import Predictor
from core.errors import BundleError
from core.runs.active import ActivePredictor
from core.runs.registry import create_run
from core.runs.status import Status
from core.workspace import Workspace
from dashboard.api.routes import MAX_BODY_BYTES, build_api
from dashboard.server.pictures import PicturePool
from tests.support.fuzzing import drawn_one, drawn_seventeen, encoded
from tests.support.served_api import served_api
from tests.support.tiny_training import tiny_config

UNREADABLE_FORM = b'--b\r\nContent-Disposition: form-data; name="file"; filename="1.png"\r\n\r\n1\r\n--b--\r\n'
# Python has a codec named "undefined", which decodes nothing.
UNREADABLE_TYPE = {"Content-Type": "multipart/form-data; boundary=b; charset=undefined"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with pytest.MonkeyPatch.context() as patch:
        workspace = Workspace(tmp_path_factory.mktemp("workspace"))
        patch.setenv("TRAZO_WORKSPACE", str(workspace.root))
        with served_api(workspace) as client:
            yield client


def test_picture_sent_as_the_body_is_read(client: TestClient) -> None:
    response = client.post("/predict", content=encoded(drawn_one()), headers={"Content-Type": "image/png"})

    assert response.status_code == 200
    reading = response.json()
    assert (reading["verdict"], reading["digit"], reading["model"]) == ("digit", 1, "shipped")
    assert reading["confidence"] == max(reading["probabilities"])
    assert reading["candidates"] == sorted(range(10), key=lambda digit: -reading["probabilities"][digit])[:2]
    assert np.isclose(sum(reading["probabilities"]), 1)


def test_number_is_read_on_request(client: TestClient) -> None:
    as_digit = client.post("/predict", content=encoded(drawn_seventeen())).json()
    as_number = client.post("/predict?number=1", content=encoded(drawn_seventeen())).json()

    assert (as_digit["verdict"], as_digit["several"]) == ("not_a_digit", True)
    assert "number" not in as_digit
    assert as_number["number"] == "17"
    assert [digit["digit"] for digit in as_number["digits"]] == [1, 7]
    first, second = (digit["box"] for digit in as_number["digits"])
    assert 0 < first["left"] < first["right"] < second["left"] < second["right"] < 1
    assert as_digit.items() <= as_number.items()


def test_one_digit_is_a_one_digit_number(client: TestClient) -> None:
    as_digit = client.post("/predict?number=0", content=encoded(drawn_one())).json()
    as_number = client.post("/predict?number=1", content=encoded(drawn_one())).json()

    assert (as_digit["digit"], as_digit["several"]) == (1, False)
    assert as_number["number"] == "1"
    assert len(as_number["digits"]) == 1


def test_blank_picture_has_no_number(client: TestClient) -> None:
    reading = client.post("/predict?number=1", content=encoded(Image.new("L", (60, 60), 255))).json()

    assert (reading["verdict"], reading["number"], reading["digits"]) == ("blank", None, [])


def test_other_values_of_number_are_rejected(client: TestClient) -> None:
    response = client.post("/predict?number=yes", content=encoded(drawn_one()))

    assert response.status_code == 400
    assert "`number` must be 1" in response.json()["error"]


def test_form_gets_the_same_prediction_as_a_body(client: TestClient) -> None:
    as_body = client.post("/predict", content=encoded(drawn_one()), headers={"Content-Type": "image/png"})

    as_form = client.post("/predict", files={"file": ("one.png", encoded(drawn_one()), "image/png")})

    assert as_form.json() == as_body.json()


def test_body_without_content_type_is_read_as_a_picture(client: TestClient) -> None:
    assert client.post("/predict", content=encoded(drawn_one())).status_code == 200


def test_picture_without_ink_is_blank(client: TestClient) -> None:
    response = client.post("/predict", content=encoded(Image.new("L", (50, 50), 255)))

    assert response.status_code == 200
    assert response.json() == {
        "verdict": "blank",
        "several": False,
        "digit": None,
        "candidates": [],
        "confidence": None,
        "novelty": None,
        "probabilities": None,
        "model": "shipped",
    }


def test_shape_is_not_a_digit_but_gets_a_predicted_class(client: TestClient) -> None:
    square = Image.new("L", (100, 100), 255)
    square.paste(0, (20, 20, 80, 80))

    reading = client.post("/predict", content=encoded(square)).json()

    assert reading["verdict"] == "not_a_digit"
    assert reading["novelty"] > 0
    assert reading["digit"] == reading["candidates"][0]


def test_close_call_is_unsure(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Predictor, "_verdict", lambda *_: "unsure")

    reading = client.post("/predict", content=encoded(drawn_one())).json()

    assert (reading["verdict"], reading["digit"]) == ("unsure", 1)
    assert len(reading["candidates"]) == 2


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (400, {"content": b"", "headers": {"Content-Type": "image/png"}}),
        (400, {"files": {"picture": ("one.png", b"1", "image/png")}}),
        (400, {"files": {"file": ("one.png", b"", "image/png")}}),
        (400, {"data": {"file": "one"}, "files": {"other": b"1"}}),
        (400, {"content": b"--x--", "headers": {"Content-Type": "multipart/form-data"}}),
        (400, {"content": UNREADABLE_FORM, "headers": UNREADABLE_TYPE}),
        (413, {"content": encoded(Image.new("1", (6400, 6400)))}),
        (415, {"content": b"{}", "headers": {"Content-Type": "application/json"}}),
        (415, {"data": {"file": "one"}}),
        (422, {"content": b"not a picture", "headers": {"Content-Type": "image/png"}}),
        (422, {"content": encoded(drawn_one())[:60], "headers": {"Content-Type": "image/png"}}),
    ],
)
def test_unusable_request_gets_its_status_and_a_message(
    client: TestClient, status: int, request_: dict[str, object]
) -> None:
    response = client.post("/predict", **request_)  # type: ignore[arg-type]

    assert response.status_code == status
    picture_received = status in (413, 422)
    assert response.json() == {"error": response.json()["error"]} | ({"verdict": "error"} if picture_received else {})
    assert response.json()["error"].endswith(".")


def test_endless_body_is_rejected_at_the_size_limit(client: TestClient) -> None:
    chunks_read, messages = 0, list[MutableMapping[str, Any]]()

    async def endless() -> dict[str, Any]:
        nonlocal chunks_read
        chunks_read += 1
        return {"type": "http.request", "body": bytes(2**20), "more_body": chunks_read < 100}

    async def send(message: MutableMapping[str, Any]) -> None:
        messages.append(message)

    headers = [(b"content-type", b"image/png"), (b"content-length", b"5")]
    scope = {"type": "http", "method": "POST", "path": "/predict", "query_string": b"", "headers": headers}
    asyncio.run(client.app(scope, endless, send))

    assert messages[0]["status"] == 413
    assert "10 MiB" in json.loads(messages[1]["body"])["error"]
    assert chunks_read == MAX_BODY_BYTES // 2**20 + 1


def test_form_with_two_files_gets_its_own_message(client: TestClient) -> None:
    response = client.post("/predict", files={"file": encoded(drawn_one()), "other": encoded(drawn_one())})

    assert response.status_code == 400
    assert "more than one file" in response.json()["error"]


def test_empty_form_file_gets_its_own_message(client: TestClient) -> None:
    response = client.post("/predict", files={"file": ("one.png", b"", "image/png")})

    assert response.status_code == 400
    assert response.json() == {"error": "The file is empty; send a picture."}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_get_405_with_the_allowed_method(client: TestClient, method: str) -> None:
    response = client.request(method, "/predict")

    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    assert response.json() == {"error": "This endpoint accepts only POST."}


def test_unknown_endpoint_gets_json(client: TestClient) -> None:
    response = client.get("/predictions")

    assert response.status_code == 404
    assert "/api/predict" in response.json()["error"]


def test_health_reports_model_and_version(client: TestClient) -> None:
    response = client.get("/health")

    assert response.status_code == 200
    version = response.json()["version"]
    assert response.json() == {"alive": True, "ready": True, "model": "shipped", "version": version, "read_only": False}
    assert version[0].isdigit()


def test_health_distinguishes_alive_from_ready(tmp_path: Path) -> None:
    warm = False
    client = TestClient(build_api(lambda: ActivePredictor(Workspace(tmp_path)), lambda: warm, PicturePool()))

    starting = client.get("/health")
    warm = True
    started = client.get("/health")

    assert (starting.status_code, starting.json()["alive"], starting.json()["ready"]) == (503, True, False)
    assert (started.status_code, started.json()["alive"], started.json()["ready"]) == (200, True, True)


def read_metrics(client: TestClient) -> dict[str, float]:
    lines = client.get("/metrics").text.splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


@pytest.mark.parametrize(
    "accept",
    [
        "text/plain; version=x.y",
        "text/plain; version=",
        "text/plain; version=1.0.0; escaping=x",
        "application/openmetrics-text; version=abc",
        f"application/openmetrics-text; version={'9' * 5000}",
        "application/openmetrics-text; version=9.9",
        ";=,",
    ],
)
def test_metrics_have_a_format_for_every_accept_header(client: TestClient, accept: str) -> None:
    response = client.get("/metrics", headers={"Accept": accept})

    assert response.status_code == 200
    assert "trazo_sessions" in response.text


def test_metrics_count_predictions_and_their_duration(client: TestClient) -> None:
    digit, error, seconds = (
        'trazo_predictions_total{verdict="digit",way="api"}',
        'trazo_predictions_total{verdict="error",way="api"}',
        'trazo_prediction_seconds_count{way="api"}',
    )
    client.post("/predict", content=encoded(drawn_one()))
    client.post("/predict", content=b"not a picture")
    before = read_metrics(client)

    client.post("/predict", content=encoded(drawn_one()))
    client.post("/predict", content=b"not a picture")

    after = read_metrics(client)
    assert [after[name] - before[name] for name in (digit, error, seconds)] == [1, 1, 1]
    assert after["process_resident_memory_bytes"] > 0


def test_metrics_count_runs_by_state(client: TestClient, workspace: Workspace) -> None:
    for state in ("finished", "finished", "failed"):
        create_run(workspace, tiny_config()).write_status(Status(state=state))
    (workspace.runs / "20200101-120000-broken-bear").mkdir()

    runs = {name: value for name, value in read_metrics(client).items() if name.startswith("trazo_runs")}

    assert {name: value for name, value in runs.items() if value} == {
        'trazo_runs{state="finished"}': 2,
        'trazo_runs{state="failed"}': 1,
        'trazo_runs{state="damaged"}': 1,
    }
    assert len(runs) == 7


class _BrokenPredictor:
    def current(self) -> None:
        raise BundleError("The model in /srv/secret/place cannot be loaded.", Path("/srv/secret/place"))


def test_health_reports_a_missing_model_without_its_path() -> None:
    client = TestClient(build_api(_BrokenPredictor, lambda: True, PicturePool()))  # type: ignore[arg-type]

    response = client.get("/health")

    assert response.status_code == 503
    assert "No model can be loaded" in response.json()["error"]
    assert "secret" not in response.text
