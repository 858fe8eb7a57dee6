"""Gradio's page works at the URL that the browser shows."""

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


@pytest.mark.parametrize("page", ["", "<script data-gradio-mode><script data-gradio-mode>"])
def test_unknown_version_of_the_page_raises_an_error(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from gradio.routes import templates
    from jinja2 import DictLoader

    monkeypatch.setattr(templates.env, "loader", DictLoader({"frontend/index.html": page}))

    with pytest.raises(RuntimeError, match="Gradio's page has changed"):
        patch_page_template.__wrapped__()
