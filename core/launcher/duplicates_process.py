"""Starts the process that finds near duplicates in the background."""

from __future__ import annotations

from pathlib import Path

from core.data.datasets import Dataset
from core.explain.duplicates_file import duplicates_file
from core.launcher import background
from core.workspace import Workspace


def start_search(workspace: Workspace, dataset: Dataset) -> None:
    """Start finding the near duplicates of a dataset, unless a process is already doing so.

    Raises the errors of `background.start`.
    """
    background.start(workspace, _log_file(workspace, dataset), "core.explain.duplicates_worker", dataset.id)


def is_searching(workspace: Workspace, dataset: Dataset) -> bool:
    """Return True if a process is finding the near duplicates of this dataset."""
    return background.is_running(_log_file(workspace, dataset))


def has_failed(workspace: Workspace, dataset: Dataset) -> bool:
    """Return True if a search has ended without a result."""
    return (
        _log_file(workspace, dataset).exists()
        and not is_searching(workspace, dataset)
        and not duplicates_file(workspace, dataset).exists()
    )


def _log_file(workspace: Workspace, dataset: Dataset) -> Path:
    return duplicates_file(workspace, dataset).with_suffix(".log")
