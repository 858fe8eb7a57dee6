"""The reports that a cluster driver writes for the worker that started it, one JSON object per line."""

from __future__ import annotations

from typing import Literal

from core.language import Message
from core.records import Record


class Report(Record):
    """A report from the driver.

    `waiting`: no machine is training, for the reason in `message`. `training`: a machine has answered. `ended`: the run
    has ended with `state` and `message`. `lost`: the connection or the machine was lost. `unusable`: the cluster cannot
    train this run.
    """

    event: Literal["waiting", "training", "ended", "lost", "unusable"]
    message: Message = Message("")
    state: Literal["finished", "stopped", "failed"] = "failed"
