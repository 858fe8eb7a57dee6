"""The status of a run before its first training step."""

from __future__ import annotations

import time

from core.config import TrainingConfig
from core.language import Message
from core.runs.run import Run
from core.runs.status import Start, Status


def write_start(
    run: Run, config: TrainingConfig, start: Start | None, message: Message, started: float | None = None
) -> None:
    """Write the status before training; `start`: the stage of a local training process, or None on a cluster.

    `started`: the time at which the worker started, if not yet recorded.
    """
    status = Status(
        state="running",
        phase="starting",
        start=start,
        message=message,
        started=started or run.started or time.time(),
        epochs=config.epochs,
    )
    run.write_status(status, durable=started is not None)
