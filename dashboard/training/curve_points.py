"""The points of learning curves, as tables."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from dashboard.training.chart_options import AXES, ChartOptions, CurveMetric

TRAINING, VALIDATION = "Training", "Validation"
MAX_POINTS = 400
"""Maximum number of points in a thin line: enough for any screen, and few enough to send every second."""
_MAX_TOTAL_POINTS = 8_000
"""Maximum total number of points in all overlaid curves."""
_COLUMNS = ["run", "split", "granularity", "epoch", "step", "seconds", "loss", "accuracy", "loss_line", "accuracy_line"]
NO_POINTS = pd.DataFrame(columns=_COLUMNS)
"""The curves of a run that has not started."""


def max_points_per_run(runs: int) -> int:
    """Return the maximum number of points in each thin line when this many runs are overlaid."""
    return int(np.clip(_MAX_TOTAL_POINTS // max(runs, 1), 40, MAX_POINTS))


def smooth(values: pd.DataFrame, weight: float) -> pd.DataFrame:
    """Return the exponential moving average of each column; `weight` (0..0.99) is the weight of earlier values.

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
    max_points: int = MAX_POINTS,
    overlaid: bool = False,
) -> pd.DataFrame:
    """Return the points of a run's curves: columns run, split, granularity ("step" or "epoch"), epoch, step, seconds,
    the measured values (loss, accuracy) and the smoothed lines (loss_line, accuracy_line).

    `steps` and `history`: the run's tables. `epoch` is fractional: 1.5 is halfway through the second epoch.
    `overlaid`: return only the points that `overlaid_points` keeps.
    """
    sources = [(TRAINING, "step", steps, ""), (VALIDATION, "epoch", history, "val_")]
    if not overlaid:
        # The thin validation line uses both tables: it shows a sample of the split during an epoch, and the whole
        # split at the end of the epoch.
        sources += [(VALIDATION, "step", steps, "val_"), (VALIDATION, "step", history, "val_")]
        sources += [(TRAINING, "epoch", history, "")]
    series = [
        _series(run, split, granularity, table, prefix, smoothing, max_points)
        for split, granularity, table, prefix in sources
    ]
    nonempty = [each for each in series if len(each)]
    if not nonempty:
        return NO_POINTS
    points = pd.concat(nonempty, ignore_index=True)
    return points.assign(epoch=points["step"] / _epoch_length(history, steps_in_epoch))[_COLUMNS]


def _epoch_length(history: pd.DataFrame, steps_in_epoch: int) -> float:
    """Return the steps per epoch; for a resumed run that is still queued, only its history contains this number."""
    if steps_in_epoch > 0 or not len(history):
        return max(steps_in_epoch, 1)
    return max(float(history["step"].iloc[-1] / max(history["epoch"].iloc[-1], 1)), 1.0)


def _series(
    run: str, split: str, granularity: str, table: pd.DataFrame, prefix: str, smoothing: float, max_points: int
) -> pd.DataFrame:
    columns = [f"{prefix}loss", f"{prefix}accuracy"]
    measured = table.dropna(subset=columns)
    # Epochs are not smoothed: with only one value per epoch, the moving average would lag far behind the values.
    lines = smooth(measured[columns], smoothing if granularity == "step" else 0.0)
    rows = np.unique(np.linspace(0, max(len(measured) - 1, 0), min(len(measured), max_points)).round().astype(int))
    measured, lines = measured.iloc[rows], lines.iloc[rows]
    return pd.DataFrame(
        {
            "run": run,
            "split": split,
            "granularity": granularity,
            "step": measured["step"],
            "seconds": measured["seconds"],
            "loss": measured[columns[0]],
            "accuracy": measured[columns[1]],
            "loss_line": lines[columns[0]],
            "accuracy_line": lines[columns[1]],
        }
    )


MIN_EPOCHS_TO_HIDE_FIRST = 2
"""With fewer completed epochs, hiding the first one would leave a lone dot."""


def hides_first_epoch(completed_epochs: Iterable[int]) -> bool:
    """Return True if every curve is still a line without its first epoch; ignore runs without a completed epoch."""
    return all(epochs >= MIN_EPOCHS_TO_HIDE_FIRST for epochs in completed_epochs if epochs)


def overlaid_points(points: pd.DataFrame) -> pd.DataFrame:
    """Return the points for overlaid runs: validation after each epoch, training every few steps."""
    return points[(points["split"] == VALIDATION) == (points["granularity"] == "epoch")]


def shown_points(points: pd.DataFrame, metric: CurveMetric, options: ChartOptions) -> pd.DataFrame:
    """Return the points that a chart with these options shows: `value` as measured, `line` as drawn."""
    column = "loss" if metric == "loss" else "accuracy"
    value, line = points[column].astype(float), points[f"{column}_line"].astype(float)
    if metric == "error":
        value, line = 1.0 - value, 1.0 - line
    table = points[["run", "split", "granularity", *AXES]].assign(value=value, line=line)
    shown = table["epoch"] >= options.first_epoch
    # The training mean of a hidden epoch is plotted at the end of that epoch, but is hidden with the epoch.
    shown &= (table["epoch"] > options.first_epoch) | (table["split"] != TRAINING) | (table["granularity"] != "epoch")
    if options.logarithmic:  # 0 has no logarithm
        shown &= (table["value"] > 0) & (table["line"] > 0)
    return table[shown]
