"""Sweeps are created under ids that are safe as folder names."""

from __future__ import annotations

import pytest

from core.errors import SweepError
from core.sweeps.control import create_sweep, list_sweeps
from core.workspace import Workspace
from tests.support.tiny_sweeps import tiny_settings


@pytest.mark.parametrize("sweep_id", ["../20261129-120000-quiet-otter", "/tmp/outside", "nobody", ""])
def test_sweep_needs_a_well_formed_id(workspace: Workspace, sweep_id: str) -> None:
    with pytest.raises(SweepError, match="is not the id of a sweep"):
        create_sweep(workspace, tiny_settings(), sweep_id)

    assert list_sweeps(workspace) == []
    sweep = create_sweep(workspace, tiny_settings(), "20261129-120000-quiet-otter")
    assert list_sweeps(workspace) == [sweep]
