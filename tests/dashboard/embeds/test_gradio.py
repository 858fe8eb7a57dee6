"""The Gradio demo shows a refreshing page until it is loaded, and contacts no other host."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.runs.active import ActivePredictor
from core.workspace import Workspace
from dashboard.embeds import gradio_loader
from dashboard.embeds.gradio_loader import GradioLoader
from dashboard.server.pictures import PicturePool


def test_page_refreshes_until_gradio_is_loaded(tmp_path: Path) -> None:
    demo = GradioLoader(lambda: ActivePredictor(Workspace(tmp_path)), PicturePool())
    client = TestClient(demo)

    response = client.get("/")

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "1"
    assert 'http-equiv="refresh"' in response.text
    assert "color-scheme: light dark;" in response.text
    assert "color-scheme: dark;" in client.get("/?__theme=dark").text
    assert "color-scheme: light dark;" in client.get("/?__theme=%7Bx").text


def test_page_reports_a_failed_import_and_stops_refreshing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ImportError("no gradio")

    monkeypatch.setattr(gradio_loader, "build_gradio_app", fail)
    demo = GradioLoader(lambda: ActivePredictor(Workspace(tmp_path)), PicturePool())
    client = TestClient(demo)
    assert 'http-equiv="refresh"' in client.get("/").text

    asyncio.run(demo.serve(lambda: None))
    response = client.get("/")

    assert response.status_code == 503
    assert "could not be loaded" in response.text
    assert 'http-equiv="refresh"' not in response.text


def test_callback_runs_after_gradio_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class LoadedError(Exception):
        pass

    def report_loaded() -> None:
        raise LoadedError

    monkeypatch.setattr(gradio_loader, "build_gradio_app", lambda *_: Starlette())
    demo = GradioLoader(lambda: ActivePredictor(Workspace(tmp_path)), PicturePool())
    TestClient(demo).get("/")

    with pytest.raises(LoadedError):
        asyncio.run(demo.serve(report_loaded))


def test_page_loads_nothing_from_other_hosts(client: TestClient) -> None:
    page = client.get("/gradio/")

    assert page.status_code == 200
    loaded_urls = re.findall(r'<(?:script|link|img|iframe)[^>]*?(?:src|href)="([^"]+)"', page.text)
    assert loaded_urls
    assert [url for url in loaded_urls if re.match(r"(https?:)?//", url)] == []
    assert "fonts.googleapis.com" not in page.text + client.get("/gradio/theme.css").text


def test_analytics_are_disabled(client: TestClient) -> None:
    assert client.get("/gradio/config").json()["analytics_enabled"] is False


def test_api_has_two_endpoints(client: TestClient) -> None:
    info = client.get("/gradio/gradio_api/info").json()

    assert list(info["named_endpoints"]) == ["/predict", "/verdict"]
