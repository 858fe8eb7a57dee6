"""A run's position and stopping point, in words."""

from __future__ import annotations

import pandas as pd
import pytest

from core.runs.status import Status
from core.runs.tables import HISTORY_COLUMNS, STEP_COLUMNS
from dashboard.parts.units import epochs_and_part
from dashboard.training.progress import latest_value, position, stopping_point


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


STEPS = pd.DataFrame(
    [(80, 1, 1.0, 0.9, 0.71, 0.8, 0.75, 900.0), (120, 1, 2.0, 0.5, 0.83, None, None, 900.0)],
    columns=list(STEP_COLUMNS),
)
HISTORY = pd.DataFrame([(1, 120, 2.0, 0.6, 0.8, 0.4, 0.9, 1e-3)], columns=list(HISTORY_COLUMNS))
NEXT_EPOCH = STEPS.assign(step=[200, 240], epoch=2)


def test_accuracies_are_shown_after_the_first_steps() -> None:
    empty_tables = STEPS.head(0), HISTORY.head(0)
    assert latest_value(*empty_tables, "val_accuracy") == ("–", "after a few steps")
    assert latest_value(STEPS, HISTORY.head(0), "accuracy") == ("83.0%", "at step 120")
    assert latest_value(STEPS, HISTORY.head(0), "val_accuracy") == ("75.0%", "at step 80")
    assert latest_value(STEPS, HISTORY, "val_accuracy") == ("90.00%", "after epoch 1")
    assert latest_value(NEXT_EPOCH, HISTORY, "val_accuracy") == ("75.0%", "at step 200")
