"""A snapshot of all runs: the status and the config of each run are read lazily, at most once."""

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
from core.runs.trial import read_search_marker
from core.workspace import Workspace

T = TypeVar("T")


class RunSnapshot:
    """One run in a snapshot; its status and config are cached once read."""

    def __init__(self, run: Run, read_config: Callable[[], TrainingConfig] | None = None) -> None:
        self.run = run
        self._read_config = read_config or run.config

    def status(self) -> Status:
        """Return the run's status; raises RunError if it cannot be read."""
        return _value_or_raise(self._status)

    def config(self) -> TrainingConfig:
        """Return the run's config; raises RunError if it cannot be read."""
        return _value_or_raise(self._config)

    def refreshed(self) -> RunSnapshot:
        """Return a new snapshot of the run that reads the status again; the config never changes."""
        return RunSnapshot(self.run, self.config)

    @cached_property
    def _may_be_search_run(self) -> bool:
        # An unreadable mark may be that of a search run.
        return _read_or_error(lambda: read_search_marker(self.run.trial_file)) is not None

    @cached_property
    def _status(self) -> Status | RunError:
        return _read_or_error(self.run.status)

    @cached_property
    def _config(self) -> TrainingConfig | RunError:
        return _read_or_error(self._read_config)


@dataclass(frozen=True)
class Snapshot:
    """The runs that exist when the snapshot is taken, newest first.

    A snapshot taken while holding the workspace's lock is valid until the lock is released, except that a run in
    progress may end.
    """

    runs: tuple[RunSnapshot, ...]

    @classmethod
    def of(cls, workspace: Workspace) -> Snapshot:
        """Take a snapshot of all runs, which is empty if they cannot be listed."""
        return cls(tuple(map(RunSnapshot, list_runs(workspace))))

    def readable(self) -> list[tuple[RunSnapshot, Status]]:
        """Return each run whose status can be read, with its status."""
        pairs = [(entry, entry._status) for entry in self.runs]
        return [(entry, status) for entry, status in pairs if isinstance(status, Status)]

    def in_state(self, state: State) -> list[RunSnapshot]:
        """Return the runs in the given state; runs whose status cannot be read are left out."""
        return [entry for entry, status in self.readable() if status.state == state]

    def matching_config(self, config: TrainingConfig) -> list[tuple[RunSnapshot, Status]]:
        """Return each run with exactly these settings, and its status.

        Damaged runs are left out, and so are sweeps' search runs, which have no model.
        """
        matching = (entry for entry in self.runs if entry._config == config)
        return Snapshot(tuple(entry for entry in matching if not entry._may_be_search_run)).readable()

    def find(self, run: Run) -> RunSnapshot:
        """Return the snapshot of one run, or a new one if the run was created after this snapshot."""
        return next((entry for entry in self.runs if entry.run == run), RunSnapshot(run))

    def with_refreshed(self, *entries: RunSnapshot) -> Snapshot:
        """Return this snapshot with these runs read again, or added if new; pass them from oldest to newest."""
        refreshed = {entry.run: entry.refreshed() for entry in entries}
        known = tuple(refreshed.pop(entry.run, entry) for entry in self.runs)
        return Snapshot((*reversed(refreshed.values()), *known))


def _read_or_error(read: Callable[[], T]) -> T | RunError:
    try:
        return read()
    except RunError as error:
        return error


def _value_or_raise(outcome: T | RunError) -> T:
    if isinstance(outcome, RunError):
        raise outcome
    return outcome
