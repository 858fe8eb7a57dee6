"""Access to the Evaluate page for tests."""

from __future__ import annotations

import json

from streamlit.testing.v1 import AppTest

from core.workspace import PROJECT
from tests.support.markdown import unescape_markdown


def open_evaluate_page(**parameters: str) -> AppTest:
    """Open the page at a URL with these parameters."""
    page = AppTest.from_file(str(PROJECT / "dashboard" / "views" / "evaluate.py"), default_timeout=300)
    for name, value in parameters.items():
        page.query_params[name] = value
    return page.run()


def page_text(page: AppTest) -> str:
    """Return all text on the page."""
    parts = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.success]
    return unescape_markdown("\n".join(str(part.value) for part in parts))


def captions(page: AppTest, grid: str) -> list[str]:
    """Return the captions of the images in a grid."""
    return [tile["caption"] for tile in json.loads(page.get_by_key(grid).proto.json)["tiles"]]
