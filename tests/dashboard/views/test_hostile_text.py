"""Text from a run's files is shown as plain text: it never becomes an image, a link, a colour or a formula."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.classifier.bundle import Card
from core.runs.active import promote
from core.runs.label import write_label
from core.runs.process import worker_lock
from core.runs.registry import create_run
from core.runs.run import Run
from core.runs.status import State, Status
from core.workspace import PROJECT, Workspace
from dashboard.session.markdown import plain
from tests.support.page_text import markdown
from tests.support.runs_page import copied
from tests.support.tiny_training import tiny_config

pytestmark = pytest.mark.usefixtures("without_mnist")

HOSTILE = "![x](http://evil/x.png) [y](//evil) <img src=x> :red[z] $a$"
"""A name of the maximum length."""
HOSTILE_ID = "20200101-120000-![x](evil) [y](evil) `a` <b> :red[z] *b*"
VIEWS = ("train", "runs", "run", "evaluate", "model", "draw", "data")


def visit(view: str, run: Run, **query: str) -> AppTest:
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()
    for name, value in {"id": run.id, "model": run.id, "run": run.id, **query}.items():
        page.query_params[name] = value
    page.switch_page(f"views/{view}.py").run()
    assert not page.exception
    return page


def hostile_markdown(page: AppTest, *hostile: str) -> list[str]:
    """Return the texts on the page that contain unescaped hostile Markdown."""
    found = []
    for text in markdown(page):
        rest = text
        for one in hostile:
            rest = rest.replace(plain(one), "")
        if "evil" in rest:
            found.append(text)
    return found


def edit_json(path: Path, **values: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.fixture
def hostile(run: Run, workspace: Workspace) -> Run:
    """A promoted run in which every text is hostile."""
    write_label(workspace, run, HOSTILE, f"{HOSTILE}\n\n# {HOSTILE}")
    edit_json(run.config_file, preset=HOSTILE)
    card = json.loads(run.bundle.card_file.read_text())
    card["data"]["title"] = card["config"]["preset"] = card["run_id"] = HOSTILE
    card["versions"] = {HOSTILE: HOSTILE, "keras": HOSTILE}
    run.bundle.card_file.write_text(json.dumps(card))
    assert isinstance(run.bundle.card(), Card)
    promote(workspace, run)
    return run


@pytest.mark.parametrize("view", VIEWS)
def test_hostile_names_cards_and_settings_are_shown_as_text(hostile: Run, workspace: Workspace, view: str) -> None:
    copied(hostile, workspace, "20200101-120000-old-owl")

    page = visit(view, hostile)

    assert hostile_markdown(page, HOSTILE) == []
    if view in ("train", "run", "model"):
        assert any(plain(HOSTILE) in text for text in markdown(page))


@pytest.mark.parametrize("view", ["Mistakes", "Compare", "Epochs"])
def test_hostile_cards_are_shown_as_text_in_comparisons(hostile: Run, workspace: Workspace, view: str) -> None:
    copied(hostile, workspace, "20200101-120000-old-owl")

    assert hostile_markdown(visit("evaluate", hostile, evaluate_view=view), HOSTILE) == []


@pytest.mark.parametrize("view", ["train", "run", "runs", "evaluate"])
@pytest.mark.parametrize("state", ["queued", "running", "failed", "interrupted", "stopped", "finished"])
def test_hostile_status_is_shown_as_text(workspace: Workspace, state: State, view: str) -> None:
    run = create_run(workspace, tiny_config())
    run.write_status(Status(state=state, phase="starting", message=HOSTILE, epochs=3, steps=10))
    run.log_file.write_text(f"Traceback: {HOSTILE}\n")

    with worker_lock(run.lock_file):  # keeps the run from being recorded as interrupted
        page = visit(view, run)

    assert hostile_markdown(page, HOSTILE) == []
    if view == "run" and state not in ("finished",):
        assert any(plain(HOSTILE) in text for text in markdown(page))


@pytest.mark.parametrize("view", ["train", "runs", "run", "evaluate"])
@pytest.mark.parametrize("name", ["status.json", "config.json", "model/card.json", "answers.npz", "history.csv", ""])
def test_hostile_id_of_a_damaged_run_is_shown_as_text(run: Run, workspace: Workspace, name: str, view: str) -> None:
    damaged = Run(run.folder.rename(workspace.runs / HOSTILE_ID))
    if name:
        (damaged.folder / name).write_text(HOSTILE)

    page = visit(view, damaged)

    assert hostile_markdown(page, HOSTILE_ID, HOSTILE_ID.split("-", 2)[-1]) == []


def test_deletion_dialog_shows_a_hostile_run_as_text(run: Run, workspace: Workspace) -> None:
    hostile = Run(run.folder.rename(workspace.runs / HOSTILE_ID))

    page = visit("runs", hostile).button(key="delete").click().run()

    assert any(plain(HOSTILE_ID) in text for text in markdown(page))
    assert hostile_markdown(page, HOSTILE_ID, HOSTILE_ID.split("-", 2)[-1]) == []


def test_hostile_error_from_a_button_is_shown_as_text(run: Run, workspace: Workspace) -> None:
    hostile = Run(run.folder.rename(workspace.runs / HOSTILE_ID))
    page = visit("run", hostile)
    hostile.bundle.card_file.unlink()

    page.button(key="promote").click().run()

    assert len(page.toast) == 1
    assert hostile_markdown(page, HOSTILE_ID, HOSTILE_ID.split("-", 2)[-1]) == []
