"""The facts on a preset's card come from the benchmark's results or from the visitor's own runs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.config import PRESETS, TrainingConfig, preset, replace_settings
from core.runs.summary import Summary
from core.workspace import PROJECT
from dashboard.training.preset_cards import LATEST_RUNS, PRESET_MEASUREMENTS, facts


def finished_run(config: TrainingConfig, seconds: float, accuracy: float = 0.95) -> Summary:
    return Summary(
        "owl", "owl", "finished", datetime(2026, 11, 29, tzinfo=UTC), config=config, seconds=seconds, accuracy=accuracy
    )


def test_preset_not_trained_here_shows_the_benchmark_results() -> None:
    assert facts("fast", [], "mnist") == "99.18% · 39k parameters · ~13 s"
    assert facts("best", [], "mnist") == "99.61% · 148k parameters · ~44 min"
    assert facts("large", [], "mnist") == "325k parameters · not yet timed here"
    assert facts("fast", [], "digits") == "39k parameters · not yet timed here"


def test_time_is_the_median_of_the_visitors_latest_runs() -> None:
    fast = PRESETS["fast"]
    own_runs = [
        finished_run(replace_settings(fast, seed=seed), seconds) for seed, seconds in enumerate((30, 20, 90, 25, 40, 1))
    ]
    other_runs = [
        finished_run(replace_settings(fast, epochs=9), 500),
        finished_run(preset("fast", "digits"), 600),
        replace(finished_run(fast, 700), state="stopped"),
        replace(finished_run(fast, 800), config=None),
    ]

    assert len(own_runs) > LATEST_RUNS
    assert facts("fast", [*other_runs, *own_runs], "mnist") == "99.18% · 39k parameters · 30 s here"
    assert facts("fast", [*other_runs, *own_runs], "digits") == "95.00% · 39k parameters · 10 min here"


@pytest.mark.parametrize(
    ("name", "seeds"), [("fast", "mean of 5 seeds"), ("best", "mean of 3 seeds"), ("tiny", "mean of 3 seeds")]
)
def test_accuracies_match_the_benchmark(name: str, seeds: str) -> None:
    results = json.loads((PROJECT / "benchmarks" / "results.json").read_text())
    figures = {figure["name"]: figure["value"] for section in results.values() for figure in section["figures"]}

    measured = figures[f"`{name}`: test accuracy after the last epoch, {seeds}"]

    assert PRESET_MEASUREMENTS[name].accuracy == pytest.approx(measured / 100, abs=6e-5)
    assert PRESET_MEASUREMENTS[name].parameters == figures.get(
        f"`{name}`: parameters", PRESET_MEASUREMENTS[name].parameters
    )


def test_training_time_of_fast_matches_the_benchmark() -> None:
    results = json.loads((PROJECT / "benchmarks" / "results.json").read_text())
    figures = results["Duration of a training, and of stopping one"]["figures"]

    (measured,) = [figure["value"] for figure in figures if figure["name"] == "`fast`: duration of `fit`, median of 3"]

    assert PRESET_MEASUREMENTS["fast"].seconds == pytest.approx(measured, rel=0.2)
