"""Fixtures shared by the tests of the dashboard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import cache

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from streamlit.components.v2 import manifest_scanner

from core.runs.active import ActivePredictor
from core.workspace import Workspace
from dashboard.api.routes import build_api
from dashboard.embeds.gradio_app import build_gradio_app
from dashboard.server.pictures import PicturePool


@pytest.fixture(scope="session", autouse=True)
def components_scanned_once() -> Iterator[None]:
    """Scan the installed packages for components once: a scan for every page would take most of AppTest's time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of the API and Gradio, which are mounted as in the dashboard; an uncaught exception fails the test."""
    with pytest.MonkeyPatch.context() as patch:
        workspace = Workspace(tmp_path_factory.mktemp("workspace"))
        patch.setenv("TRAZO_WORKSPACE", str(workspace.root))
        predictor, pool = ActivePredictor(workspace), PicturePool()
        demo = build_gradio_app(lambda: predictor, pool)

        @asynccontextmanager
        async def lifespan(_app: Starlette) -> AsyncIterator[None]:
            async with demo.router.lifespan_context(demo):
                yield

        routes = [Mount("/api", build_api(lambda: predictor, lambda: True, pool)), Mount("/gradio", demo)]
        with TestClient(Starlette(routes=routes, lifespan=lifespan)) as client:
            yield client
