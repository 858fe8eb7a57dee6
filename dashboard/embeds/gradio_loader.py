"""An ASGI app that stands in for the Gradio demo until Gradio is loaded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import anyio
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from core.language import Message, in_language, tr
from dashboard.embeds.gradio_app import build_gradio_app
from dashboard.server.language import request_language
from dashboard.server.pictures import PicturePool

if TYPE_CHECKING:
    from core.runs.active import ActivePredictor

_logger = logging.getLogger(__name__)

_DELAY_SECONDS = 30.0
"""Seconds to wait before loading Gradio, unless a visitor opens the demo sooner; pages are slow while Gradio loads."""

_PAGE_TEMPLATE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>{refresh}
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root {{ color-scheme: {scheme}; font: 1rem system-ui, sans-serif }}
body {{ display: grid; place-items: center; min-height: 80vh; margin: 1rem; text-align: center;
  background: light-dark(#ffffff, #121817); color: light-dark(#17211f, #e6eeec) }}</style></head>
<body><p role="status">{message}</p></body></html>
"""
_REFRESH = '<meta http-equiv="refresh" content="1">'
_LOADING = Message("The Gradio demo is loading. It opens here as soon as it is ready.")
_FAILED = Message("The Gradio demo could not be loaded. All other pages work. See the dashboard's log for the error.")


class GradioLoader:
    """An ASGI app that serves the demo once Gradio, which takes seconds to import, is loaded.

    Until then, it responds with status 503 and a page that refreshes itself.
    """

    def __init__(self, predictor: Callable[[], ActivePredictor], pool: PicturePool) -> None:
        self._predictor, self._pool = predictor, pool
        self._app: ASGIApp | None = None
        self._failed = False
        self._requested = asyncio.Event()

    async def serve(self, loaded: Callable[[], None]) -> None:
        """Load Gradio in a thread, call `loaded`, and run Gradio until cancelled.

        Loading begins on the first request or after a delay.
        """
        with anyio.move_on_after(_DELAY_SECONDS):
            await self._requested.wait()
        try:
            app = await anyio.to_thread.run_sync(build_gradio_app, self._predictor, self._pool)
        except Exception:
            _logger.exception("The Gradio demo could not be loaded.")
            self._failed = True
            return
        # Gradio's queue runs in its lifespan, which a server enters only for the outermost app.
        async with app.router.lifespan_context(app):
            loaded()
            self._app = app
            await anyio.sleep_forever()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app or self._respond_unavailable
        await app(scope, receive, send)

    async def _respond_unavailable(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._requested.set()
        headers = {"Cache-Control": "no-store"} if self._failed else {"Cache-Control": "no-store", "Retry-After": "1"}
        language, message = request_language(scope), _FAILED if self._failed else _LOADING
        with in_language(language):
            page = _PAGE_TEMPLATE.format(
                language=language,
                title=tr("Gradio demo"),
                scheme=_colour_scheme(scope),
                refresh="" if self._failed else _REFRESH,
                message=tr(message),
            )
        await HTMLResponse(page, 503, headers)(scope, receive, send)


def _colour_scheme(scope: Scope) -> str:
    """Return the scheme that Gradio's parameter `__theme` asks for, or both, as a value of CSS `color-scheme`."""
    theme = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("__theme", [""])[0]
    return theme if theme in ("light", "dark") else "light dark"
