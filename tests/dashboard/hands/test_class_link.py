"""The address at which students join."""

from __future__ import annotations

import pytest

from dashboard.hands import class_link


@pytest.mark.parametrize(
    ("opened_url", "students_url"),
    [
        ("https://lab.example/trazo/", "https://lab.example/trazo"),
        ("http://192.0.2.9:8080/", "http://192.0.2.9:8080"),
        ("http://127.0.0.1:8501/", "http://192.0.2.7:8501"),
        ("http://localhost:8501/", "http://192.0.2.7:8501"),
        ("http://[::1]:8501/", "http://192.0.2.7:8501"),
        ("://", "http://192.0.2.7:8501"),
    ],
)
def test_students_get_an_address_that_they_can_reach(
    monkeypatch: pytest.MonkeyPatch, opened_url: str, students_url: str
) -> None:
    monkeypatch.setattr(class_link, "join_address", lambda: "http://192.0.2.7:8501")

    assert class_link.students_address(opened_url) == students_url
