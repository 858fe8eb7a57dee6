"""A run with damaged files shows the damage, and all pages and all other runs keep working."""

from __future__ import annotations

import re
import shutil
import subprocess
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
from tests.support.damage import (
    Damage,
    change_arrays,
    cut_in_half,
    duplicate_name,
    edit_json,
    edit_running_status,
    empty_files,
    replace_with_file,
    replace_with_folder,
    write_file,
    write_rows,
)
from tests.support.fuzzing import drawn_seven, encoded
from tests.support.markdown import unescape_markdown
from tests.support.runs_page import copied
from tests.support.served_api import served_api

PAGES = sorted(path.name for path in (PROJECT / "dashboard" / "views").glob("[!_]*.py"))

DRAW, TRAIN, RUNS, RUN, MODEL = ((f"{name}.py", "") for name in ("draw", "train", "runs", "run", "model"))
MISTAKES, COMPARE, EPOCHS = (("evaluate.py", view) for view in ("Mistakes", "Compare", "Epochs"))
PageView = tuple[str, str]
"""A page and one of its views; an empty string if the page has only one view."""
DAMAGE: dict[str, tuple[Damage, PageView, str]] = {
    "status.json truncated": (cut_in_half("status.json"), RUNS, r"status.json of .* damaged"),
    "config.json truncated": (cut_in_half("config.json"), RUNS, r"config.json of .* damaged"),
    "steps.csv binary": (write_file("steps.csv", bytes(range(256))), RUNS, r"steps.csv of .* damaged"),
    "answers.npz truncated": (cut_in_half("answers.npz"), EPOCHS, r"answers.npz of .* damaged"),
    "card.json truncated": (cut_in_half("model/card.json"), MISTAKES, r"card.json of .* damaged"),
    "evaluation.npz truncated": (cut_in_half("model/evaluation.npz"), MISTAKES, r"evaluation.npz of .* damaged"),
    "mnist_model.tflite truncated": (
        cut_in_half("model/mnist_model.tflite"),
        DRAW,
        "Until then, the shipped model is in use",
    ),
    "novelty.npz truncated": (cut_in_half("model/novelty.npz"), DRAW, "Until then, the shipped model is in use"),
    "mnist_model.keras truncated": (cut_in_half("model/mnist_model.keras"), MODEL, r"mnist_model.keras of .* damaged"),
    "every file empty": (empty_files, RUNS, "damaged"),
    "folder deleted": (lambda run: shutil.rmtree(run.folder), DRAW, "model was deleted"),
}
"""Damage to a run's files, the page that reports it, and a pattern that matches the message on that page."""

EDITS: dict[str, tuple[Damage, str]] = {
    "card: an invalid date": (edit_json("model/card.json", "created", to="yesterday"), r"card.json of .* damaged"),
    "card: seconds is NaN": (edit_json("model/card.json", "seconds", to=nan), r"card.json of .* damaged"),
    "card: too many parameters": (edit_json("model/card.json", "parameters", to=10**30), r"card.json of .* damaged"),
    "evaluation: labels above 9": (
        change_arrays("model/evaluation.npz", labels=lambda labels: labels + 200),
        r"evaluation.npz of .* damaged",
    ),
    "evaluation: too many images": (
        change_arrays(
            "model/evaluation.npz", labels=lambda a: np.tile(a, 3), probabilities=lambda a: np.tile(a, (3, 1))
        ),
        "tested on data that is not on this machine",
    ),
    "novelty: wrong width": (
        change_arrays("model/novelty.npz", weights=lambda weights: weights[:3]),
        r"novelty.npz of .* damaged",
    ),
    "config: a learning rate above its limit": (
        edit_json("config.json", "learning_rate", to=77),
        r"config.json of .* damaged",
    ),
    "config: text instead of a number": (edit_json("config.json", "epochs", to="many"), r"config.json of .* damaged"),
    "config: an unknown preset": (edit_json("config.json", "preset", to="*mine*"), "does not have the run's preset"),
    "status: an unknown state": (edit_json("status.json", "state", to="asleep"), r"status.json of .* damaged"),
    "status: a negative epoch": (edit_running_status("epochs", -5), r"status.json of .* damaged"),
    "status: an end time out of range": (edit_json("status.json", "ended", to=1e14), r"status.json of .* damaged"),
    "status: infinite time left": (edit_running_status("seconds_left", inf), r"status.json of .* damaged"),
    "status: a folder": (replace_with_folder("status.json"), r"status.json of .* damaged"),
    "history: text instead of numbers": (
        write_rows("history.csv", HISTORY_COLUMNS, "1,x,y,z,,,,"),
        r"history.csv of .* damaged",
    ),
    "history: a column is missing": (
        write_rows("history.csv", HISTORY_COLUMNS[1:], "11,2,1,1,1,1,1"),
        r"history.csv of .* damaged",
    ),
    "history: a row with too many values": (
        write_rows("history.csv", HISTORY_COLUMNS, "1,2,3,4,5,6,7,8,9"),
        r"history.csv of .* damaged",
    ),
    "history: no finite values": (
        write_rows("history.csv", HISTORY_COLUMNS, "1,11,2,nan,nan,nan,nan,1", "inf,inf,inf,-inf,inf,inf,inf,inf"),
        "",
    ),
    "steps: no finite values": (write_rows("steps.csv", STEP_COLUMNS, "1,1,2,inf,-inf,,,nan", ",,,1,1,1,1,1"), ""),
    "steps: a folder": (replace_with_folder("steps.csv"), r"steps.csv of .* damaged"),
    "answers: text": (
        change_arrays("answers.npz", labels=lambda labels: labels.astype(str)),
        r"answers.npz of .* damaged",
    ),
    "answers: no epochs": (
        change_arrays("answers.npz", epochs=lambda epochs: epochs[:0], predictions=lambda digits: digits[:0]),
        "were not recorded",
    ),
    "answers: epochs in reverse order": (
        change_arrays("answers.npz", epochs=lambda epochs: epochs[::-1]),
        r"answers.npz of .* damaged",
    ),
    "watched: a digit above 9": (edit_json("watched.json", "images", 0, "prediction", "digit", to=77), ""),
    "process: text instead of numbers": (write_file("process.json", '{"pid": "first", "started": "today"}'), ""),
    "process: an invalid process id": (write_file("process.json", '{"pid": -5, "started": 1}'), ""),
    "label: binary": (write_file("label.json", bytes(range(256))), ""),
    "label: numbers": (write_file("label.json", '{"name": 5, "note": [1]}'), ""),
    "log: a folder": (replace_with_folder("train.log"), ""),
    "model: a file": (replace_with_file("model"), ""),
    "active: a name of two runs": (duplicate_name, "record is damaged"),
    "active: deeply nested": (write_file("../../active.json", "[" * 100_000), "record is damaged"),
    "active: a number": (write_file("../../active.json", '{"run_id": 5}'), "record is damaged"),
    "active: a folder": (replace_with_folder("../../active.json"), "record is damaged"),
}
"""Invalid edits to a run's files, and a pattern that matches the message on a page; empty if nothing is reported."""

RUN_PAGES = TRAIN, RUNS, RUN
READ_BY = {
    "card": (*RUN_PAGES, MISTAKES, MODEL),
    "evaluation": (MISTAKES, COMPARE),
    "novelty": (DRAW,),
    "answers": (EPOCHS,),
    "watched": (TRAIN, RUN),
    "label": (*RUN_PAGES, MISTAKES),
    "model": (*RUN_PAGES, MODEL),
    "active": (DRAW, RUNS, MODEL),
}
"""The pages that read a file; all files that are not listed here are read by RUN_PAGES."""
COMMANDS = ("runs list", "runs list --json", "runs show new-newt", "evaluate", "predict {picture} --json")


@pytest.fixture
def runs(trained: Run, workspace: Workspace) -> tuple[Run, Run]:
    """Two finished runs; the newer one has the active model."""
    older, newer = (
        copied(trained, workspace, name) for name in ("20200101-120000-old-owl", "20990101-120000-new-newt")
    )
    promote(workspace, newer)
    return older, newer


def page_text(page: AppTest) -> str:
    parts = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error, *page.success]
    names = [f"{box.label}: {box.options[box.index]}" for box in page.sidebar.selectbox]
    return unescape_markdown("\n".join([*(str(part.value) for part in parts), *names]))


def read_pages(*views: PageView, run: Run | None = None) -> list[str]:
    """Open pages one after the other, with `run` in the URL, and return their texts; fail if a page raises an error."""
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()
    texts = []
    for name, view in views:
        page.switch_page(f"views/{name}")
        for parameter in ("model", "run", "id") if run else ():
            page.query_params[parameter] = run.id
        page.run()
        for control in page.pills:
            # The page of a damaged model has no such control.
            if view and control.key == "evaluate_view" and control.value != view:
                control.set_value(view).run()
        assert not page.exception, (name, page.exception[0].value)
        texts.append(page_text(page))
    return texts


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_reported_on_a_page(runs: tuple[Run, Run], workspace: Workspace, name: str) -> None:
    intact, damaged = runs
    damage, page_view, message = DAMAGE[name]

    damage(damaged)

    assert re.search(message, read_pages(page_view, run=damaged)[0])
    rows = {row.id: row for row in summaries(workspace)}
    assert (rows[intact.id].problem, rows[intact.id].state) == (None, "finished")


@pytest.mark.parametrize("name", EDITS)
def test_pages_keep_working_after_an_invalid_edit(runs: tuple[Run, Run], name: str) -> None:
    edit, message = EDITS[name]

    with worker_lock(runs[1].lock_file):
        edit(runs[1])
        texts = read_pages(*READ_BY.get(name.partition(":")[0], RUN_PAGES), run=runs[1])

    assert re.search(message, "\n".join(texts))


@pytest.mark.parametrize("name", EDITS)
def test_commands_keep_working_after_an_invalid_edit(runs: tuple[Run, Run], tmp_path: Path, name: str) -> None:
    picture = tmp_path / "seven.png"
    picture.write_bytes(encoded(drawn_seven(), "PNG"))
    edit, _ = EDITS[name]

    with worker_lock(runs[1].lock_file):
        edit(runs[1])
        statuses = [main(command.format(picture=picture).split()) for command in COMMANDS]

    assert set(statuses) <= {0, 1}


@pytest.mark.parametrize("name", ["novelty.npz", "mnist_model.tflite"])
def test_api_falls_back_to_the_shipped_model_after_damage(
    runs: tuple[Run, Run], workspace: Workspace, name: str
) -> None:
    cut_in_half(f"model/{name}")(runs[1])

    with served_api(workspace) as client:
        response = client.post("/predict", content=encoded(drawn_seven(), "PNG"), headers={"Content-Type": "image/png"})

    assert (response.status_code, response.json()["model"]) == (200, "shipped")


@pytest.mark.parametrize("name", ["", "runs", "data"])
def test_file_in_place_of_a_folder_is_reported(workspace: Workspace, name: str) -> None:
    path = workspace.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("not a folder")

    texts = dict(zip(PAGES, read_pages(*((page, "") for page in PAGES)), strict=True))

    assert all(texts.values())
    reporting = [page for page, text in texts.items() if f"The runs in {workspace.runs} cannot be listed" in text]
    assert reporting == ([] if name == "data" else ["runs.py", "train.py"])
    assert main(["runs", "list"]) == (0 if name == "data" else 1)


def test_pages_keep_working_with_many_damaged_runs(runs: tuple[Run, Run], workspace: Workspace) -> None:
    damage_functions = [*(damage for damage, _, _ in DAMAGE.values()), *(edit for edit, _ in EDITS.values())]
    for index, damage in enumerate(damage_functions):
        damage(Run(Path(shutil.copytree(runs[0].folder, workspace.runs / f"202101{index + 10}-120000-sad-seal"))))

    assert all(read_pages(*((page, "") for page in PAGES)))


def test_pages_work_with_a_read_only_workspace(trained: Run, small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_WORKSPACE", str(small_disk))
    workspace = Workspace(small_disk)
    run = Run(Path(shutil.copytree(trained.folder, workspace.runs / trained.id)))
    promote(workspace, run)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)

    texts = read_pages(*((page, "") for page in PAGES))

    assert all(f"Active model: {run.title}" in text for text in texts)
