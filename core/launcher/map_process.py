"""Starts the process that computes a map in the background."""

from __future__ import annotations

from pathlib import Path

from core.classifier.bundle import Bundle
from core.explain.map_file import bundle_fingerprint, map_file
from core.launcher import background
from core.workspace import Workspace


def start_map(workspace: Workspace, bundle: Bundle, dataset_id: str) -> None:
    """Start computing a model's map of a dataset, unless a process is already doing so.

    Raises BundleError if the model cannot be read, and the errors of `background.start`.
    """
    log_file = _log_file(workspace, bundle, dataset_id)
    background.start(workspace, log_file, "core.explain.map_worker", str(bundle.folder), dataset_id)


def is_computing(workspace: Workspace, bundle: Bundle, dataset_id: str) -> bool:
    """Return True if a process is computing this map; raises BundleError if the model cannot be read."""
    return background.is_running(_log_file(workspace, bundle, dataset_id))


def _log_file(workspace: Workspace, bundle: Bundle, dataset_id: str) -> Path:
    return map_file(workspace, dataset_id, bundle_fingerprint(bundle)).with_suffix(".log")
