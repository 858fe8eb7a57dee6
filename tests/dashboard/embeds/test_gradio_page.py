"""Gradio's page uses the URL that the browser shows, and the visitor's language."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from dashboard.embeds.gradio_page import patch_page_template


def test_page_contains_no_absolute_paths(client: TestClient) -> None:
    page = client.get("/gradio/").text

    assert re.findall(r'(?:src|href)="/[^"]*"', page) == []
    assert "const root = window.gradio_config.root;" in page
    assert (
        page.index("window.gradio_api_info =") < page.index("window.gradio_api_info = move(") < page.index("const root")
    )


@pytest.mark.parametrize(
    ("query", "headers", "language"),
    [
        ("", {}, "en"),
        ("?lang=es", {"accept-language": "en"}, "es"),
        ("?__theme=dark&lang=en", {"cookie": "trazo_language=es"}, "en"),
        ("", {"cookie": "trazo_language=es", "accept-language": "en"}, "es"),
        ("", {"accept-language": "es-MX,es;q=0.9"}, "es"),
    ],
)
def test_page_has_the_language_of_its_request(
    client: TestClient, query: str, headers: dict[str, str], language: str
) -> None:
    page = client.get(f"/gradio/{query}", headers=headers).text

    assert f'lang="{language}"' in page
    assert f'"language", {{ value: "{language}" }}' in page
    assert ("Dibuja un dígito" in page.partition("const texts = ")[2].partition("\n")[0]) == (language == "es")


def test_api_labels_are_in_english(client: TestClient) -> None:
    endpoints = client.get("/gradio/gradio_api/info", headers={"accept-language": "es"}).json()["named_endpoints"]

    assert [endpoint["parameters"][0]["label"] for endpoint in endpoints.values()] == ["Draw a digit"] * 2


@pytest.mark.parametrize("page", ["", "<script data-gradio-mode><script data-gradio-mode>"])
def test_unknown_version_of_the_page_raises_an_error(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from gradio.routes import templates
    from jinja2 import DictLoader

    monkeypatch.setattr(templates.env, "loader", DictLoader({"frontend/index.html": page}))

    with pytest.raises(RuntimeError, match="Gradio's page has changed"):
        patch_page_template.__wrapped__()
