"""The model viewer Netron, and the model files that Netron shows.

Netron's own server would need a second port, and would serve one model and the folder around it. Its page looks up the
visitor's country, reports usage, stops working half a year after its release, and steals the focus from a page that
embeds it. The page served here does none of this. To open a model, use
`/netron/?url=/models/NAME/mnist_model.keras&identifier=mnist_model.keras`; `&theme=dark` or `&theme=light` chooses its
colours.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from core.language import in_language, tr
from dashboard.server.language import request_language

if TYPE_CHECKING:
    import os

    from core.workspace import Workspace

_SERVED_TYPES = frozenset({".css", ".ico", ".js", ".json", ".png"})
"""File types to serve. The package also contains Python modules, and an index.html that has to be changed."""

_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; frame-src 'none'"

_ASSETS = Path(__file__).resolve().parents[1] / "assets"

_FOCUS_SCRIPT = "netron_focus.js"
"""Script that keeps Netron from stealing the focus; served from a file, because the policy allows no inline scripts."""

_STYLE, _SCHEME_SCRIPT = "netron_theme.css", "netron_theme.js"
"""The dashboard's colours, and a script that chooses light or dark according to the URL parameter `theme`."""

_CONSENT_COOKIE = ("consent", "1")
"""Cookie that stops Netron from looking up the visitor's country and asking for consent."""


def netron_routes(workspace: Workspace) -> list[BaseRoute]:
    """Return routes for Netron at /netron/ and for the files of all listed models at /models/NAME/FILE."""

    async def model_file(request: Request) -> FileResponse:
        name, file = request.path_params["name"], request.path_params["file"]
        path = await anyio.to_thread.run_sync(_listed_file, workspace, name, file)
        if path is None:
            with in_language(request_language(request.scope)):
                message = tr("There is no such model file. See the Model page for the files of all models.")
            raise HTTPException(404, message)
        # A browser must not cache the file of a model that may be replaced or deleted.
        return FileResponse(path, filename=file, headers={"Cache-Control": "no-cache"})

    return [
        Route("/netron/", _index, methods=["GET"]),
        *(Route(f"/netron/{name}", _asset(name), methods=["GET"]) for name in (_FOCUS_SCRIPT, _STYLE, _SCHEME_SCRIPT)),
        Mount("/netron", _PackageFiles(directory=_package())),
        Route("/models/{name}/{file}", model_file, methods=["GET"]),
    ]


def _listed_file(workspace: Workspace, name: str, file: str) -> Path | None:
    """Return the file of a listed model. User input is only compared with known names, never joined to a path."""
    from core.runs.active import available_models

    bundle = available_models(workspace).get(name)
    if bundle is None:
        return None
    path = {path.name: path for path in (bundle.keras_file, bundle.tflite_file)}.get(file)
    return path if path is not None and path.is_file() else None


async def _index(_request: Request) -> Response:
    response = HTMLResponse(_page(), headers={"Cache-Control": "no-cache"})
    # Without a path, the cookie applies to the folder of this page, whatever prefix a proxy adds.
    response.set_cookie(*_CONSENT_COOKIE, path=None, samesite="lax")
    return response


def _asset(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def respond(_request: Request) -> Response:
        return FileResponse(_ASSETS / name, headers={"Cache-Control": "no-cache"})

    return respond


@cache
def _page() -> str:
    """Return Netron's page without its date and version, with our scripts and style, and a policy for this server."""
    html = (_package() / "index.html").read_text(encoding="utf-8")
    html = re.sub(r'<meta name="date"[^>]*>\n?', "", html)
    html = re.sub(r'(<meta name="version" content=)"[^"]*"', r'\1"0.0.0"', html)
    html = html.replace("<script", f'<script src="{_FOCUS_SCRIPT}"></script>\n<script', 1)
    # Placed after Netron's own rules, which it overrides.
    theme = f'<link rel="stylesheet" href="{_STYLE}">\n<script src="{_SCHEME_SCRIPT}"></script>\n'
    html = html.replace("</head>", f"{theme}</head>", 1)
    return re.sub(r'(<meta http-equiv="Content-Security-Policy" content=)"[^"]*"', rf'\1"{_POLICY}"', html)


@cache
def _package() -> Path:
    """Return the folder of Netron's package without importing it, which would load its server."""
    spec = find_spec("netron")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


class _PackageFiles(StaticFiles):
    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        if Path(path).suffix not in _SERVED_TYPES:
            return "", None
        return super().lookup_path(path)
