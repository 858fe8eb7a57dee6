"""The embedded pages have the colours of the dashboard."""

from __future__ import annotations

import re
import tomllib

import pytest

from core.workspace import PROJECT
from dashboard.embeds.gradio_theme import dashboard_theme

CONFIG = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
NETRON_STYLE = PROJECT / "dashboard" / "assets" / "netron_theme.css"


@pytest.mark.parametrize(("mode", "suffix"), [("light", ""), ("dark", "_dark")])
def test_gradio_has_the_colours_of_the_pages(mode: str, suffix: str) -> None:
    theme, colours = dashboard_theme(), CONFIG[mode]

    assert getattr(theme, f"body_background_fill{suffix}") == colours["backgroundColor"]
    assert getattr(theme, f"body_text_color{suffix}") == colours["textColor"]
    assert getattr(theme, f"button_primary_background_fill{suffix}") == colours["primaryColor"]
    assert getattr(theme, f"border_color_primary{suffix}") == colours["borderColor"]


def test_gradio_loads_no_font_from_another_server() -> None:
    theme = dashboard_theme()

    fonts = re.findall(r"@font-face.*?url\('([^']*)'\)", theme._get_theme_css(), re.DOTALL)
    assert [font.split("/")[0] for font in fonts] == ["static", "static"]
    assert theme._stylesheets == []


@pytest.mark.parametrize("name", ["backgroundColor", "secondaryBackgroundColor", "textColor", "borderColor"])
def test_netron_has_the_colours_of_the_pages(name: str) -> None:
    pairs = re.findall(r"light-dark\((#\w+), (#\w+)\)", NETRON_STYLE.read_text(encoding="utf-8"))

    assert (CONFIG["light"][name], CONFIG["dark"][name]) in pairs
