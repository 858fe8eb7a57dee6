"""The teacher's link to a class."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from core.personal.classroom import teacher_key
from core.workspace import Workspace
from dashboard.server.teacher import TEACHER_COOKIE, teacher_link


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=[Route("/teacher", teacher_link)]), follow_redirects=False)


def test_key_is_stored_in_a_cookie(client: TestClient, workspace: Workspace) -> None:
    key = teacher_key(workspace)
    response = client.get("/teacher", params={"key": key})

    assert response.headers["location"] == "/classroom"
    assert response.cookies[TEACHER_COOKIE] == key


@pytest.mark.parametrize("key", [None, "", "€" * 22, "a\r\nb" * 22, "\0" * 22, "a" * 5000])
def test_malformed_key_only_opens_the_page(client: TestClient, key: str | None) -> None:
    response = client.get("/teacher", params={"key": key})

    assert (response.status_code, response.headers["location"]) == (303, "/classroom")
    assert "set-cookie" not in response.headers
