"""Status of a run: its state and its progress."""

from __future__ import annotations

from typing import Literal

from core.records import Amount, Count, Moment, Record

State = Literal["queued", "running", "finished", "stopped", "failed", "interrupted"]
Phase = Literal["waiting", "starting", "training", "validating", "saving", "done"]


class Status(Record, extra="ignore"):
    """State and progress. `updated`, `started`, `ended`: seconds since 1970; `seconds`: of training so far.

    `epoch` and `step` count from 1 (0 before the first); `steps` is the number of steps in an epoch. `seconds_left`
    assumes that all epochs are needed.
    """

    state: State
    phase: Phase = "waiting"
    message: str = ""
    updated: Moment = 0.0
    started: Moment | None = None
    ended: Moment | None = None
    epoch: Count = 0
    epochs: Count = 0
    step: Count = 0
    steps: Count = 0
    seconds: Amount = 0.0
    seconds_left: Amount | None = None
    images_per_second: Amount | None = None

    @property
    def progress(self) -> float:
        """Share of all steps that are done, 0..1."""
        total = self.epochs * self.steps
        return min(1.0, (max(self.epoch - 1, 0) * self.steps + self.step) / total) if total else 0.0

    @property
    def over(self) -> bool:
        """True if nothing more will happen by itself."""
        return self.state not in ("queued", "running")
