"""Whatever became of one run's files, it says what is wrong, and every page and every other run keep working."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.runs.registry import promote, summaries
from core.runs.run import Run
from core.runs.tables import HISTORY_COLUMNS
from core.workspace import PROJECT, Workspace
from dashboard.markdown import plain

PAGES = sorted(path.name for path in (PROJECT / "dashboard" / "views").glob("[!_]*.py"))


def written(name: str, content: bytes) -> Callable[[Run], object]:
    return lambda run: (run.folder / name).write_bytes(content)


def cut_in_half(name: str) -> Callable[[Run], object]:
    def cut(run: Run) -> None:
        content = (run.folder / name).read_bytes()
        (run.folder / name).write_bytes(content[: len(content) // 2])

    return cut


def emptied(run: Run) -> None:
    for path in run.folder.rglob("*"):
        if path.is_file():
            path.write_bytes(b"")


DRAW, RUNS, MODEL = ("draw.py", ""), ("runs.py", ""), ("model.py", "")
MISTAKES, EPOCHS = ("evaluate.py", "Mistakes"), ("evaluate.py", "Epochs")
DAMAGE: dict[str, tuple[Callable[[Run], object], tuple[str, str], str]] = {
    "status.json cut": (cut_in_half("status.json"), RUNS, "damaged status.json"),
    "status.json edited": (written("status.json", b'{"state": "asleep"}'), RUNS, "damaged status.json"),
    "config.json cut": (cut_in_half("config.json"), RUNS, "damaged config.json"),
    "config.json edited": (written("config.json", b'{"epochs": "many"}'), RUNS, "damaged config.json"),
    "history.csv edited": (
        written("history.csv", (",".join(HISTORY_COLUMNS) + "\n1,x,y,z,,,,\n").encode()),
        RUNS,
        "damaged history.csv",
    ),
    "steps.csv binary": (written("steps.csv", bytes(range(256))), RUNS, "damaged steps.csv"),
    "answers.npz cut": (cut_in_half("answers.npz"), EPOCHS, "damaged answers.npz"),
    "card.json cut": (cut_in_half("model/card.json"), MISTAKES, "damaged card.json"),
    "evaluation.npz cut": (cut_in_half("model/evaluation.npz"), MISTAKES, "no readable evaluation.npz"),
    "mnist_model.tflite cut": (cut_in_half("model/mnist_model.tflite"), DRAW, "Until then the shipped model is in use"),
    "novelty.npz cut": (cut_in_half("model/novelty.npz"), DRAW, "Until then the shipped model is in use"),
    "mnist_model.keras cut": (cut_in_half("model/mnist_model.keras"), MODEL, "no readable mnist_model.keras"),
    "every file empty": (emptied, RUNS, "damaged"),
    "folder deleted": (lambda run: shutil.rmtree(run.folder), DRAW, "model is gone"),
}
"""What becomes of a run's files, the page (and its view) that says so, and what it says."""


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """Each test's dashboard starts anew."""
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture
def runs(trained: Run, workspace: Workspace) -> tuple[Run, Run]:
    """Two finished runs; the newer one is in use."""
    older, newer = (
        Run(Path(shutil.copytree(trained.folder, workspace.runs / name)))
        for name in ("20200101-120000-old-owl", "20990101-120000-new-newt")
    )
    promote(workspace, newer)
    return older, newer


def everything_said(page: AppTest) -> str:
    parts = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.success]
    return "\n".join(str(part.value) for part in parts)


def visit(*views: str, **address: str) -> list[str]:
    """Open pages one after the other, which must not break; returns what each says."""
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=60).run()
    said = []
    for view in views:
        page.switch_page(f"views/{view}")
        for name, value in address.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception, (view, page.exception[0].value)
        said.append(everything_said(page))
    return said


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_run_says_what_is_wrong(runs: tuple[Run, Run], workspace: Workspace, name: str) -> None:
    whole, damaged = runs
    damage, (page, view), sentence = DAMAGE[name]

    damage(damaged)

    assert sentence in visit(page, model=damaged.id, evaluate_view=view)[0]
    rows = {row.id: row for row in summaries(workspace)}
    assert (rows[whole.id].problem, rows[whole.id].state) == (None, "finished")


def test_every_page_keeps_working_among_damaged_runs(runs: tuple[Run, Run], workspace: Workspace) -> None:
    for number, (damage, _, _) in enumerate(DAMAGE.values()):
        damage(Run(Path(shutil.copytree(runs[0].folder, workspace.runs / f"202101{number + 10}-120000-sad-seal"))))

    assert all(visit(*PAGES))


def test_a_read_only_workspace_can_be_looked_at(
    trained: Run, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAZO_WORKSPACE", str(small_disk))
    workspace = Workspace(small_disk)
    run = Run(Path(shutil.copytree(trained.folder, workspace.runs / trained.id)))
    promote(workspace, run)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)

    said = visit(*PAGES)

    assert all(f"Model in use: {plain(run.title)}" in one for one in said)
