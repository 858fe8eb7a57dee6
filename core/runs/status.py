"""The status of a run: its state and its progress."""

from __future__ import annotations

from typing import Literal

from core.language import Message
from core.records import Amount, Count, Fraction, Record, Timestamp

State = Literal["queued", "running", "finished", "stopped", "failed", "interrupted"]
Phase = Literal["waiting", "starting", "training", "validating", "saving", "done"]
Start = Literal["python", "tensorflow", "images", "network", "step"]
"""The stages of a new process before its first step is complete, in order."""

STATE_NAMES: dict[State, Message] = {
    "queued": Message("queued"),
    "running": Message("running"),
    "finished": Message("finished"),
    "stopped": Message("stopped"),
    "failed": Message("failed"),
    "interrupted": Message("interrupted"),
}
"""Names of the states, as users read them."""

UNEXPECTED_END_MESSAGES = {
    (False, False): Message(
        "The training process ended unexpectedly. Resume the run to start again from the beginning."
    ),
    (False, True): Message(
        "The training process ended unexpectedly. Resume the run to continue from the last completed epoch."
    ),
    (True, False): Message(
        "The training process ended unexpectedly, probably because the machine ran out of memory: the system killed a "
        "process to free memory. Resume the run to start again from the beginning."
    ),
    (True, True): Message(
        "The training process ended unexpectedly, probably because the machine ran out of memory: the system killed a "
        "process to free memory. Resume the run to continue from the last completed epoch."
    ),
}
"""Messages for a run whose worker died, keyed by (probably ran out of memory, has a checkpoint)."""


class Status(Record, extra="ignore"):
    """State and progress of a run.

    `updated`, `started` and `ended` are Unix timestamps; `seconds` is the training time so far. `epoch` and
    `step` count from 1 (0 before the first); `steps` is the number of steps in an epoch. `seconds_left` assumes that
    early stopping does not end training. `start`: the stage of a new process, or None once it has completed a step.
    `test_accuracy` is None until the trained network has been evaluated.
    """

    state: State
    phase: Phase = "waiting"
    message: Message = Message("")
    start: Start | None = None
    updated: Timestamp = 0.0
    started: Timestamp | None = None
    ended: Timestamp | None = None
    epoch: Count = 0
    epochs: Count = 0
    step: Count = 0
    steps: Count = 0
    seconds: Amount = 0.0
    seconds_left: Amount | None = None
    images_per_second: Amount | None = None
    test_accuracy: Fraction | None = None

    @property
    def progress(self) -> float:
        """The completed fraction of all steps, 0..1."""
        total = self.epochs * self.steps
        if not total:
            return 0.0
        return min(1.0, (max(self.epoch - 1, 0) * self.steps + self.step) / total)

    @property
    def epochs_done(self) -> int:
        """The number of completed epochs; an epoch that was stopped partway through does not count."""
        return self.epoch if self.step >= self.steps else max(self.epoch - 1, 0)

    @property
    def has_ended(self) -> bool:
        """True if the run is neither queued nor running."""
        return self.state not in ("queued", "running")
