"""Students join a class with a nickname; roles decide what they and the teacher may do."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from core.personal.classroom import student_token, teacher_key
from core.personal.hand import MAX_HANDS, create_hand, delete_hand, hand_name, list_hands
from core.personal.taught import taught
from core.runs.registry import create_run
from core.runs.status import Status
from core.workspace import PROJECT, Workspace
from dashboard.server.rate_limits import RateLimit
from dashboard.server.teacher import TEACHER_COOKIE, teacher_link
from dashboard.session import classroom
from tests.support.markdown import unescape_markdown
from tests.support.tiny_training import tiny_config
from tests.support.written_digits import teach_digits

pytestmark = pytest.mark.usefixtures("idle_workers", "without_mnist")


@pytest.fixture(autouse=True)
def _classroom(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_CLASSROOM", "1")


def open_dashboard(token: str | None = None) -> AppTest:
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300)
    if token:
        page.query_params["me"] = token
    return page.run()


def join(page: AppTest, nickname: str) -> AppTest:
    page.text_input(key="nickname").set_value(nickname)
    return page.button(key="FormSubmitter:join-Join").click().run()


def text(page: AppTest) -> str:
    assert not page.exception
    return unescape_markdown("\n".join(str(part.value) for part in [*page.title, *page.markdown, *page.caption]))


def buttons(page: AppTest) -> set[str]:
    return {button.key for button in page.button if button.key}


def test_student_joins_and_the_link_restores_the_hand(workspace: Workspace) -> None:
    ana = create_hand(workspace, "Ana")
    page = open_dashboard()
    assert "Join the class" in text(page)
    join(page, "ana")
    assert "There is a hand with this name already" in unescape_markdown(page.toast[0].value)

    join(page, "Ben")
    (ben,) = [hand for hand in list_hands(workspace) if hand != ana]
    assert hand_name(ben) == "Ben"
    page.switch_page("views/hand.py").run()
    assert "Ben" in text(page)
    assert "start_exam" in buttons(page)
    page.button(key="leave").click().run()
    assert "Join the class" in text(page)

    page = open_dashboard(student_token(workspace, ben)).switch_page("views/hand.py").run()
    assert "Ben" in text(page)
    assert "Join the class" in text(open_dashboard(ana.id + student_token(workspace, ben)[len(ana.id) :]))
    delete_hand(workspace, ben)
    assert "Join the class" in text(page.run())


def test_one_client_cannot_fill_the_class(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    joins = RateLimit(2, minutes=60)
    monkeypatch.setattr(classroom, "_joins", lambda: joins)
    monkeypatch.setattr(ContextProxy, "ip_address", "192.0.2.6")
    for nickname in ("Ana", "Ben", "Cleo"):
        page = join(open_dashboard(), nickname)

    assert "Too many students have joined from your network" in page.toast[0].value
    assert "Join the class" in text(page)
    monkeypatch.setattr(ContextProxy, "ip_address", "192.0.2.7")
    join(page, "Cleo")
    assert [hand_name(hand) for hand in list_hands(workspace)] == ["Ana", "Ben", "Cleo"]


def test_class_behind_a_proxy_can_join_but_not_fill_all_hands() -> None:
    assert 40 * 2 <= classroom.JOINS_PER_HOUR < MAX_HANDS / 2


def test_students_change_only_their_own_hand(workspace: Workspace) -> None:
    run = create_run(workspace, tiny_config())
    run.write_status(Status(state="interrupted"))
    ana, ben = create_hand(workspace, "Ana"), create_hand(workspace, "Ben")
    for hand in (ana, ben):
        teach_digits(hand, 10)
    page = open_dashboard(student_token(workspace, ana)).switch_page("views/train.py").run()
    page.query_params["hand"] = ben.id  # the URL of another hand gives no access to it
    assert "Only the teacher can train" in text(page)
    assert buttons(page) & {"train", "resume", "stop", "download_mnist"} == set()

    page.switch_page("views/hand.py").run()
    assert page.session_state["chosen_hand"] == ana.id
    assert list(page.segmented_control(key="hand_step").options) == ["1 Exam", "2 Teach", "3 Fool it"]
    assert buttons(page) & {"delete_hand", "FormSubmitter:new_hand-Create", "FormSubmitter:rename_hand-Rename"} == set()
    page.segmented_control(key="hand_step").set_value("2 Teach").run()
    page.session_state["chosen_tiles"] = {f"taught_{ana.id}": 0}
    page.run().button(key="forget").click().run()
    assert len(taught(ana)) == 9
    # A button on a page that was opened before the hand changed.
    page.session_state["chosen_tiles"] = {f"taught_{ana.id}": 0}
    page.run()
    page.session_state["chosen_hand"] = ben.id
    page.button(key="forget").click().run()

    assert (len(taught(ana)), len(taught(ben))) == (9, 10)
    assert "Only the teacher" in page.toast[0].value


def test_teacher_may_do_everything(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    run = create_run(workspace, tiny_config())
    run.write_status(Status(state="interrupted"))
    ana = create_hand(workspace, "Ana")
    monkeypatch.setattr(ContextProxy, "cookies", {TEACHER_COOKIE: teacher_key(workspace)})

    page = open_dashboard().switch_page("views/train.py").run()
    assert {"train", "resume"} <= buttons(page)
    page.switch_page("views/hand.py").run()
    page.session_state[f"menu_{ana.id}"] = True  # open the menu
    page.selectbox(key="hand_choice").set_value(ana.id).run()
    page.checkbox(key=f"delete_sure_{ana.id}").check().run()
    page.button(key=f"delete_{ana.id}").click().run()

    assert list_hands(workspace) == []
    assert not page.exception


def test_teachers_link_keeps_the_key_out_of_the_address() -> None:
    client = TestClient(Starlette(routes=[Route("/teacher", teacher_link)]), base_url="http://127.0.0.1")
    key = "secret-key-of-a-teacher"

    response = client.get(f"/teacher?key={key}", follow_redirects=False)

    assert response.headers["location"] == "/classroom"
    assert client.cookies[TEACHER_COOKIE] == key
    assert "HttpOnly" in response.headers["set-cookie"]
