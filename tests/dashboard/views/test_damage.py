"""Whatever became of one run's files, it says what is wrong, and every page and every other run keep working."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from math import inf, nan
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.cli import main
from core.runs.active import promote
from core.runs.process import worker_lock
from core.runs.run import Run
from core.runs.summary import summaries
from core.runs.tables import HISTORY_COLUMNS, STEP_COLUMNS
from core.workspace import PROJECT, Workspace
from dashboard.session import cache
from tests.support.damage import (
    Damage,
    arrays,
    at_work,
    cut_in_half,
    edited,
    emptied,
    file,
    folder,
    lines,
    namesakes,
    written,
)
from tests.support.fuzzing import drawn_seven, encoded
from tests.support.markdown import shown
from tests.support.runs_page import copied
from tests.support.served_api import served_api

PAGES = sorted(path.name for path in (PROJECT / "dashboard" / "views").glob("[!_]*.py"))

DRAW, TRAIN, RUNS, RUN, MODEL = ((f"{name}.py", "") for name in ("draw", "train", "runs", "run", "model"))
MISTAKES, COMPARE, EPOCHS = (("evaluate.py", view) for view in ("Mistakes", "Compare", "Epochs"))
Place = tuple[str, str]
"""A page, and its view where it has several."""
DAMAGE: dict[str, tuple[Damage, Place, str]] = {
    "status.json cut": (cut_in_half("status.json"), RUNS, "damaged status.json"),
    "config.json cut": (cut_in_half("config.json"), RUNS, "damaged config.json"),
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

EDITS: dict[str, tuple[Damage, str]] = {
    "card: a date that is none": (edited("model/card.json", "created", to="yesterday"), "damaged card.json"),
    "card: seconds that are no number": (edited("model/card.json", "seconds", to=nan), "damaged card.json"),
    "card: more parameters than fit": (edited("model/card.json", "parameters", to=10**30), "damaged card.json"),
    "evaluation: labels above 9": (
        arrays("model/evaluation.npz", labels=lambda labels: labels + 200),
        "no readable evaluation.npz",
    ),
    "evaluation: more images than there are": (
        arrays("model/evaluation.npz", labels=lambda a: np.tile(a, 3), probabilities=lambda a: np.tile(a, (3, 1))),
        "tested on different data",
    ),
    "novelty: of another width": (arrays("model/novelty.npz", weights=lambda weights: weights[:3]), "no readable"),
    "config: a rate past its limit": (edited("config.json", "learning_rate", to=77), "damaged config.json"),
    "config: words for a number": (edited("config.json", "epochs", to="many"), "damaged config.json"),
    "config: a preset of nobody's": (edited("config.json", "preset", to="*mine*"), "does not have the run's preset"),
    "status: no such state": (edited("status.json", "state", to="asleep"), "damaged status.json"),
    "status: epochs below 0": (at_work("epochs", -5), "damaged status.json"),
    "status: ended after all calendars": (edited("status.json", "ended", to=1e14), "damaged status.json"),
    "status: an endless rest": (at_work("seconds_left", inf), "damaged status.json"),
    "status: a folder": (folder("status.json"), "damaged status.json"),
    "history: words": (lines("history.csv", HISTORY_COLUMNS, "1,x,y,z,,,,"), "damaged history.csv"),
    "history: a column is missing": (
        lines("history.csv", HISTORY_COLUMNS[1:], "11,2,1,1,1,1,1"),
        "damaged history.csv",
    ),
    "history: too long a line": (lines("history.csv", HISTORY_COLUMNS, "1,2,3,4,5,6,7,8,9"), "damaged history.csv"),
    "history: nothing finite": (
        lines("history.csv", HISTORY_COLUMNS, "1,11,2,nan,nan,nan,nan,1", "inf,inf,inf,-inf,inf,inf,inf,inf"),
        "",
    ),
    "steps: nothing finite": (lines("steps.csv", STEP_COLUMNS, "1,1,2,inf,-inf,,,nan", ",,,1,1,1,1,1"), ""),
    "steps: a folder": (folder("steps.csv"), "damaged steps.csv"),
    "answers: text": (arrays("answers.npz", labels=lambda labels: labels.astype(str)), "damaged answers.npz"),
    "answers: of no epoch": (
        arrays("answers.npz", epochs=lambda epochs: epochs[:0], predictions=lambda said: said[:0]),
        "were not recorded",
    ),
    "answers: epochs in no order": (arrays("answers.npz", epochs=lambda epochs: epochs[::-1]), "damaged answers.npz"),
    "process: words": (written("process.json", '{"pid": "first", "started": "today"}'), ""),
    "process: no such number": (written("process.json", '{"pid": -5, "started": 1}'), ""),
    "label: no text": (written("label.json", bytes(range(256))), ""),
    "label: numbers": (written("label.json", '{"name": 5, "note": [1]}'), ""),
    "log: a folder": (folder("train.log"), ""),
    "model: a file": (file("model"), ""),
    "record: two runs": (namesakes, "record is damaged"),
    "record: deep": (written("../../active.json", "[" * 100_000), "record is damaged"),
    "record: a number": (written("../../active.json", '{"run_id": 5}'), "record is damaged"),
    "record: a folder": (folder("../../active.json"), "record is damaged"),
}
"""What somebody makes of a run's files, and what one of the pages that read them says; nothing where all goes on."""

OF_RUNS = TRAIN, RUNS, RUN
READ_BY = {
    "card": (*OF_RUNS, MISTAKES, MODEL),
    "evaluation": (MISTAKES, COMPARE),
    "novelty": (DRAW,),
    "answers": (EPOCHS,),
    "label": (*OF_RUNS, MISTAKES),
    "model": (*OF_RUNS, MODEL),
    "record": (DRAW, RUNS, MODEL),
}
"""The pages that read a file; those of OF_RUNS read all others."""
COMMANDS = ("runs list", "runs list --json", "runs show new-newt", "evaluate", "predict {picture} --json")


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """Each test's dashboard looks at its own workspace."""
    cache.predictor.clear()
    yield
    cache.predictor.clear()


@pytest.fixture
def runs(trained: Run, workspace: Workspace) -> tuple[Run, Run]:
    """Two finished runs; the newer one is in use."""
    older, newer = (
        copied(trained, workspace, name) for name in ("20200101-120000-old-owl", "20990101-120000-new-newt")
    )
    promote(workspace, newer)
    return older, newer


def everything_said(page: AppTest) -> str:
    parts = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.success]
    return shown("\n".join(str(part.value) for part in parts))


def visit(*places: Place, run: Run | None = None) -> list[str]:
    """Open pages one after the other, which must not break, and look at a run there; returns what each says."""
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()
    said = []
    for name, view in places:
        page.switch_page(f"views/{name}")
        for parameter in ("model", "run", "id") if run else ():
            page.query_params[parameter] = run.id
        page.run()
        for control in page.segmented_control:
            # A damaged model's page has none.
            if view and control.key == "evaluate_view" and control.value != view:
                control.set_value(view).run()
        assert not page.exception, (name, page.exception[0].value)
        said.append(everything_said(page))
    return said


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_run_says_what_is_wrong(runs: tuple[Run, Run], workspace: Workspace, name: str) -> None:
    whole, damaged = runs
    damage, place, sentence = DAMAGE[name]

    damage(damaged)

    assert sentence in visit(place, run=damaged)[0]
    rows = {row.id: row for row in summaries(workspace)}
    assert (rows[whole.id].problem, rows[whole.id].state) == (None, "finished")


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_file_breaks_no_page_that_reads_it(runs: tuple[Run, Run], name: str) -> None:
    edit, sentence = EDITS[name]

    with worker_lock(runs[1].lock_file):
        edit(runs[1])
        said = visit(*READ_BY.get(name.partition(":")[0], OF_RUNS), run=runs[1])

    assert sentence in "\n".join(said)


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_file_is_no_traceback_on_the_command_line(runs: tuple[Run, Run], tmp_path: Path, name: str) -> None:
    picture = tmp_path / "seven.png"
    picture.write_bytes(encoded(drawn_seven(), "PNG"))
    edit, _ = EDITS[name]

    with worker_lock(runs[1].lock_file):
        edit(runs[1])
        statuses = [main(command.format(picture=picture).split()) for command in COMMANDS]

    assert set(statuses) <= {0, 1}


@pytest.mark.parametrize("name", ["novelty.npz", "mnist_model.tflite"])
def test_the_api_reads_with_the_shipped_model_where_the_promoted_one_is_damaged(
    runs: tuple[Run, Run], workspace: Workspace, name: str
) -> None:
    cut_in_half(f"model/{name}")(runs[1])

    with served_api(workspace) as client:
        answer = client.post("/predict", content=encoded(drawn_seven(), "PNG"), headers={"Content-Type": "image/png"})

    assert (answer.status_code, answer.json()["model"]) == (200, "shipped")


@pytest.mark.parametrize("name", ["", "runs", "data"])
def test_a_file_in_the_place_of_a_folder_leaves_the_pages_open_and_says_so(workspace: Workspace, name: str) -> None:
    path = workspace.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("no folder")

    said = dict(zip(PAGES, visit(*((page, "") for page in PAGES)), strict=True))

    assert all(said.values())
    told = [page for page, text in said.items() if f"The runs in {workspace.runs} cannot be listed" in text]
    assert told == ([] if name == "data" else ["runs.py", "train.py"])
    assert main(["runs", "list"]) == (0 if name == "data" else 1)


def test_every_page_keeps_working_among_damaged_runs(runs: tuple[Run, Run], workspace: Workspace) -> None:
    damages = [*(damage for damage, _, _ in DAMAGE.values()), *(edit for edit, _ in EDITS.values())]
    for number, damage in enumerate(damages):
        damage(Run(Path(shutil.copytree(runs[0].folder, workspace.runs / f"202101{number + 10}-120000-sad-seal"))))

    assert all(visit(*((page, "") for page in PAGES)))


def test_a_read_only_workspace_can_be_looked_at(
    trained: Run, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAZO_WORKSPACE", str(small_disk))
    workspace = Workspace(small_disk)
    run = Run(Path(shutil.copytree(trained.folder, workspace.runs / trained.id)))
    promote(workspace, run)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)

    said = visit(*((page, "") for page in PAGES))

    assert all(f"Active model: {run.title}" in one for one in said)
