"""What a training writes beside its model stays small, however long it takes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from core.runs.registry import create_run
from core.training import callbacks
from core.training.callbacks import Journal
from core.workspace import Workspace
from tests.conftest import tiny_config

DAY = 24 * 3600
STEP_SECONDS = 0.5


def test_the_live_curve_of_a_day_has_some_thousand_points(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny_config(epochs=24)
    run, now = create_run(workspace, config), 0.0
    monkeypatch.setattr(callbacks, "time", SimpleNamespace(perf_counter=lambda: now, time=lambda: now))
    monkeypatch.setattr(type(run), "write_status", lambda *_, **__: None)  # not what is measured, and slow
    steps = int(DAY / config.epochs / STEP_SECONDS)
    validation = SimpleNamespace(on_sample=lambda _: (0.5, 0.9))
    journal = Journal(run, validation, config, steps)

    journal.on_train_begin()
    for epoch in range(config.epochs):
        journal.on_epoch_begin(epoch)
        for batch in range(steps):
            now += STEP_SECONDS
            journal.on_train_batch_end(batch, {"loss": 0.5, "accuracy": 0.9})

    curve = run.steps()
    assert len(curve) < 7000
    assert run.steps_file.stat().st_size < 2**20
    assert curve["epoch"].unique().tolist() == list(range(1, config.epochs + 1))
    assert curve["seconds"].iloc[0] < 1
    assert curve["step"].iloc[-1] == config.epochs * steps
