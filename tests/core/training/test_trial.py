"""A sweep's search run: it is evaluated on the validation split, never on the test set, and has no model."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from core.classifier.architectures import build_model
from core.cli import main
from core.launcher.control import request_stop
from core.launcher.queue import submit
from core.runs.active import available_models
from core.runs.snapshot import Snapshot
from core.runs.summary import summaries
from core.runs.trial import TrialMark, read_trial_result
from core.workspace import Workspace
from tests.support.tiny_training import tiny_config
from tests.support.workers import end_all, wait_for, wait_for_end

WITHOUT_TEST_SET = """
from dataclasses import replace
from core.data import datasets
split = datasets._split_dataset
datasets._split_dataset = lambda *arguments: replace(split(*arguments), test=None)
"""


@pytest.fixture(autouse=True)
def no_worker_survives(workspace: Workspace) -> Iterator[None]:
    yield
    end_all(workspace)


def test_trial_is_evaluated_without_the_test_set(
    workspace: Workspace, patch_worker: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    patch_worker(WITHOUT_TEST_SET)
    mark = TrialMark(sweep="20261129-120000-quiet-otter", trial=7, measurements=("redrawn_accuracy", "milliseconds"))
    config = tiny_config()
    run = submit(workspace, config, trial=mark)
    wait_for_end(run)

    assert run.status().state == "finished", run.log_tail()
    assert run.status().test_accuracy is None
    result = read_trial_result(run.trial_result_file)
    assert result is not None
    assert result.validation_accuracy == pytest.approx(run.history()["val_accuracy"].iloc[-1], abs=1e-6)
    assert result.parameters == build_model(config.model).count_params()
    assert result.redrawn_accuracy is not None
    assert result.milliseconds
    # It has no model and cannot be a teacher.
    assert not run.bundle.folder.exists()
    assert list(available_models(workspace)) == ["shipped"]
    assert Snapshot.of(workspace).matching_config(config) == []
    (row,) = summaries(workspace)
    assert (row.problem, row.has_model, row.validation_accuracy) == (None, False, result.validation_accuracy)
    assert main(["runs", "show", run.id]) == 0
    assert "trial 7 of sweep 20261129-120000-quiet-otter" in capsys.readouterr().out
    assert main(["runs", "list"]) == 0


def test_pruned_trial_has_its_stop_reason_and_no_model(workspace: Workspace) -> None:
    mark = TrialMark(sweep="20261129-120000-quiet-otter", trial=1)
    run = submit(workspace, tiny_config(epochs=200, patience=0, batch_size=8), trial=mark)
    wait_for(run, run.steps_file.exists, "first step")

    request_stop(workspace, run, "Stopped: pruned by the sweep.")
    wait_for_end(run)

    assert run.status().state == "stopped"
    assert run.status().message == "Stopped: pruned by the sweep."
    assert not run.bundle.folder.exists()
    assert not run.trial_result_file.exists()
