"""Sweeps of runs that take a few seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from core.runs.registry import list_runs
from core.runs.run import Run
from core.runs.trial import TrialMark, read_trial_mark
from core.sweeps.control import create_sweep
from core.sweeps.opening import study_of
from core.sweeps.records import Range, SweepSettings
from core.sweeps.search import Search
from core.sweeps.sweep import Sweep
from core.sweeps.trial_runs import TrialRuns
from core.workspace import Workspace
from tests.support.tiny_training import tiny_config

LEARNING_RATE = Range(name="learning_rate", low=0.001, high=0.1, logarithmic=True)


def tiny_settings(**values: Any) -> SweepSettings:
    """Return the settings of a sweep over the learning rate of a tiny run."""
    defaults = {
        "created": datetime.now(UTC),
        "title": "Tiny",
        "base": tiny_config(),
        "parameters": (LEARNING_RATE,),
        "trials": 3,
    }
    return SweepSettings(**{**defaults, **values})


def tiny_sweep(workspace: Workspace, **values: Any) -> Sweep:
    """Create a tiny sweep without starting it."""
    return create_sweep(workspace, tiny_settings(**values))


def search_of(workspace: Workspace, sweep: Sweep) -> Search:
    """Return the search that a new process of the sweep would run."""
    return Search(workspace, sweep, study_of(sweep, sweep.settings()), TrialRuns(workspace, sweep.id))


def marked_runs(workspace: Workspace) -> list[tuple[TrialMark, Run]]:
    """Return the runs of sweeps, oldest first, with their marks."""
    pairs = [(read_trial_mark(run.trial_file), run) for run in reversed(list_runs(workspace))]
    return [(mark, run) for mark, run in pairs if mark]
