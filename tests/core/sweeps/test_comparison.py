"""The comparison of a winner's runs with the first trial."""

from __future__ import annotations

import shutil
from pathlib import Path

from core.runs.run import Run
from core.runs.trial import TrialResult
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


def test_only_finished_runs_count(workspace: Workspace, trained: Run) -> None:
    runs = [Run(Path(shutil.copytree(trained.folder, workspace.runs / f"{trained.id}-{seed}"))) for seed in range(3)]
    winner = Winner(trial=1, runs=tuple(run.id for run in runs))
    accuracy = trained.bundle.card().metrics.validation_accuracy
    # A run that is stopped keeps the model of its last step.
    runs[0].write_final_status(runs[0].status().model_copy(update={"state": "stopped"}))

    comparison = compare_seeds(workspace, Progress(trials=(FIRST,)), winner)

    assert comparison is not None
    assert (comparison.winner, comparison.base) == ((accuracy, accuracy), (0.5,))
    assert not comparison.within_spread
    shutil.rmtree(runs[1].folder)
    assert compare_seeds(workspace, Progress(trials=(FIRST,)), winner) is None
