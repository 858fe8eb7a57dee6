"""Parallel coordinates of existing runs."""

from __future__ import annotations

from datetime import UTC, datetime

from core.config import preset, replace_settings
from core.runs.summary import Summary
from dashboard.runs.parallel_runs import (
    accuracy_metric,
    axis_choices,
    default_axes,
    run_axes,
    run_lines,
    runs_with_results,
)


def row(name: str, accuracy: float | None, validation: float | None = None, **settings: object) -> Summary:
    return Summary(
        id=name,
        title=name,
        state="finished",
        created=datetime(2026, 11, 29, tzinfo=UTC),
        accuracy=accuracy,
        validation_accuracy=validation,
        parameters=1000,
        config=replace_settings(preset("fast"), **settings),
    )


ROWS = [
    row("plain", 0.99, batch_size=64, seed=1),
    row("larger", 0.98, batch_size=512, seed=2, filters=[8, 16]),
    row("trial", None, 0.97, batch_size=128, seed=3),
]


def test_axes_are_the_differing_settings_and_the_accuracy() -> None:
    assert axis_choices(ROWS) == ["batch_size", "seed", "filters", "Test accuracy", "Validation accuracy", "Parameters"]
    assert default_axes(ROWS) == ["batch_size", "filters", "Test accuracy"]
    assert accuracy_metric(ROWS[2:]) == "Validation accuracy"
    assert runs_with_results([*ROWS, row("running", None)]) == ROWS


def test_values_are_ticks_and_selected_runs_stand_out() -> None:
    axes = run_axes(ROWS, ["batch_size", "filters", "Test accuracy"])
    lines = run_lines(ROWS, {each.id: each.title for each in ROWS}, ["larger"])

    assert [text for _, text in axes[0].ticks] == ["64", "128", "512"]
    assert axes[1].texts == ("8, 32, 96", "8, 16", "8, 32, 96")
    assert axes[2].texts == ("99.00%", "98.00%", "–")
    assert [(line.name, line.best) for line in lines] == [("plain", False), ("larger", True), ("trial", False)]
    assert (lines[0].shade, lines[2].shade) == (1.0, None)
