"""The page of a sweep redraws itself while one of its winners is being trained."""

from __future__ import annotations

from core.runs.run import Run
from core.runs.status import Status
from core.storage import make_folder
from core.workspace import Workspace
from dashboard.sweeps.page import is_busy
from tests.support.sweep_files import write_sweep


def test_page_is_busy_while_a_winner_is_being_trained(workspace: Workspace) -> None:
    sweep = write_sweep(workspace, winner=True)
    assert not is_busy(sweep.id)
    (winner,) = sweep.progress().winners
    run = Run(make_folder(workspace.runs / winner.runs[-1]))

    run.write_status(Status(state="queued"))
    assert is_busy(sweep.id)

    run.write_status(Status(state="finished"))
    assert not is_busy(sweep.id)
