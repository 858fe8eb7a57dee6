"""One look at all runs: the status and the config of each are read when first asked for, and only once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from core.config import TrainingConfig
from core.errors import RunError
from core.runs.registry import list_runs
from core.runs.run import Run
from core.runs.status import State, Status
from core.workspace import Workspace

T = TypeVar("T")


class RunSnapshot:
    """One run of a snapshot; what was read of it stays as it was."""

    def __init__(self, run: Run, read_config: Callable[[], TrainingConfig] | None = None) -> None:
        self.run = run
        self._read_config = read_config or run.config

    def status(self) -> Status:
        """Return the run's status; raises RunError if it cannot be read."""
        return _value(self._status)

    def config(self) -> TrainingConfig:
        """Return the run's config; raises RunError if it cannot be read."""
        return _value(self._config)

    def changed(self) -> RunSnapshot:
        """Return a snapshot of the same run whose status is read again; its config never changes."""
        return RunSnapshot(self.run, self.config)

    @cached_property
    def _status(self) -> Status | RunError:
        return _outcome(self.run.status)

    @cached_property
    def _config(self) -> TrainingConfig | RunError:
        return _outcome(self._read_config)


@dataclass(frozen=True)
class Snapshot:
    """The runs of a workspace at one moment, newest first.

    Taken under the workspace's lock, it holds until the lock is released, except that running ones may end.
    """

    runs: tuple[RunSnapshot, ...]

    @classmethod
    def of(cls, workspace: Workspace) -> Snapshot:
        """Take a snapshot of all runs; none if they cannot be listed."""
        return cls(tuple(map(RunSnapshot, list_runs(workspace))))

    def readable(self) -> list[tuple[RunSnapshot, Status]]:
        """Return each run whose status can be read, with its status."""
        found = [(run, run._status) for run in self.runs]
        return [(run, status) for run, status in found if isinstance(status, Status)]

    def in_state(self, state: State) -> list[RunSnapshot]:
        """Return the runs in a state; a run whose status cannot be read is in none."""
        return [run for run, status in self.readable() if status.state == state]

    def with_config(self, config: TrainingConfig) -> list[tuple[RunSnapshot, Status]]:
        """Return each run with exactly these settings, with its status; damaged runs are left out."""
        return Snapshot(tuple(run for run in self.runs if run._config == config)).readable()

    def find(self, run: Run) -> RunSnapshot:
        """Return the snapshot of one run, also if it was created since."""
        return next((one for one in self.runs if one.run == run), RunSnapshot(run))

    def after(self, *changes: RunSnapshot) -> Snapshot:
        """Return this snapshot as it is after these runs were changed, or created in this order."""
        changed = {one.run: one.changed() for one in changes}
        known = tuple(changed.pop(one.run, one) for one in self.runs)
        return Snapshot((*reversed(changed.values()), *known))


def _outcome(read: Callable[[], T]) -> T | RunError:
    try:
        return read()
    except RunError as error:
        return error


def _value(outcome: T | RunError) -> T:
    if isinstance(outcome, RunError):
        raise outcome
    return outcome
