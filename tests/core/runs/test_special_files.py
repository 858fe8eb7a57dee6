"""A pipe, socket or device in place of a run's file counts as damage, and reading it never blocks."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from core.classifier.bundle import Bundle
from core.cli import main
from core.errors import StorageError, TrazoError
from core.launcher.control import delete
from core.launcher.queue import advance
from core.runs.active import ActivePredictor, active_model, available_models, promote
from core.runs.files import run_files
from core.runs.label import read_label
from core.runs.leftovers import remove_leftovers
from core.runs.registry import create_run
from core.runs.run import Run
from core.runs.summary import summaries
from core.workspace import Workspace
from tests.support.special_files import SPECIAL_FILES
from tests.support.tiny_training import tiny_config

pytestmark = pytest.mark.timeout(300)

FILES = (
    *("created.json", "config.json", "status.json", "process.json", "label.json", "worker.lock", "train.log"),
    *("history.csv", "steps.csv", "answers.npz", "checkpoint.npz", "stop"),
    *("model/card.json", "model/evaluation.npz", "model/novelty.npz", "model/mnist_model.tflite"),
    "model/mnist_model.keras",
)


def read_everything(workspace: Workspace, run: Run) -> None:
    bundle: Bundle = run.bundle
    for read in (
        *(
            run.status,
            run.config,
            run.history,
            run.steps,
            run.epoch_predictions,
            run.log_tail,
            run.process,
            run.trim_log,
        ),
        *(bundle.card, bundle.evaluation, bundle.first_layer_filters, bundle.zip_bytes),
        *(lambda: read_label(run), lambda: [file.contents() for file in run_files(run)]),
        *(
            lambda: available_models(workspace),
            lambda: active_model(workspace),
            lambda: ActivePredictor(workspace).current(),
        ),
    ):
        with suppress(TrazoError):
            read()


@pytest.mark.parametrize("make", SPECIAL_FILES.values(), ids=SPECIAL_FILES)
@pytest.mark.parametrize("name", FILES)
def test_reading_a_special_file_never_blocks(
    run: Run, workspace: Workspace, name: str, make: Callable[[Path], object]
) -> None:
    promote(workspace, run)
    path = run.folder / name
    path.unlink(missing_ok=True)
    make(path)

    read_everything(workspace, run)
    (row,) = summaries(workspace)
    status = main(["runs", "list"])

    assert (row.id, status) == (run.id, 0)
    if name in ("status.json", "config.json"):
        assert row.problem is not None
        assert f"The file {name} of run {run.id} is missing or damaged" in row.problem
    remove_leftovers(workspace)
    delete(workspace, run)
    assert summaries(workspace) == []


@pytest.mark.parametrize("make", SPECIAL_FILES.values(), ids=SPECIAL_FILES)
def test_special_file_in_place_of_active_json_is_reported(workspace: Workspace, make: Callable[[Path], object]) -> None:
    workspace.root.mkdir()
    make(workspace.active_file)

    assert active_model(workspace).problem is not None


@pytest.mark.usefixtures("idle_workers")
@pytest.mark.parametrize("make", SPECIAL_FILES.values(), ids=SPECIAL_FILES)
@pytest.mark.parametrize("name", ["train.log", "worker.lock"])
def test_run_with_a_special_file_does_not_block_the_queue(
    workspace: Workspace, name: str, make: Callable[[Path], object]
) -> None:
    blocked = create_run(workspace, tiny_config())
    make(blocked.folder / name)
    with pytest.raises(StorageError, match="pipe, socket or device"):
        advance(workspace)
    run = create_run(workspace, tiny_config())

    assert advance(workspace) == run
    assert json.loads(blocked.status_file.read_text())["state"] == "queued"
