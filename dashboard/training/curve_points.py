"""The points of learning curves, as tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dashboard.training.look import AXES, Look, Measure

TRAINING, VALIDATION = "Training", "Validation"
MOST_POINTS = 400
"""Most points of a thin line: more than a screen shows, few enough to send every second."""
_ALL_POINTS = 8_000
"""Most points of all overlaid curves together."""
_COLUMNS = ["run", "split", "every", "epoch", "step", "seconds", "loss", "accuracy", "loss_line", "accuracy_line"]
NO_POINTS = pd.DataFrame(columns=_COLUMNS)
"""The curves of a run that has not started."""


def points_each(runs: int) -> int:
    """Return the most points of each thin line when this many runs are overlaid."""
    return int(np.clip(_ALL_POINTS // max(runs, 1), 40, MOST_POINTS))


def smoothed(values: pd.DataFrame, weight: float) -> pd.DataFrame:
    """Return the exponential moving average of each column; `weight` (0..0.99) is that of earlier values.

    The bias towards 0 at the start is corrected as in TensorBoard (`classicSmoothing`) and Adam (Kingma and Ba, 2015):
    the average after n values is divided by 1 - weight^n.
    """
    return values.ewm(alpha=1.0 - weight, adjust=True).mean() if weight else values


def curve_points(
    run: str,
    steps: pd.DataFrame,
    history: pd.DataFrame,
    steps_in_epoch: int,
    smoothing: float = 0.0,
    most: int = MOST_POINTS,
    overlaid: bool = False,
) -> pd.DataFrame:
    """Return the points of a run's curves: columns run, split, every ("step" or "epoch"), epoch, step, seconds, the
    measured values (loss, accuracy) and the smoothed lines (loss_line, accuracy_line).

    `steps` and `history`: the run's tables. `epoch` is a position: 1.5 is halfway through the second epoch.
    `overlaid`: only the points of `overlaid_points`.
    """
    wanted = [(TRAINING, "step", steps, ""), (VALIDATION, "epoch", history, "val_")]
    if not overlaid:
        # One line through both: within an epoch a sample of the split is evaluated, after it all of the split.
        wanted += [(VALIDATION, "step", steps, "val_"), (VALIDATION, "step", history, "val_")]
        wanted += [(TRAINING, "epoch", history, "")]
    parts = [_part(run, split, every, table, prefix, smoothing, most) for split, every, table, prefix in wanted]
    filled = [part for part in parts if len(part)]
    if not filled:
        return NO_POINTS
    points = pd.concat(filled, ignore_index=True)
    return points.assign(epoch=points["step"] / _epoch_length(history, steps_in_epoch))[_COLUMNS]


def _epoch_length(history: pd.DataFrame, steps_in_epoch: int) -> float:
    """Return the steps in an epoch; for a queued run that was resumed, only its history has them."""
    if steps_in_epoch > 0 or not len(history):
        return max(steps_in_epoch, 1)
    return max(float(history["step"].iloc[-1] / max(history["epoch"].iloc[-1], 1)), 1.0)


def _part(
    run: str, split: str, every: str, table: pd.DataFrame, prefix: str, smoothing: float, most: int
) -> pd.DataFrame:
    columns = [f"{prefix}loss", f"{prefix}accuracy"]
    measured = table.dropna(subset=columns)
    # An average over so few values would lie far from them.
    lines = smoothed(measured[columns], smoothing if every == "step" else 0.0)
    kept = np.unique(np.linspace(0, max(len(measured) - 1, 0), min(len(measured), most)).round().astype(int))
    measured, lines = measured.iloc[kept], lines.iloc[kept]
    return pd.DataFrame(
        {
            "run": run,
            "split": split,
            "every": every,
            "step": measured["step"],
            "seconds": measured["seconds"],
            "loss": measured[columns[0]],
            "accuracy": measured[columns[1]],
            "loss_line": lines[columns[0]],
            "accuracy_line": lines[columns[1]],
        }
    )


def overlaid_points(points: pd.DataFrame) -> pd.DataFrame:
    """Return the points for overlaid runs: validation after each epoch, training every few steps."""
    return points[(points["split"] == VALIDATION) == (points["every"] == "epoch")]


def shown_points(points: pd.DataFrame, measure: Measure, look: Look) -> pd.DataFrame:
    """Return the points that a look shows: `value` as measured, `line` as drawn."""
    column = "loss" if measure == "loss" else "accuracy"
    value, line = points[column].astype(float), points[f"{column}_line"].astype(float)
    if measure == "error":
        value, line = 1.0 - value, 1.0 - line
    table = points[["run", "split", "every", *AXES]].assign(value=value, line=line)
    wanted = table["epoch"] >= look.first
    # The mean over a hidden epoch lies at its end, and is hidden with it.
    wanted &= (table["epoch"] > look.first) | (table["split"] != TRAINING) | (table["every"] != "epoch")
    if look.logarithmic:  # 0 has no place on it
        wanted &= (table["value"] > 0) & (table["line"] > 0)
    return table[wanted]
