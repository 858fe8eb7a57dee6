"""The HTTP API without the rest of the dashboard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.testclient import TestClient

from core.runs.active import ActivePredictor
from core.workspace import Workspace
from dashboard.api.routes import build_api
from dashboard.server.pictures import PicturePool


@contextmanager
def served_api(workspace: Workspace) -> Iterator[TestClient]:
    """Serve the API at the root; `workspace` must be the one named by TRAZO_WORKSPACE."""
    predictor, pool = ActivePredictor(workspace), PicturePool()
    with TestClient(build_api(lambda: predictor, lambda: True, pool)) as client:
        yield client
