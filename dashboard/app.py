"""The ASGI app: the Streamlit pages, Gradio, Netron and the API on one port.

`streamlit run dashboard/app.py` and `python -m dashboard` both start `app`.
"""

from __future__ import annotations

import gc
import inspect
import logging
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

# `streamlit run` puts only dashboard/ on the path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import anyio
import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route
from streamlit import net_util
from streamlit.web.server.server_util import get_url

from core.errors import BundleError
from core.training.warm_up import compile_ahead
from core.workspace import Workspace
from dashboard.api.routes import build_api
from dashboard.embeds.gradio_loader import GradioLoader
from dashboard.embeds.netron_app import netron_routes
from dashboard.server import logs
from dashboard.server.connections import guard_server
from dashboard.server.gate import Gate
from dashboard.server.headers import SecurityHeaders
from dashboard.server.pictures import POOL
from dashboard.server.prefix import RestorePrefix, StripPrefix, add_slash
from dashboard.training.queue import look_after_queue

if TYPE_CHECKING:
    from core.runs.active import ActivePredictor

_logger = logging.getLogger(__name__)
logs.start()
guard_server()

_FIRST_PAGE_NEEDS = (
    "dashboard.parts.charts",
    "dashboard.parts.digit_grid",
    "core.ink.photo",
    "dashboard.runs.side_by_side",
    "dashboard.runs.actions",
    "dashboard.runs.link",
    "dashboard.runs.table",
)
"""What the first visitor would otherwise wait for."""

# A thread that computes hands over to those that answer after so many seconds, not after five times as many.
sys.setswitchinterval(0.001)

# Streamlit asks a server on the internet for our address whenever a page of another origin knocks.
net_util.get_external_ip = lambda: None


def _predictor() -> ActivePredictor:
    """The pages' own predictor; SciPy and pandas come with it, so the port is open before it is asked for."""
    from dashboard.session.cache import predictor

    return predictor()


def _draw_runs() -> None:
    """Fill the cache of runs and draw a chart: the first of each takes several times as long."""
    from dashboard.runs import run_cache
    from dashboard.training import curve_points, curves
    from dashboard.training.look import Look

    run_cache.listing()
    curves.overlaid_curves(curve_points.NO_POINTS, "loss", Look())


gradio_demo = GradioLoader(_predictor, POOL)
_warm = threading.Event()


def _warm_up() -> None:
    try:
        for module in _FIRST_PAGE_NEEDS:
            import_module(module)
        _warm.set()
        _predictor().current()
        _draw_runs()
        # Streamlit looks at its callers when it draws the first page: the first time, Python finds every module's file.
        inspect.stack()
    except BundleError as error:
        _logger.warning("%s", error)
    except Exception:  # the page that needs it will say so; the others go on
        _logger.exception("A part of the dashboard could not be loaded.")


async def _load_in_background() -> None:
    await anyio.to_thread.run_sync(_warm_up)
    await POOL.warm_up()
    await anyio.to_thread.run_sync(compile_ahead)
    _settle()
    await gradio_demo.serve(_settle)


def _settle() -> None:
    """What is loaded now stays: Python need not look through its hundreds of thousands of objects again and again."""
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def _lifespan(_app: st.App) -> AsyncIterator[None]:
    logs.adopt_server()
    async with POOL.serving(), anyio.create_task_group() as tasks:
        tasks.start_soon(_load_in_background)
        tasks.start_soon(look_after_queue, Workspace.from_environment())
        print(f"Trazo is at {_address()} (Ctrl-C ends it).", flush=True)  # noqa: T201 - what both ways of starting say
        yield
        tasks.cancel_scope.cancel()
    # pandas comes with it; the dashboard starts without.
    from core.training.overview import exit_message

    if sentence := exit_message(Workspace.from_environment()):
        print(sentence, flush=True)  # noqa: T201


def _address() -> str:
    """The address to open in a browser on this machine."""
    named = st.get_option("server.address")
    host = "127.0.0.1" if named in (None, "", "0.0.0.0", "::") else str(named)
    return get_url(f"[{host}]" if ":" in host else host)


_ROUTES: list[BaseRoute] = [
    Route("/gradio", add_slash),
    Mount("/gradio", gradio_demo, max_body_size=10 * 2**20),
    Route("/netron", add_slash),
    *netron_routes(Workspace.from_environment()),
    Mount("/api", build_api(_predictor, _warm.is_set, POOL)),
]

app = st.App(
    Path(__file__).with_name("main.py"),
    routes=_ROUTES,
    middleware=[
        Middleware(StripPrefix),
        Middleware(SecurityHeaders),
        Middleware(Gate),
        Middleware(RestorePrefix, unprefixed=_ROUTES),
    ],
    lifespan=_lifespan,
)
