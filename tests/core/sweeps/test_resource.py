"""The values of an unfinished run, which decide whether its trial is pruned."""

from __future__ import annotations

import pandas as pd

from core.sweeps.resource import is_clearly_worse, measured_images, reached_values

NO_ROWS = pd.DataFrame({"epoch": [], "step": [], "val_accuracy": []}, dtype=float)


def table(position: str, rows: list[tuple[float, float | None]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[position, "val_accuracy"]).astype(float)


def test_long_training_has_a_value_for_each_epoch() -> None:
    history = table("epoch", [(1, 0.5), (2, 0.7), (30, 0.9)])

    assert reached_values(history, NO_ROWS, 30, 100) == {1: 0.5, 2: 0.7}


def test_short_training_has_a_value_for_each_ninth() -> None:
    steps = table("step", [(5, 0.1), (20, None), (40, 0.6), (90, 0.9)])

    # 10 steps per ninth: the first value at or after each ninth's end, and none for the last.
    expected = {1: 0.6, 2: 0.6, 3: 0.6, 4: 0.6, 5: 0.9, 6: 0.9, 7: 0.9, 8: 0.9}
    assert reached_values(NO_ROWS, steps, 1, 90) == expected


def test_run_that_has_not_begun_has_no_values() -> None:
    assert reached_values(NO_ROWS, NO_ROWS, 1, 0) == {}


def test_difference_that_may_be_chance_is_not_clear() -> None:
    assert measured_images(1, "mnist") == 500
    assert not is_clearly_worse(0.982, 0.99, 500)
    assert is_clearly_worse(0.964, 0.99, 500)
    assert measured_images(30, "mnist") == 6000
    assert is_clearly_worse(0.982, 0.99, 6000)
    assert not is_clearly_worse(0.99, 0.99, 6000)
    assert not is_clearly_worse(0.99, 0.0, 6000)
