"""The teacher's Class page in Streamlit's AppTest."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from core.language import tr
from core.launcher.control import delete
from core.personal.classroom import teacher_key
from core.personal.hand import create_hand, list_hands
from core.runs.active import active_model
from core.runs.fine_tuning import CLASS, FineTuning, read_fine_tuning
from core.runs.registry import list_runs
from core.workspace import PROJECT, Workspace
from dashboard.explain.map_figure import Dot
from dashboard.hands import class_map
from dashboard.server.teacher import TEACHER_COOKIE
from tests.support.fine_tuned import fine_tuned_run
from tests.support.markdown import unescape_markdown
from tests.support.written_digits import take_exam, teach_digits


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


def test_page_follows_a_class_from_joining_to_deletion(workspace: Workspace) -> None:
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


@pytest.mark.usefixtures("without_mnist")
def test_map_needs_mnist(workspace: Workspace) -> None:
    take_exam(create_hand(workspace, "Ana"))
    page = open_page()

    page.toggle(key="show_class_map").set_value(True).run()

    assert "MNIST is not on this machine yet" in text(page)


def test_drawings_on_the_map_name_their_student(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    exam = take_exam(create_hand(workspace, "Ana"))
    maps: list[list[Dot]] = []
    monkeypatch.setattr(class_map.map_cache, "place", lambda *arguments: np.zeros((len(arguments[2]), 2)))
    monkeypatch.setattr(class_map, "show_map", lambda *_, dots, **__: maps.append(dots))

    page = open_page()
    page.toggle(key="hide_nicknames").set_value(True)
    page.toggle(key="show_class_map").set_value(True).run()

    assert not page.exception
    assert len(maps[-1]) == len(exam.written)
    first = maps[-1][0]
    assert first.title.startswith(tr("Student 1: a {digit}, ", digit=exam.prompts[0]))
    assert (first.wrong, first.hollow) == (
        not first.title.endswith((f"read as {exam.prompts[0]}", "no answer")),
        first.title.endswith("no answer"),
    )


def test_only_the_teacher_sees_the_page(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> None:
    create_hand(workspace, "Ana")
    page = open_page()
    assert "Here so far: Ana" in text(page)
    monkeypatch.setattr(ContextProxy, "cookies", {TEACHER_COOKIE: "guessed"})

    page.run()

    assert "Ana" not in text(page)
    assert "Join the class" in [title.value for title in page.title]
    assert "delete_hands" not in {button.key for button in page.button}


def test_class_model_is_proved_for_each_hand_and_used(workspace: Workspace, idle_workers: Callable[[], None]) -> None:
    ana, ben, _ = (create_hand(workspace, name) for name in ("Ana", "Ben", "Eva"))
    page = open_page()
    assert page.button(key="fine_tune").disabled
    for seed, hand in enumerate((ana, ben)):
        teach_digits(hand, 10)
        take_exam(hand, seed=1000 * seed)
    page.run()
    assert "the class's 20 digits" in text(page)
    page.button(key="fine_tune").click().run()
    (run,) = list_runs(workspace)
    assert (read_fine_tuning(run.fine_tuning_file), page.button(key="fine_tune").disabled) == (
        FineTuning(hand=CLASS, base="shipped", digits=20),
        True,
    )
    delete(workspace, run)

    run = fine_tuned_run(workspace, CLASS)
    page.run()
    assert "no proof: Eva" in text(page)
    assert tiles(page)["Before"] == tiles(page)["After"]
    assert tiles(page)["Before"].endswith("of 100")
    table = page.dataframe[0].value
    assert table["Student"].tolist() == ["Ana", "Ben"]
    assert table["Digits"].tolist() == [50, 50]
    page.button(key="use_for_all").click().run()

    assert active_model(workspace).run_id == run.id
    assert not page.exception
