"""Lessons in a class, in Streamlit's AppTest: guesses are stored with the hands, and the teacher sees their counts."""

from __future__ import annotations

import re

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from core.ink.drawing import prepare
from core.lessons.progress import Progress, progress
from core.lessons.results import Result, Results
from core.personal.classroom import student_token, teacher_key
from core.personal.hand import create_hand, list_hands
from core.workspace import PROJECT, Workspace
from dashboard.server.teacher import TEACHER_COOKIE
from tests.support.drawn_digits import SEVEN, drawn
from tests.support.markdown import unescape_markdown

pytestmark = pytest.mark.usefixtures("without_mnist")


@pytest.fixture(autouse=True)
def _classroom(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_CLASSROOM", "1")


def open_lesson(lesson: str, token: str | None = None) -> AppTest:
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300)
    page.query_params["lesson"] = lesson
    if token:
        page.query_params["me"] = token
    return page.switch_page("views/learn.py").run()


def buttons(page: AppTest) -> set[str]:
    assert not page.exception
    return {button.key for button in page.button if button.key}


def table(page: AppTest) -> str:
    """Return the rows of the table of lessons as text."""
    assert not page.exception
    (html,) = [html.proto.body for html in page.get("html") if "<table" in html.proto.body]
    return " ".join(re.sub("<[^>]*>", " ", html).split())


def test_students_do_lessons_and_the_teacher_sees_counts(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, ben = create_hand(workspace, "Ana"), create_hand(workspace, "Ben")
    page = open_lesson("1", student_token(workspace, ana))
    page.button(key="guess_pixels_some").click().run()
    image = prepare(drawn(SEVEN)).image
    assert image is not None
    page.session_state["lesson_work_pixel_pad"] = image
    page.run()
    result = Result(guess="some", measured={"lit": int((image > 0).sum())})
    assert progress(ana) == Progress({"pixels": "some"}, Results(lessons={"pixels": result}))

    page.session_state["chosen_hand"] = ben.id  # the next student on the same device
    page.run()
    assert "guess_pixels_many" in buttons(page)
    page.button(key="guess_pixels_many").click().run()
    assert not page.success
    assert progress(ben) == Progress({"pixels": "many"})
    page = open_lesson("", student_token(workspace, ana))
    assert page.button(key="lesson_go_on").label == "Continue with lesson 2"
    assert any("stored with your hand" in caption.value for caption in page.caption)

    monkeypatch.setattr(ContextProxy, "cookies", {TEACHER_COOKIE: teacher_key(workspace)})
    page.session_state["class_lesson"] = 4
    page.switch_page("views/classroom.py").run()
    assert "1 A picture is 784 numbers 1 of 2 30 or fewer 0 31 to 90 1 more than 90 1 2 Why" in table(page)
    assert page.code[-1].value.endswith("/learn?lesson=4&lang=en")


def test_link_to_a_lesson_still_leads_there_after_joining(workspace: Workspace) -> None:
    page = open_lesson("2")
    assert "Join the class" in [title.value for title in page.title]

    page.text_input(key="nickname").set_value("Ana")
    page.button(key="FormSubmitter:join-Join").click().run()

    assert len(list_hands(workspace)) == 1
    assert unescape_markdown(page.header[0].value) == "2 Why centring matters"
