"""A run's position and stopping point, in words."""

from __future__ import annotations

import pytest

from core.runs.status import Status
from dashboard.parts.units import epochs_and_part
from dashboard.training.progress import position, stopping_point


def status(epoch: int, step: int) -> Status:
    return Status(state="running", phase="training", epoch=epoch, epochs=3, step=step, steps=469)


def test_position_names_the_epoch_only_while_it_is_in_progress() -> None:
    assert position(status(epoch=2, step=188)) == "Epoch 2 of 3, step 188 of 469"
    # A resumed run has completed an epoch and not yet begun the next one.
    assert position(status(epoch=1, step=469)) == "1 of 3 epochs completed"


def test_stopped_run_names_completed_epochs_and_the_last_step() -> None:
    assert stopping_point(status(2, 188)) == "1 of 3 epochs completed; epoch 2 stopped at step 188 of 469."
    assert stopping_point(status(2, 469)) == "2 of 3 epochs completed."


@pytest.mark.parametrize(
    ("whole", "part", "words"),
    [
        (2, 1.0, "3 epochs"),
        (1, 0.0, "1 epoch"),
        (1, 0.4, "1 epoch and 40% of the next"),
        (0, 0.001, "1% of the first epoch"),
        (5, 0.999, "5 epochs and 99% of the next"),
    ],
)
def test_part_of_an_epoch_is_not_counted_as_an_epoch(whole: int, part: float, words: str) -> None:
    assert epochs_and_part(whole, part) == words
