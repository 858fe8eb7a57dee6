"""The pages' HTML.

It contains the style sheets of all pages: if Streamlit sent them with a page's elements, the layout would shift
while the page loads. For deep links such as /model, Streamlit's script would first look for its server under the
page's path, at /model/_stcore/health, and two errors would appear in the browser's console; a line in the page tells
the script where the server is, whatever prefix a proxy adds.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from dashboard.server.library_internals import static_folder

_ASSETS = Path(__file__).resolve().parents[1] / "assets"
_STYLES = ("pages", "draw", "inside", "learn", "train")
_HEAD, _END = "<head>", "</body>"
_BASE_URL = '<script>window.__streamlit = { BACKEND_BASE_URL: new URL(".", location.href).href };</script>'


def page_routes(views: Iterable[Path]) -> list[BaseRoute]:
    """Return the routes of the home page and of each view."""
    return [Route(path, _page, methods=["GET"]) for path in ("/", *(f"/{view.stem}" for view in views))]


async def _page(_request: Request) -> Response:
    return HTMLResponse(_html(), headers={"Cache-Control": "no-cache"})


@cache
def _html() -> str:
    html = (static_folder() / "index.html").read_text(encoding="utf-8")
    # At the end, so that our rules come after Streamlit's own.
    styles = "\n".join((_ASSETS / f"{name}.css").read_text(encoding="utf-8") for name in _STYLES)
    style = f"<style>\n{styles}</style>"
    return html.replace(_HEAD, f"{_HEAD}\n    {_BASE_URL}", 1).replace(_END, f"{style}\n  {_END}", 1)
