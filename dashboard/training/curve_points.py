"""The points of a run's learning curves, as tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

TRAINING, VALIDATION = "Training", "Validation"
MOST_POINTS = 400
"""Most points of a thin line: more than a screen shows, few enough to be sent every second."""
_ALL_POINTS = 8_000
"""About how many points all overlaid curves have at most."""
_COLUMNS = ["run", "split", "every", "epoch", "step", "seconds", "loss", "accuracy", "loss_line", "accuracy_line"]
NO_POINTS = pd.DataFrame(columns=_COLUMNS)
"""The curves of a run that has not begun."""


def points_each(runs: int) -> int:
    """How many points each of so many overlaid runs may have in its thin line."""
    return int(np.clip(_ALL_POINTS // max(runs, 1), 40, MOST_POINTS))


def smoothed(values: pd.DataFrame, weight: float) -> pd.DataFrame:
    """Exponential moving average of each column; `weight` 0..0.99 is that of what came before, 0 changes nothing.

    Without the bias towards 0 at the start, as TensorBoard's smoothing (its `classicSmoothing`) and Adam (Kingma and
    Ba, 2015) do it: the average after n values is divided by 1 - weight^n.
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
    """All points of a run's curves: columns run, split, every ("step" or "epoch"), epoch, step, seconds, what was
    measured (loss, accuracy) and the smoothed lines through it (loss_line, accuracy_line).

    `steps` and `history` are a run's tables; `epoch` becomes a position: 1.5 is half-way through the second epoch.
    `overlaid`: only what `overlaid_curves` draws.
    """
    wanted = [(TRAINING, "step", steps, ""), (VALIDATION, "epoch", history, "val_")]
    if not overlaid:
        # A line through both: after an epoch the whole split was looked at, in between a sample of it.
        wanted += [(VALIDATION, "step", steps, "val_"), (VALIDATION, "step", history, "val_")]
        wanted += [(TRAINING, "epoch", history, "")]
    parts = [_part(run, split, every, table, prefix, smoothing, most) for split, every, table, prefix in wanted]
    filled = [part for part in parts if len(part)]
    if not filled:
        return NO_POINTS
    points = pd.concat(filled, ignore_index=True)
    return points.assign(epoch=points["step"] / _epoch_length(history, steps_in_epoch))[_COLUMNS]


def _epoch_length(history: pd.DataFrame, steps_in_epoch: int) -> float:
    """Steps in an epoch; a run that waits to go on has them in its history alone."""
    if steps_in_epoch > 0 or not len(history):
        return max(steps_in_epoch, 1)
    return max(float(history["step"].iloc[-1] / max(history["epoch"].iloc[-1], 1)), 1.0)


def _part(
    run: str, split: str, every: str, table: pd.DataFrame, prefix: str, smoothing: float, most: int
) -> pd.DataFrame:
    columns = [f"{prefix}loss", f"{prefix}accuracy"]
    measured = table.dropna(subset=columns)
    # One value an epoch is few: an average of them would lie far from what was measured.
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
    """Those that are drawn where several runs lie over each other: validation by epochs, training by steps."""
    return points[(points["split"] == VALIDATION) == (points["every"] == "epoch")]
