"""What several tests of the dashboard ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from core.runs.registry import ActivePredictor
from core.workspace import Workspace
from dashboard.api import build_api
from dashboard.gradio_app import build_gradio_app


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The API and Gradio as in the dashboard; a fault that reaches the server fails the test."""
    predictor = ActivePredictor(Workspace(tmp_path_factory.mktemp("workspace")))
    demo = build_gradio_app(lambda: predictor)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with demo.router.lifespan_context(demo):
            yield

    routes = [Mount("/api", build_api(lambda: predictor)), Mount("/gradio", demo)]
    with TestClient(Starlette(routes=routes, lifespan=lifespan)) as client:
        yield client
