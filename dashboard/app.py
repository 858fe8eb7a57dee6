"""The ASGI app: the Streamlit pages, Gradio, Netron and the API on one port.

`streamlit run dashboard/app.py` and `python -m dashboard` both start `app`.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

# `streamlit run` puts only dashboard/ on the path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import anyio

from core.packages import hide_packages

# Streamlit would import Plotly, which takes 0.2 s and 18 MB; only the map needs it.
with hide_packages("plotly"):
    import streamlit as st

from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route
from streamlit import net_util

from core.environment import classroom, terminal_language
from core.errors import StorageError
from core.language import in_language, tr
from core.launcher.warm_up import compile_ahead
from core.workspace import Workspace
from dashboard.api.routes import build_api
from dashboard.embeds.gradio_loader import GradioLoader
from dashboard.embeds.netron_app import netron_routes
from dashboard.server import logs
from dashboard.server.connections import limit_connections
from dashboard.server.gate import Gate
from dashboard.server.headers import SecurityHeaders
from dashboard.server.join_address import join_address, local_address, teacher_address
from dashboard.server.library_internals import (
    keep_caches_from_visitors,
    keep_widget_values_on_page_changes,
    survive_unreadable_secrets,
)
from dashboard.server.memory import share_one_heap
from dashboard.server.page_routes import page_routes
from dashboard.server.pictures import POOL
from dashboard.server.prefix import RestorePrefix, StripPrefix, add_slash
from dashboard.server.teacher import teacher_link
from dashboard.training.queue import watch_queue
from dashboard.warm_up import freeze_heap, warm_up

if TYPE_CHECKING:
    from core.runs.active import ActivePredictor

share_one_heap()
logs.start()
limit_connections()
keep_widget_values_on_page_changes()
keep_caches_from_visitors()
survive_unreadable_secrets()

# Seconds after which a busy thread yields to other threads. Python's default, 0.005, delays responses under load.
sys.setswitchinterval(0.001)

# Streamlit asks a server on the internet for this machine's address when a page from another origin connects.
net_util.get_external_ip = lambda: None


def _predictor() -> ActivePredictor:
    """Return the predictor that the pages use."""
    # Imported here, because SciPy and pandas would delay opening the port.
    from dashboard.session.cache import predictor

    return predictor()


_gradio = GradioLoader(_predictor, POOL)
_modules_loaded = threading.Event()


async def _load_in_background() -> None:
    await anyio.to_thread.run_sync(warm_up, _predictor, _modules_loaded.set)
    await POOL.warm_up()
    await anyio.to_thread.run_sync(compile_ahead)
    freeze_heap()
    await _gradio.serve(freeze_heap)


@asynccontextmanager
async def _lifespan(_app: st.App) -> AsyncIterator[None]:
    logs.capture_server_output()
    async with POOL.serving(), anyio.create_task_group() as tasks:
        tasks.start_soon(_load_in_background)
        tasks.start_soon(watch_queue, Workspace.from_environment())
        with in_language(terminal_language()):
            start_message = tr("Trazo is at {address} (press Ctrl-C to stop).", address=local_address())
            print(start_message, *_class_links(), sep="\n", flush=True)  # noqa: T201
        yield
        tasks.cancel_scope.cancel()
    # Imported here, because these modules import pandas, which would delay the start.
    from core.launcher.overview import exit_message
    from core.sweeps.control import exit_messages

    workspace = Workspace.from_environment()
    with in_language(terminal_language()):
        for message in filter(None, (exit_message(workspace), *exit_messages(workspace))):
            print(tr(message), flush=True)  # noqa: T201


def _class_links() -> list[str]:
    """Return the lines with the links for a class, if this dashboard serves one."""
    if not classroom():
        return []
    # Imported here, because pydantic would delay opening the port.
    from core.personal.classroom import teacher_key

    try:
        key = teacher_key(Workspace.from_environment())
    except StorageError as error:
        return [tr("The class has no teacher: {error}", error=error)]
    return [
        tr("Students join at {address}", address=join_address()),
        tr("The teacher's secret link is {address}", address=teacher_address(key)),
    ]


_ROUTES: list[BaseRoute] = [
    Route("/gradio", add_slash),
    Mount("/gradio", _gradio, max_body_size=10 * 2**20),
    Route("/netron", add_slash),
    *netron_routes(Workspace.from_environment()),
    *page_routes((Path(__file__).parent / "views").glob("[!_]*.py")),
    Route("/teacher", teacher_link),
    Mount("/api", build_api(_predictor, _modules_loaded.is_set, POOL)),
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
