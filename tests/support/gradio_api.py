"""Calls to Gradio's API, as programs and pages make them."""

from __future__ import annotations

import json

from starlette.testclient import TestClient

API = "/gradio/gradio_api"


def uploaded(client: TestClient, content: bytes, name: str = "one.png") -> str:
    """Upload a file; return its path on the server."""
    response = client.post(f"{API}/upload", files={"files": (name, content)})
    assert response.status_code == 200
    return str(response.json()[0])


def predicted(client: TestClient, composite: object, **sketch: object) -> tuple[str, object]:
    """Return the event that ends a prediction (`complete` or `error`) and its data."""
    data = [{"background": None, "layers": [], "composite": composite, **sketch}]
    started = client.post(f"{API}/call/predict", json={"data": data})
    assert started.status_code == 200, started.text
    lines = client.get(f"{API}/call/predict/{started.json()['event_id']}").text.split("\n")
    return lines[0].removeprefix("event: "), json.loads(lines[1].removeprefix("data: "))


def file(path: object, **fields: object) -> dict[str, object]:
    """Return the description of an uploaded file in the format that Gradio expects."""
    return {"path": path, "meta": {"_type": "gradio.FileData"}, **fields}
