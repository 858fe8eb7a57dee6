"""The process that finds a dataset's near duplicates; `core.launcher.duplicates_process` starts it."""

from __future__ import annotations

import os
import sys

from core.data.datasets import load_dataset
from core.explain.duplicates_file import duplicates_file, write_duplicates
from core.explain.near_duplicates import find_near_duplicates
from core.workspace import Workspace

_NICE = 19
"""Niceness of the process: the lowest priority."""


def main(dataset_id: str) -> None:
    """Find the near duplicates of a dataset, and write them to the cache."""
    workspace = Workspace.from_environment()
    dataset = load_dataset(dataset_id, workspace)
    write_duplicates(duplicates_file(workspace, dataset), find_near_duplicates(dataset))


if __name__ == "__main__":
    os.nice(_NICE)
    main(sys.argv[1])
