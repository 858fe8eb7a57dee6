"""The teacher's page Class in Streamlit's AppTest."""

from __future__ import annotations

import json

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from core.personal.classroom import teacher_key
from core.personal.hand import create_hand, list_hands
from core.workspace import PROJECT, Workspace
from dashboard.server.teacher import TEACHER_COOKIE
from tests.support.markdown import unescape_markdown
from tests.support.written_digits import take_exam


@pytest.fixture(autouse=True)
def _teacher(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_CLASSROOM", "1")
    monkeypatch.setattr(ContextProxy, "cookies", {TEACHER_COOKIE: teacher_key(workspace)})


def open_page() -> AppTest:
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()
    return page.switch_page("views/classroom.py").run()


def text(page: AppTest) -> str:
    assert not page.exception
    return unescape_markdown("\n".join(str(part.value) for part in [*page.markdown, *page.caption, *page.info]))


def tiles(page: AppTest) -> dict[str, str]:
    return {metric.label: str(metric.value) for metric in page.metric}


def captions(page: AppTest, digit: int) -> list[str]:
    return [tile["caption"] for tile in json.loads(page.get_by_key(f"class_{digit}").proto.json)["tiles"]]


def test_class_is_followed_from_the_first_student_to_the_end(workspace: Workspace) -> None:
    page = open_page()
    assert "Nobody has joined yet" in text(page)
    assert "Join at" in next(html.proto.body for html in page.get("html") if "trazo-join" in html.proto.body)
    ana, _ = create_hand(workspace, "Ana"), create_hand(workspace, "Ben")
    page.run()
    assert "Here so far: Ana, Ben" in text(page)

    take_exam(ana)
    page.run()
    assert (tiles(page)["Students"], tiles(page)["Exams"], tiles(page)["Digits"]) == ("2", "1 of 2", "50")
    assert "No digits yet: Ben." in text(page)
    assert captions(page, 7) == ["Ana"] * 5
    page.segmented_control(key="class_digit").set_value(3)
    page.toggle(key="hide_nicknames").set_value(True).run()
    assert captions(page, 3) == ["Student 1"] * 5
    assert "Ana" not in text(page)

    page.button(key="delete_hands").click().run()
    assert list_hands(workspace) == []
    assert "Nobody has joined yet" in text(page)


def test_page_is_the_teachers_alone(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> None:
    create_hand(workspace, "Ana")
    page = open_page()
    assert "Here so far: Ana" in text(page)
    monkeypatch.setattr(ContextProxy, "cookies", {TEACHER_COOKIE: "guessed"})

    page.run()

    assert "Ana" not in text(page)
    assert "Join the class" in [title.value for title in page.title]
    assert "delete_hands" not in {button.key for button in page.button}
