"""The pages' HTML for deep links such as /model.

Streamlit's script would first look for its server below the page, at /model/_stcore/health, and two errors would appear
in the browser's console. A line in the page tells it where the server is, whatever prefix a proxy adds.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from dashboard.server.library_internals import static_folder

_HEAD = "<head>"
_BASE_URL = '<script>window.__streamlit = { BACKEND_BASE_URL: new URL(".", location.href).href };</script>'


def page_routes(views: Iterable[Path]) -> list[BaseRoute]:
    """Return a route for the page of each view; the page at / needs none."""
    return [Route(f"/{view.stem}", _page, methods=["GET"]) for view in views]


async def _page(_request: Request) -> Response:
    return HTMLResponse(_html(), headers={"Cache-Control": "no-cache"})


@cache
def _html() -> str:
    html = (static_folder() / "index.html").read_text(encoding="utf-8")
    return html.replace(_HEAD, f"{_HEAD}\n    {_BASE_URL}", 1)
