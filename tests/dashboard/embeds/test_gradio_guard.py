"""Gradio's API reads only uploaded files, and serves only the routes that the demo needs."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from gradio import processing_utils, route_utils
from PIL import Image
from starlette.requests import ClientDisconnect
from starlette.testclient import TestClient
from starlette.types import Message

from core.ink import photo
from core.ink.picture_ink import PictureInk
from core.storage import file_size
from core.workspace import PROJECT
from dashboard.embeds import gradio_sketchpad, gradio_uploads
from dashboard.server import metrics, pictures
from dashboard.server.pictures import PicturePool
from tests.support.fuzzing import drawn_one, encoded
from tests.support.gradio_api import API, file, predicted, uploaded
from tests.support.hostile_pictures import jpeg2000_in_small_tiles, jpeg_with_scans
from tests.support.waiting import wait_until


def test_uploaded_picture_is_read(client: TestClient) -> None:
    event, data = predicted(client, file(uploaded(client, encoded(drawn_one()))))

    assert event == "complete"
    assert data[0]["label"] == "1"


def test_sketch_sent_in_parts_is_read(client: TestClient) -> None:
    config = client.get("/gradio/config").json()
    pad = next(part["id"] for part in config["components"] if part["type"] == "imageeditor")
    response = client.post(
        f"{API}/component_server",
        data={
            "component_id": pad,
            "session_hash": "s",
            "fn_name": "accept_blobs",
            "type": "composite",
            "index": "null",
            "id": "a",
        },
        files={"file": ("composite", encoded(drawn_one(), "WEBP"))},
    )

    assert response.status_code == 200, response.text
    event, data = predicted(client, None, id="a")
    assert event == "complete"
    assert data[0]["label"] == "1"


@pytest.mark.parametrize("url", ["http://example.com/a.png", "https://example.com/a.png", "HTTP://example.com/x"])
@pytest.mark.parametrize("part", ["composite", "background", "layer"])
def test_urls_in_a_request_are_not_fetched(
    client: TestClient, url: str, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched_urls: list[str] = []

    async def fetch(url: str, *_: object) -> None:
        fetched_urls.append(url)
        raise OSError("this test has no network")

    monkeypatch.setattr(processing_utils, "async_ssrf_protected_get", fetch)
    monkeypatch.setattr(processing_utils, "async_ssrf_protected_download", fetch)
    remote_file = file(url, url=url)
    sketch = {
        "composite": {"composite": remote_file},
        "background": {"background": remote_file},
        "layer": {"layers": [remote_file]},
    }

    event, data = predicted(client, **{"composite": None, **sketch[part]})

    assert fetched_urls == []
    assert event == "error"
    assert "was not uploaded here" in str(data)


def test_other_routes_fetch_no_urls(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(*_: object) -> None:
        raise AssertionError("A URL was fetched.")

    monkeypatch.setattr(route_utils, "secure_url_stream_response", fetch)

    for route in ("file=", "proxy=", "file/"):
        assert client.get(f"{API}/{route}http://example.com/a.png").status_code == 404


@pytest.mark.parametrize("extra_fields", [{}, {"is_stream": True}, {"url": "/gradio/gradio_api/file=x"}])
def test_local_files_are_not_read(client: TestClient, tmp_path: Path, extra_fields: dict[str, object]) -> None:
    private = tmp_path / "private.png"
    drawn_one().save(private)

    event, data = predicted(client, file(str(private), **extra_fields))

    assert event == "error"
    assert "was not uploaded here" in str(data)
    assert str(tmp_path) not in str(data)


def test_path_of_5000_characters_is_rejected(client: TestClient) -> None:
    assert predicted(client, file("a" * 5000))[0] == "error"


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "", ".", "a\0b", "/dev/zero", "C:\\x"])
def test_path_outside_the_uploads_is_rejected(client: TestClient, path: str) -> None:
    event, data = predicted(client, file(path))

    assert event == "error"
    assert "was not uploaded here" in str(data)


def test_symlink_out_of_the_folder_is_not_followed(client: TestClient, tmp_path: Path) -> None:
    drawn_one().save(tmp_path / "private.png")
    link = gradio_uploads.upload_folder() / "link.png"
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(tmp_path / "private.png")

    assert predicted(client, file(str(link)))[0] == "error"
    link.unlink()


def test_picture_with_too_many_pixels_is_rejected(client: TestClient) -> None:
    event, data = predicted(client, file(uploaded(client, encoded(Image.new("1", (6400, 6400))))))

    assert event == "error"
    assert "million pixels" in str(data)


def test_jpeg_with_many_scans_gets_a_message(client: TestClient) -> None:
    event, data = predicted(client, file(uploaded(client, jpeg_with_scans(3000), "one.jpg")))

    assert event == "error"
    assert "more than 100 scans" in str(data)


def test_sketch_over_the_time_limit_gets_a_message(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "DECODING_TIMEOUT_SECONDS", 0.1)

    event, data = predicted(client, file(uploaded(client, jpeg2000_in_small_tiles(), "one.jp2")))

    assert event == "error"
    assert "takes too long to read" in str(data)


def test_sketch_is_decoded_in_another_process(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_data: bytes) -> None:
        raise AssertionError("A picture was decoded in the dashboard's process.")

    monkeypatch.setattr(photo, "decode_frames", fail)

    event, data = predicted(client, file(uploaded(client, encoded(drawn_one()))))

    assert (event, data[0]["label"]) == ("complete", "1")


def test_hostile_sketches_do_not_delay_another_visitor(client: TestClient) -> None:
    def predictions_so_far() -> float:
        blank = {"way": "gradio", "verdict": "blank"}
        return metrics.REGISTRY.get_sample_value("trazo_predictions_total", blank) or 0.0

    hostile_path, good_path = uploaded(client, jpeg2000_in_small_tiles()), uploaded(client, encoded(drawn_one()))
    data = {"data": [{"background": None, "layers": [], "composite": file(hostile_path)}]}
    proxy_headers = {"X-Forwarded-For": "x"}
    before = predictions_so_far()
    attacks = [
        client.post(f"{API}/call/predict", json=data, headers=proxy_headers).json()["event_id"] for _ in range(6)
    ]

    event, response = predicted(client, file(good_path))

    assert (event, response[0]["label"]) == ("complete", "1")
    assert predictions_so_far() - before <= 4
    for attack in attacks:
        assert "event: complete" in client.get(f"{API}/call/predict/{attack}").text
    assert predictions_so_far() - before == 6


def test_busy_client_does_not_block_other_visitors(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting_clients, released, read_ink = [], threading.Event(), PicturePool.ink

    async def ink(pool: PicturePool, picture: bytes, client: str) -> PictureInk:
        if client == "behind a proxy":
            waiting_clients.append(client)
            while not released.is_set():
                await asyncio.sleep(0.02)
        return await read_ink(pool, picture, client)

    monkeypatch.setattr(PicturePool, "ink", ink)
    path = uploaded(client, encoded(drawn_one()))
    data = {"data": [{"background": None, "layers": [], "composite": file(path)}]}
    for _ in range(60):
        client.post(f"{API}/call/predict", json=data, headers={"X-Forwarded-For": "x"})
    wait_until(lambda: len(waiting_clients) == 60, what="60 sketches from one client")

    event, response = predicted(client, file(path))
    released.set()

    assert (event, response[0]["label"]) == ("complete", "1")


def test_format_that_starts_a_program_is_not_decoded(client: TestClient) -> None:
    event, data = predicted(client, file(uploaded(client, encoded(drawn_one(), "EPS"), "one.eps")))

    assert event == "error"
    assert "not a picture that can be read" in str(data)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/file=/etc/passwd"),
        ("GET", "/file=../../etc/passwd"),
        ("GET", "/deep_link?session_hash=x"),
        ("GET", "/runs"),
        ("GET", "/vibe-code"),
        ("GET", "/profiling/traces"),
        ("GET", "/custom_component/1/client/component/index.js"),
        ("GET", "/openapi.json"),
        ("POST", "/vibe-edit"),
        ("POST", "/process_recording"),
        ("POST", "/run/predict"),
        ("POST", "/api/predict"),
        ("POST", "/stream/1"),
        ("POST", "/call/v2/predict"),
        ("POST", "/run-history/connect"),
        ("PUT", "/upload"),
        ("DELETE", "/queue/join"),
        ("PATCH", "/config"),
    ],
)
def test_unneeded_routes_are_not_served(client: TestClient, method: str, path: str) -> None:
    for prefix in (API, "/gradio"):
        response = client.request(method, prefix + path)

        assert response.status_code in (404, 405), prefix + path
        assert "root:" not in response.text


@pytest.mark.parametrize("path", ["call/predict/unknown", "call/verdict/unknown", "queue/data?session_hash=unknown"])
def test_unknown_event_gets_an_error(client: TestClient, path: str) -> None:
    response = client.get(f"{API}/{path}")

    assert response.status_code == 200
    assert "404" in response.text


def test_uploaded_svg_with_a_script_is_never_served(client: TestClient) -> None:
    path = uploaded(client, b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "x.svg")
    predicted(client, file(path))

    assert client.get(f"{API}/file={path}").status_code == 404


@pytest.mark.parametrize(
    ("fields", "files"),
    [
        ({}, {"file": b"x"}),
        ({"component_id": "x", "session_hash": "s", "fn_name": "accept_blobs"}, {"file": b"x"}),
        ({"component_id": "99", "session_hash": "s", "fn_name": "accept_blobs"}, {"file": b"x"}),
        ({"type": "layer", "index": "1000000000", "id": "a"}, {"file": b"x"}),
        ({"type": "layer", "index": "-1", "id": "a"}, {"file": b"x"}),
        ({"type": "other", "index": "null", "id": "a"}, {"file": b"x"}),
        ({"type": "composite", "index": "null", "id": "a" * 1000}, {"file": b"x"}),
        ({"type": "composite", "index": "null"}, {"file": b"x"}),
        ({"fn_name": "__init__"}, {"file": b"x"}),
        ({"fn_name": "preprocess"}, {"file": b"x"}),
    ],
)
def test_malformed_part_of_a_sketch_is_rejected(client: TestClient, fields: dict, files: dict) -> None:
    config = client.get("/gradio/config").json()
    pad = next(part["id"] for part in config["components"] if part["type"] == "imageeditor")
    complete_fields = {"component_id": pad, "session_hash": "s", "fn_name": "accept_blobs"} if "type" in fields else {}
    component_fields = {"component_id": pad, "session_hash": "s"} if list(fields) == ["fn_name"] else {}

    response = client.post(
        f"{API}/component_server", data={**complete_fields, **component_fields, **fields}, files=files
    )

    assert 400 <= response.status_code < 500


@pytest.mark.parametrize("limit_name", ["MAX_SKETCHES", "MAX_SKETCH_BYTES"])
def test_oldest_sketches_are_dropped_over_the_limit(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, limit_name: str
) -> None:
    sketch = encoded(drawn_one())
    limits = {"MAX_SKETCHES": 3, "MAX_SKETCH_BYTES": 3 * len(sketch)}
    monkeypatch.setattr(gradio_sketchpad, limit_name, limits[limit_name])
    config = client.get("/gradio/config").json()
    pad = next(part["id"] for part in config["components"] if part["type"] == "imageeditor")
    for number in range(5):
        fields = {"type": "composite", "index": "null", "id": f"sketch-{number}", "component_id": pad}
        client.post(
            f"{API}/component_server",
            data={**fields, "session_hash": "s", "fn_name": "accept_blobs"},
            files={"file": ("composite", sketch)},
        )

    labels = [predicted(client, None, id=f"sketch-{number}")[1][0]["label"] for number in range(5)]

    assert labels == ["Draw a digit first"] * 2 + ["1"] * 3


def test_full_folder_accepts_no_more_uploads(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    uploaded(client, b"x" * 2000)
    monkeypatch.setattr(gradio_uploads, "MAX_UPLOAD_BYTES", 1000)

    response = client.post(f"{API}/upload", files={"files": ("one.png", b"x")})

    assert response.status_code == 503
    assert response.json()["error"].endswith(".")


def test_uploads_are_counted_while_others_are_deleted(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    uploaded(client, b"x" * 2000)
    monkeypatch.setattr(gradio_uploads, "MAX_UPLOAD_BYTES", 1000)
    end = threading.Event()

    def add_and_delete() -> None:
        folder = gradio_uploads.upload_folder() / "passing"
        while not end.is_set():
            folder.mkdir()
            (folder / "one.png").write_bytes(b"x")
            shutil.rmtree(folder)

    with ThreadPoolExecutor() as pool:
        other = pool.submit(add_and_delete)
        try:
            full = [gradio_uploads.uploads_full_after_cleanup() for _ in range(1000)]
        finally:
            end.set()
        other.result()

    assert all(full)


def interrupt_upload(client: TestClient) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="files"; filename="one.png"\r\n\r\n' + bytes(2000)
    messages = iter([{"type": "http.request", "body": part, "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        """The client has gone."""

    headers = [(b"content-type", b"multipart/form-data; boundary=x")]
    scope = {"type": "http", "method": "POST", "path": f"{API}/upload", "headers": headers, "query_string": b""}
    assert client.portal
    with pytest.raises(ClientDisconnect):
        client.portal.call(client.app, scope, receive, send)


def test_remains_of_uploads_do_not_block_others(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = gradio_uploads.upload_folder()
    other_file = folder / "tmp-other"
    other_file.touch()
    before = set(folder.iterdir())
    interrupt_upload(client)
    client.post(f"{API}/upload", files={"unexpected": ("one.png", bytes(2000))})
    remains = set(folder.iterdir()) - before
    assert len(remains) == 2
    total = sum(file_size(path) for path in folder.rglob("*") if path.is_file())
    monkeypatch.setattr(gradio_uploads, "MAX_UPLOAD_BYTES", total - 1000)
    assert gradio_uploads.uploads_full_after_cleanup()

    long_ago = time.time() - 3600
    for path in (*remains, other_file):
        os.utime(path, (long_ago, long_ago))

    assert not gradio_uploads.uploads_full_after_cleanup()
    assert set(folder.iterdir()) == before


FOLDER_OWNER = """
import sys
from dashboard.embeds.gradio_uploads import upload_folder

print(upload_folder(), flush=True)
sys.stdin.read()
"""


def start_folder_owner(temporary: Path) -> tuple[subprocess.Popen[str], Path]:
    """Start a process that has its own upload folder; return both."""
    environment = {name: value for name, value in os.environ.items() if name != "GRADIO_TEMP_DIR"}
    process = subprocess.Popen(
        [sys.executable, "-c", FOLDER_OWNER],
        cwd=PROJECT,
        env={**environment, "TMPDIR": str(temporary)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    folder = Path(process.stdout.readline().strip())
    (folder / "upload.png").write_bytes(b"x")
    return process, folder


def test_folder_of_a_killed_dashboard_is_deleted(tmp_path: Path) -> None:
    (killed, abandoned_folder), (running, in_use) = start_folder_owner(tmp_path), start_folder_owner(tmp_path)
    killed.kill()
    killed.communicate()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    link, new_folder = tmp_path / "trazo-gradio-link", tmp_path / "trazo-gradio-new"
    link.symlink_to(elsewhere)
    new_folder.mkdir()
    long_ago = time.time() - 3600
    for folder in (abandoned_folder, in_use, elsewhere):
        os.utime(folder, (long_ago, long_ago))

    new_owner, own_folder = start_folder_owner(tmp_path)

    assert not abandoned_folder.exists()
    assert [path.exists() for path in (in_use / "upload.png", elsewhere / "kept", new_folder, own_folder)] == [True] * 4
    for process in (running, new_owner):
        process.communicate("")
    assert [path.exists() for path in (in_use, own_folder)] == [False, False]
