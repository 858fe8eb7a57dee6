"""Netron shows our models, and nothing else of this machine; its page asks nobody."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.workspace import SHIPPED_BUNDLE, Workspace
from dashboard.embeds.netron_app import netron_routes


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    return TestClient(Starlette(routes=netron_routes(Workspace(tmp_path))))


def test_page_has_no_age_no_release_and_may_ask_only_us(client: TestClient) -> None:
    page = client.get("/netron/")

    assert page.status_code == 200
    assert 'name="date"' not in page.text
    assert '<meta name="version" content="0.0.0">' in page.text
    policy = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page.text)
    assert len(policy) == 1
    assert "default-src 'self'" in policy[0]
    assert "http" not in policy[0]


def test_page_brings_a_consent_cookie_for_its_own_folder(client: TestClient) -> None:
    """A path in it would be wrong behind a proxy that strips a prefix."""
    assert client.get("/netron/").headers["set-cookie"] == "consent=1; SameSite=lax"


@pytest.mark.parametrize(
    "file", ["index.js", "browser.js", "view.js", "keras.js", "keras-metadata.json", "grapher.css"]
)
def test_files_of_the_viewer_are_served(client: TestClient, file: str) -> None:
    assert client.get(f"/netron/{file}").status_code == 200


@pytest.mark.parametrize("file", ["index.html", "server.py", "__init__.py", "../pip/__init__.py", "%2e%2e/site.py", ""])
def test_nothing_else_of_the_package_is_served_as_it_is(client: TestClient, file: str) -> None:
    answer = client.get(f"/netron/{file}")

    assert answer.status_code == 404 or 'content="0.0.0"' in answer.text


@pytest.mark.parametrize("file", ["mnist_model.keras", "mnist_model.tflite"])
def test_listed_model_is_served(client: TestClient, file: str) -> None:
    answer = client.get(f"/models/shipped/{file}")

    assert answer.status_code == 200
    assert answer.content == (SHIPPED_BUNDLE / file).read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        "shipped/card.json",
        "shipped/../card.json",
        "shipped/%2e%2e%2fpyproject.toml",
        "shipped/mnist_model.keras/x",
        "../models/mnist_model.keras",
        "%2e%2e/mnist_model.keras",
        "other/mnist_model.keras",
        "/mnist_model.keras",
    ],
)
def test_whatever_is_not_listed_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(f"/models/{path}").status_code == 404
