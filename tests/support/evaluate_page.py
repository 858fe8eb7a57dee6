"""The Evaluate page in the tests' hands."""

from __future__ import annotations

import json

from streamlit.testing.v1 import AppTest

from core.workspace import PROJECT
from tests.support.markdown import shown


def opened(**address: str) -> AppTest:
    """Open the page at an address with these parameters."""
    page = AppTest.from_file(str(PROJECT / "dashboard" / "views" / "evaluate.py"), default_timeout=300)
    for name, value in address.items():
        page.query_params[name] = value
    return page.run()


def texts(page: AppTest) -> str:
    """Return everything that is written on the page."""
    parts = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.success]
    return shown("\n".join(str(part.value) for part in parts))


def captions(page: AppTest, grid: str) -> list[str]:
    """Return the captions of the images in a grid."""
    return [tile["caption"] for tile in json.loads(page.get_by_key(grid).proto.json)["tiles"]]
