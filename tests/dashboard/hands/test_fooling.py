"""Students vote on drawings meant to fool the model, and the teacher sees which ones do."""

from __future__ import annotations

import json

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from core.personal.classroom import student_token, teacher_key
from core.personal.fooling import attempts, submit, vote
from core.personal.hand import create_hand
from core.workspace import PROJECT, Workspace
from dashboard.server.teacher import TEACHER_COOKIE
from tests.support.markdown import unescape_markdown
from tests.support.written_digits import write


def text(page: AppTest) -> str:
    assert not page.exception
    return unescape_markdown("\n".join(str(part.value) for part in [*page.markdown, *page.caption]))


def test_blind_votes_make_a_drawing_score(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_CLASSROOM", "1")
    artist, *voters = [create_hand(workspace, name) for name in ("Ana", "Ben", "Eva", "Kim")]
    submit(artist, write(7).model_copy(update={"predicted": 1}))
    for voter in voters[:2]:
        vote(voter, attempts(workspace)[0], 7)

    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300)
    page.query_params["me"] = student_token(workspace, voters[2])
    page.run().switch_page("views/hand.py").run()
    page.segmented_control(key="hand_step").set_value("3 Fool it").run()
    assert len(json.loads(page.get_by_key(f"fool_{voters[2].id}").proto.json)["prompts"]) == 100
    assert "Ana" not in text(page)
    page.button(key="vote_7").click().run()
    assert "nothing to vote on" in text(page)

    (attempt,) = attempts(workspace)
    assert attempt.scores
    monkeypatch.setattr(ContextProxy, "cookies", {TEACHER_COOKIE: teacher_key(workspace)})
    page.run().switch_page("views/classroom.py").run()
    assert "Ana **1**" in text(page)
    assert "the class's 1 digit." in text(page)
    assert [tile["caption"] for tile in json.loads(page.get_by_key("fooled").proto.json)["tiles"]] == ["7, read as 1"]
