"""Runs are listed, found, promoted and deleted; the active model changes accordingly."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from core.classifier.bundle import bundle_folder
from core.errors import RunError, RunNotFound, StorageError
from core.launcher.control import request_stop
from core.launcher.queue import advance
from core.runs.active import ActivePredictor, active_model, available_models, promote
from core.runs.deletion import delete_run
from core.runs.registry import create_run, find_run, list_runs
from core.runs.run import Run
from core.runs.summary import summaries
from core.workspace import Workspace
from tests.support.tiny_training import tiny_config


def test_empty_workspace_uses_the_shipped_model(workspace: Workspace) -> None:
    assert list_runs(workspace) == []
    assert active_model(workspace).run_id is None
    assert list(available_models(workspace)) == ["shipped"]
    assert not workspace.root.exists()


def test_finished_run_has_a_summary(run: Run, workspace: Workspace) -> None:
    (row,) = summaries(workspace)

    assert row.state == "finished"
    assert row.dataset == "digits"
    assert row.has_model
    assert row.accuracy == run.bundle.card().metrics.test_accuracy > 0.5
    assert not row.promoted


def test_run_is_found_by_its_id_or_title(run: Run, workspace: Workspace) -> None:
    assert find_run(workspace, run.id) == run
    assert find_run(workspace, run.title) == run


@pytest.mark.parametrize("name", ["", "nobody", "..", "../runs", "/etc", ".", "a\0b"])
def test_other_names_are_not_found(run: Run, workspace: Workspace, name: str) -> None:
    with pytest.raises(RunNotFound):
        find_run(workspace, name)


def test_promotion_takes_effect_immediately_and_can_be_undone(run: Run, workspace: Workspace) -> None:
    predictor = ActivePredictor(workspace)
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 5:23, 13:15] = 255
    shipped = predictor.current()[1].probabilities(image)

    promote(workspace, run)
    active, model = predictor.current()
    assert active.run_id == run.id
    assert not np.array_equal(model.probabilities(image), shipped)

    promote(workspace, None)
    assert predictor.current()[0].run_id is None
    assert np.array_equal(predictor.current()[1].probabilities(image), shipped)


def test_promoted_model_is_reloaded_after_further_training(run: Run, workspace: Workspace) -> None:
    predictor = ActivePredictor(workspace)
    promote(workspace, run)
    before = predictor.current()
    with bundle_folder(run.bundle.folder) as folder:
        shutil.copytree(run.bundle.folder, folder, dirs_exist_ok=True)

    after = predictor.current()

    assert after[0].run_id == run.id
    assert after[1] is not before[1]
    assert predictor.current() == after
    # While a bundle is replaced, it is missing for a moment.
    run.bundle.folder.rename(run.folder / "away")
    assert predictor.current() == after


def test_run_without_a_model_is_not_promoted(workspace: Workspace) -> None:
    queued = create_run(workspace, tiny_config())

    with pytest.raises(RunError, match="no finished model"):
        promote(workspace, queued)

    assert active_model(workspace).run_id is None


def test_deleting_the_promoted_run_restores_the_shipped_model(run: Run, workspace: Workspace) -> None:
    promote(workspace, run)

    delete_run(workspace, run)

    assert list(workspace.runs.iterdir()) == []
    active = active_model(workspace)
    assert (active.run_id, active.problem) == (None, None)


def test_shipped_model_replaces_a_promoted_run_that_vanished(run: Run, workspace: Workspace) -> None:
    promote(workspace, run)
    shutil.rmtree(run.folder)

    active = active_model(workspace)

    assert active.run_id is None
    assert active.problem is not None
    assert "shipped model is in use" in active.problem


@pytest.mark.parametrize("content", ["", "{", "[]", '{"run": 1}', '{"run_id": 5}', '{"run_id": "../../etc"}'])
def test_damaged_active_json_is_reported(workspace: Workspace, content: str) -> None:
    workspace.root.mkdir()
    workspace.active_file.write_text(content)

    assert active_model(workspace).run_id is None
    assert active_model(workspace).problem is not None


def test_shipped_model_replaces_a_model_that_fails_to_load(run: Run, workspace: Workspace) -> None:
    promote(workspace, run)
    run.bundle.tflite_file.write_bytes(b"damaged")

    active, predictor = ActivePredictor(workspace).current()

    assert active.run_id is None
    assert active.problem is not None
    assert predictor.probabilities(np.zeros((1, 28, 28), np.uint8)).shape == (1, 10)


def test_promoted_run_is_active_again_when_its_folder_returns(run: Run, workspace: Workspace) -> None:
    predictor = ActivePredictor(workspace)
    promote(workspace, run)
    assert predictor.current()[0].run_id == run.id

    away = run.folder.rename(workspace.root / "away")

    active, _ = predictor.current()
    assert active.run_id is None
    assert active.problem is not None

    away.rename(run.folder)

    assert predictor.current()[0].run_id == run.id


def test_queued_run_can_be_deleted(workspace: Workspace) -> None:
    delete_run(workspace, create_run(workspace, tiny_config()))

    assert list_runs(workspace) == []


def test_deleting_a_run_twice_raises_not_found(run: Run, workspace: Workspace) -> None:
    delete_run(workspace, run)

    with pytest.raises(RunNotFound):
        delete_run(workspace, run)


def test_ambiguous_title_lists_the_ids(run: Run, workspace: Workspace) -> None:
    twin = run.folder.with_name(f"20200101-000000-{run.title}")
    shutil.copytree(run.folder, twin)

    with pytest.raises(RunError, match=twin.name) as raised:
        find_run(workspace, run.title)

    assert run.id in str(raised.value)
    assert find_run(workspace, run.id) == run


def test_read_only_workspace_is_reported(small_disk: Path) -> None:
    workspace = Workspace(small_disk)
    queued = create_run(workspace, tiny_config())
    workspace.lock_file.unlink(missing_ok=True)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)

    for attempt in (
        lambda: advance(workspace),
        lambda: request_stop(workspace, queued),
        lambda: delete_run(workspace, queued),
        lambda: create_run(workspace, tiny_config()),
    ):
        with pytest.raises(StorageError, match=r"could not be written\. Change"):
            attempt()


@pytest.mark.parametrize("name", ["", "runs"])
def test_file_in_place_of_a_folder_is_reported(workspace: Workspace, name: str) -> None:
    path = workspace.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("not a folder")

    assert list_runs(workspace) == []
    with pytest.raises(StorageError, match="a file where a folder should be"):
        create_run(workspace, tiny_config())


def test_folder_in_place_of_active_json_is_reported(run: Run, workspace: Workspace) -> None:
    workspace.active_file.mkdir()

    with pytest.raises(StorageError, match="a folder where a file should"):
        promote(workspace, run)


@pytest.mark.parametrize("name", ["status.json", "config.json"])
def test_damaged_run_is_listed_and_can_be_deleted(run: Run, workspace: Workspace, name: str) -> None:
    (run.folder / name).write_text("{")

    (row,) = summaries(workspace)
    assert row.state is None
    assert row.problem is not None
    assert name in row.problem

    delete_run(workspace, run)
    assert list_runs(workspace) == []
