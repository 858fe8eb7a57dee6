"""The journal's status: what happens before the first step, and the estimate of the remaining time."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from core.runs.registry import create_run
from core.runs.run import Run
from core.runs.status import Status
from core.training import callbacks, live_curve
from core.training.callbacks import MIN_TIMED_SECONDS, Journal
from core.workspace import Workspace
from tests.support.tiny_training import tiny_config

COMPILATION_SECONDS = 9.0
STEP_SECONDS = 0.1


def status(run: Run) -> Status:
    """Return the status as written; `run.status()` would report an interruption, because the run has no worker."""
    return Status.model_validate_json(run.status_file.read_bytes())


def test_time_left_is_unknown_until_steps_have_been_timed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    clock = SimpleNamespace(perf_counter=lambda: now, time=lambda: now)
    monkeypatch.setattr(callbacks, "time", clock)
    monkeypatch.setattr(live_curve, "time", clock)
    config, steps = tiny_config(epochs=1), 200
    run = create_run(workspace, config)
    journal = Journal(
        run,
        SimpleNamespace(evaluate_sample=lambda _: (0.5, 0.9), watch=lambda: None),
        config,
        steps * config.batch_size,
    )
    journal.set_model(SimpleNamespace(stop_training=False))
    estimates = []

    journal.write_status("starting", "Compiling the network.")
    assert status(run).start == "network"
    journal.on_train_begin()
    assert status(run).start == "step"
    journal.on_epoch_begin(0)
    for batch in range(steps):
        now += STEP_SECONDS if batch else COMPILATION_SECONDS
        journal.on_train_batch_end(batch, {"loss": 0.5, "accuracy": 0.9})
        journal.write_status("training", "Training.")
        estimates.append(status(run).seconds_left)
        assert status(run).start is None

    timed_steps = round(MIN_TIMED_SECONDS / STEP_SECONDS)
    assert set(estimates[:timed_steps]) == {None}
    assert estimates[timed_steps + 1 : -1] == pytest.approx(
        [STEP_SECONDS * left for left in range(steps - timed_steps - 2, 0, -1)]
    )
    assert estimates[-1] == 0
