"""The comparison of a winner's runs with the first trial."""

from __future__ import annotations

import shutil
from pathlib import Path

from core.runs.run import Run
from core.runs.trial import TrialResult, write_trial_result
from core.sweeps.comparison import compare_seeds
from core.sweeps.records import Progress, Trial, Winner
from core.workspace import Workspace

FIRST = Trial(
    number=0,
    state="complete",
    settings={},
    results=(TrialResult(validation_accuracy=0.5, parameters=100),),
    values=(0.5,),
    started=1.0,
    ended=2.0,
)


def copies(workspace: Workspace, trained: Run, count: int) -> list[Run]:
    folders = [workspace.runs / f"{trained.id}-{seed}" for seed in range(count)]
    return [Run(Path(shutil.copytree(trained.folder, folder))) for folder in folders]


def test_only_finished_runs_count(workspace: Workspace, trained: Run) -> None:
    runs = copies(workspace, trained, 3)
    winner = Winner(trial=1, runs=tuple(run.id for run in runs))
    accuracy = trained.bundle.card().metrics.validation_accuracy
    # A run that is stopped keeps the model of its last step.
    runs[0].write_final_status(runs[0].status().model_copy(update={"state": "stopped"}))

    comparison = compare_seeds(workspace, Progress(trials=(FIRST,)), winner, "validation_accuracy")

    assert comparison is not None
    assert (comparison.winner, comparison.base) == ((accuracy, accuracy), (0.5,))
    assert not comparison.within_spread
    shutil.rmtree(runs[1].folder)
    assert compare_seeds(workspace, Progress(trials=(FIRST,)), winner, "validation_accuracy") is None


def test_winner_is_compared_by_the_objective(workspace: Workspace, trained: Run) -> None:
    runs = copies(workspace, trained, 2)
    winner = Winner(trial=1, runs=tuple(run.id for run in runs))
    result = TrialResult(validation_accuracy=0.9, parameters=100, redrawn_accuracy=0.4)
    progress = Progress(trials=(FIRST.model_copy(update={"results": (result,)}),))
    # Runs from an earlier version were not evaluated on redrawn digits.
    assert compare_seeds(workspace, progress, winner, "redrawn_accuracy") is None

    for run, accuracy in zip(runs, (0.5, 0.6), strict=True):
        write_trial_result(run.trial_result_file, result.model_copy(update={"redrawn_accuracy": accuracy}))
    comparison = compare_seeds(workspace, progress, winner, "redrawn_accuracy")

    assert comparison is not None
    assert (comparison.winner, comparison.base) == ((0.5, 0.6), (0.4,))
    assert comparison.test_accuracies == (trained.bundle.card().metrics.test_accuracy,) * 2
    assert comparison.objective == "redrawn_accuracy"


def test_first_settings_are_not_compared_with_themselves(workspace: Workspace, trained: Run) -> None:
    runs = tuple(run.id for run in copies(workspace, trained, 2))
    same = FIRST.model_copy(update={"number": 1})
    other = FIRST.model_copy(update={"number": 2, "settings": {"dropout": 0.5}})
    progress = Progress(trials=(FIRST, same, other))

    def compared(trial: int) -> bool:
        return compare_seeds(workspace, progress, Winner(trial=trial, runs=runs), "validation_accuracy") is not None

    assert [compared(trial) for trial in (0, 1, 2)] == [False, False, True]
