"""A run on a machine in a cluster, tested without a cluster."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from core.errors import ClusterError
from core.training.engines.changes import FileChange, FolderChanges
from core.training.engines.node import NodeRun
from core.training.engines.versions import versions


def test_run_that_cannot_start_leaves_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    node, invalid_changes = NodeRun("run"), FolderChanges((FileChange("../file", b""),))

    assert "has Python" in node.start(FolderChanges(), {}, {}, {"Python": "2.7"}, threads=1)
    with pytest.raises(ClusterError):
        node.start(invalid_changes, {}, {}, versions(), threads=1)

    assert list(tmp_path.iterdir()) == []
