"""The Gradio demo's page, and links to URLs that are not pages."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.workspace import PROJECT, Workspace


def test_page_embeds_the_demo_links_to_it_and_shows_code(workspace: Workspace) -> None:
    page = AppTest.from_file(str(PROJECT / "dashboard" / "views" / "gradio_demo.py"), default_timeout=300).run()

    assert not page.exception
    assert page.get("iframe")[0].proto.src.startswith("/gradio/?__theme=")
    assert page.get("link_button")[0].proto.url == "/gradio/"
    assert "gradio/" in page.code[0].value
    compile(page.code[0].value, "the snippet", "exec")


@pytest.mark.parametrize(
    ("page", "path"),
    [
        ("http://127.0.0.1:8501/model", "/gradio/"),
        ("https://digits.example/trazo/model", "/trazo/gradio/"),
        ("https://digits.example/~/+/model", "/~/+/gradio/"),
        ("http://127.0.0.1:8501//elsewhere.example/model", "/elsewhere.example/gradio/"),
    ],
)
def test_links_keep_a_proxys_prefix_and_stay_on_the_host(page: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from dashboard.parts.links import link

    monkeypatch.setattr(st, "context", SimpleNamespace(url=page))

    assert link("gradio/") == path
    assert link("gradio/", full=True) == page.split("/")[0] + "//" + page.split("/")[2] + path
