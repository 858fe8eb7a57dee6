"""The page of a sweep while it runs: its figures, and its redrawing while one of its winners is being trained."""

from __future__ import annotations

import time

import pytest

from core.runs.run import Run
from core.runs.status import Status
from core.storage import make_folder
from core.sweeps.records import SweepStatus
from core.workspace import Workspace
from dashboard.sweeps.overview import times
from dashboard.sweeps.page import is_busy
from dashboard.sweeps.trials import Trials
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


@pytest.mark.parametrize(
    ("limits", "note"),
    [
        ({"trials": 10}, "about 60 min left for the trials"),
        ({"trials": 10, "hours": 1.5}, "about 30 min left for the trials"),
        ({"trials": 5}, "for a typical trial"),  # the winner is being retrained
        ({"trials": 10, "hours": 0.5}, "for a typical trial"),
    ],
)
def test_time_left_respects_the_limits_of_the_sweep(workspace: Workspace, limits: dict[str, float], note: str) -> None:
    sweep = write_sweep(workspace, 5)
    trials = Trials(sweep.settings().model_copy(update=limits), sweep.progress())
    status = SweepStatus(state="running", seconds=3600.0, updated=time.time())

    assert note in times(status, trials)[1]
