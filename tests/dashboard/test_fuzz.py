"""Fuzzing of the API and Gradio: no input causes a server error or a traceback."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.support.fuzzing import bodies, mutated_pictures, share

GRADIO = "/gradio/gradio_api"
CONTENT_TYPES = (
    "image/png",
    "image/x-nothing",
    "application/octet-stream",
    "multipart/form-data",
    "multipart/form-data; boundary=b",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=" + "b" * 300,
    "application/json",
    "text/html; charset=utf-16",
    "",
)


def form(body: bytes, name: bytes) -> bytes:
    return (
        b'--b\r\nContent-Disposition: form-data; name="' + name + b'"; filename="a"\r\n\r\n' + body + b"\r\n--b--\r\n"
    )


@share(0.2)
@given(
    st.one_of(bodies(), st.builds(form, bodies(), st.sampled_from((b"file", b"other", b'"', b"\xff")))),
    st.sampled_from(CONTENT_TYPES),
)
def test_api_survives_any_body(client: TestClient, body: bytes, content_type: str) -> None:
    response = client.post("/api/predict", content=body, headers={"Content-Type": content_type})

    assert response.status_code in (200, 400, 413, 415, 422)
    assert "Traceback" not in response.text
    assert ("error" in response.json()) is (response.status_code != 200)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=10), part, max_size=3),
    max_leaves=6,
)
PATHS = st.sampled_from(("/etc/passwd", "../..", "", "http://127.0.0.1:9/a", "file:///etc/passwd", "a\0b", "//x/y"))
FILES = st.fixed_dictionaries(
    {"path": PATHS | st.text(max_size=20), "meta": st.just({"_type": "gradio.FileData"})},
    optional={"url": PATHS, "size": JSON, "orig_name": st.text(max_size=9), "is_stream": st.booleans()},
)
SKETCHES = st.fixed_dictionaries(
    {},
    optional={
        "background": FILES | JSON,
        "layers": st.lists(FILES, max_size=3) | JSON,
        "composite": FILES | JSON,
        "id": st.text(max_size=9) | JSON,
    },
)
REQUESTS = st.fixed_dictionaries(
    {"data": st.lists(SKETCHES | JSON, max_size=2) | JSON},
    optional={"fn_index": st.integers(-3, 9) | JSON, "session_hash": st.text(max_size=9), "event_data": JSON},
)


@share(0.14)
@given(REQUESTS | JSON, st.sampled_from(("call/predict", "queue/join")))
def test_gradio_survives_any_request(client: TestClient, request: Any, route: str) -> None:
    response = client.post(f"{GRADIO}/{route}", content=json.dumps(request))

    assert response.status_code < 500, response.text
    assert "Traceback" not in response.text
    if response.status_code == 200 and route == "call/predict" and "session_hash" not in request:
        result = client.get(f"{GRADIO}/call/predict/{response.json()['event_id']}")
        assert result.text.startswith(("event: complete", "event: error"))
        assert "Traceback" not in result.text


@share(0.06)
@given(mutated_pictures(), st.text(max_size=30))
def test_gradio_survives_any_upload(client: TestClient, picture: bytes, name: str) -> None:
    upload = client.post(f"{GRADIO}/upload", files={"files": (name, picture)})

    assert upload.status_code < 500, upload.text
    if upload.status_code == 200 and upload.json():
        file = {"path": upload.json()[0], "meta": {"_type": "gradio.FileData"}}
        call = client.post(f"{GRADIO}/call/predict", json={"data": [{"composite": file}]})
        result = client.get(f"{GRADIO}/call/predict/{call.json()['event_id']}").text
        assert result.startswith(("event: complete", "event: error"))
        assert "Traceback" not in result


@share(0.02)
@given(st.dictionaries(st.sampled_from(("component_id", "session_hash", "fn_name", "type", "index", "id")), st.text()))
def test_gradio_survives_any_part_of_a_sketch(client: TestClient, fields: dict[str, str]) -> None:
    response = client.post(f"{GRADIO}/component_server", data=fields, files={"file": ("composite", b"x")})

    assert response.status_code < 500, response.text
