"""Netron shows our models and no other files; its page contacts no other host."""

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


def test_page_has_no_version_and_contacts_only_our_server(client: TestClient) -> None:
    page = client.get("/netron/")

    assert page.status_code == 200
    assert 'name="date"' not in page.text
    assert '<meta name="version" content="0.0.0">' in page.text
    policy = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page.text)
    assert len(policy) == 1
    assert "default-src 'self'" in policy[0]
    assert "http" not in policy[0]


def test_first_script_keeps_netron_from_stealing_focus(client: TestClient) -> None:
    first_script = re.findall(r'<script[^>]*src="([^"]*)"', client.get("/netron/").text)[0]

    assert "prototype.focus" in client.get(f"/netron/{first_script}").text


def test_our_stylesheet_comes_after_netrons(client: TestClient) -> None:
    page = client.get("/netron/").text

    assert page.index("</style>") < page.index('href="netron_theme.css"') < page.index("</head>")
    assert "light-dark(" in client.get("/netron/netron_theme.css").text
    assert '"theme"' in client.get("/netron/netron_theme.js").text


def test_page_sets_a_consent_cookie_without_a_path(client: TestClient) -> None:
    """A path would be wrong behind a proxy that strips a prefix."""
    assert client.get("/netron/").headers["set-cookie"] == "consent=1; SameSite=lax"


@pytest.mark.parametrize(
    "file", ["index.js", "browser.js", "view.js", "keras.js", "keras-metadata.json", "grapher.css"]
)
def test_viewer_files_are_served(client: TestClient, file: str) -> None:
    assert client.get(f"/netron/{file}").status_code == 200


@pytest.mark.parametrize("file", ["index.html", "server.py", "__init__.py", "../pip/__init__.py", "%2e%2e/site.py", ""])
def test_other_package_files_are_not_served(client: TestClient, file: str) -> None:
    response = client.get(f"/netron/{file}")

    assert response.status_code == 404 or 'content="0.0.0"' in response.text


@pytest.mark.parametrize("file", ["mnist_model.keras", "mnist_model.tflite"])
def test_listed_model_is_served(client: TestClient, file: str) -> None:
    response = client.get(f"/models/shipped/{file}")

    assert response.status_code == 200
    assert response.content == (SHIPPED_BUNDLE / file).read_bytes()


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
def test_unlisted_model_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(f"/models/{path}").status_code == 404
