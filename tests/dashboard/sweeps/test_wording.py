"""The sentences about a sweep: the verdict on a winner, the estimated duration, and the starting settings."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.config import PRESETS, preset, replace_settings
from core.runs.summary import Summary
from core.sweeps.comparison import SeedComparison
from core.sweeps.records import SweepSettings
from core.sweeps.spaces import NUMBERS, WORDS, check_parameters
from dashboard.sweeps.form import estimate
from dashboard.sweeps.space_form import default_parameter
from dashboard.sweeps.winner import verdict
from dashboard.sweeps.wording import base_text, setting_text
from tests.support.sweep_files import PARAMETERS


def settings(**values: object) -> SweepSettings:
    fields = {"created": datetime(2026, 11, 29, tzinfo=UTC), "title": "", "base": preset("fast")}
    return SweepSettings.model_validate({**fields, "parameters": PARAMETERS, **values})


@pytest.mark.parametrize(
    ("winner", "expected"),
    [
        ((0.991, 0.992, 0.990), "a difference of +0.10 percentage points. **This is within the spread of seeds (0.20"),
        ((0.995, 0.996, 0.995), "spread of seeds (0.10 points), so these settings are probably better.** With so few"),
        ((0.980, 0.981, 0.980), "**These settings are probably worse**"),
    ],
)
def test_verdict_weighs_the_difference_against_the_spread(winner: tuple[float, ...], expected: str) -> None:
    text = verdict(SeedComparison(winner, (0.990,), (0.985, 0.987, 0.989), "validation_accuracy"), "the preset fast")

    assert expected in text
    assert "99.00% (one seed) with the preset fast" in text
    assert text.endswith("the mean is 98.70%.")


@pytest.mark.parametrize(
    ("winner", "expected"),
    [
        ((0.995, 0.996, 0.995), "more than the spread of seeds (0.20 points): these settings are better"),
        ((0.980, 0.981, 0.980), "**These settings are worse**"),
    ],
)
def test_three_seeds_each_are_enough_for_a_verdict(winner: tuple[float, ...], expected: str) -> None:
    assert expected in verdict(SeedComparison(winner, (0.989, 0.990, 0.991), (), "validation_accuracy"), "the preset")


def test_verdict_names_the_objective() -> None:
    comparison = SeedComparison((0.96, 0.97), (0.95,), (), "redrawn_accuracy")

    assert verdict(comparison, "the preset fast").startswith("On redrawn validation images, 96.50%")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"trials": 20}, "20 runs of about 9 s each: at most about 3.0 min, one after another."),
        ({"trials": 4, "seeds_per_trial": 3, "hours": 2.0}, "12 runs of about 9 s each: at most about 108 s, one"),
        ({"trials": 4, "hours": 2.0}, "adds three runs. No trial begins after 2 hours."),
        ({"trials": 4, "hours": 1.0}, "No trial begins after 1 hour."),
        ({"trials": 4, "base": replace_settings(preset("fast"), epochs=9)}, "The time is not known yet"),
    ],
)
def test_estimate_comes_from_runs_with_the_same_settings(values: dict, expected: str) -> None:
    run = Summary(
        id="run",
        title="run",
        state="finished",
        created=datetime(2026, 11, 29, tzinfo=UTC),
        seconds=9.0,
        has_model=True,
        config=replace_settings(preset("fast"), seed=7),
    )

    assert expected in estimate(settings(**values), [run])


def test_changed_settings_are_not_called_the_preset() -> None:
    assert base_text(settings(base=replace_settings(preset("fast"), seed=9))) == "the preset fast"
    assert base_text(settings(base=replace_settings(preset("fast"), epochs=9))) == "the settings it started from"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("learning_rate", 0.0123456, "0.0123"),
        ("batch_size", 128.0, "128"),
        ("filters", (8, 16), "8, 16"),
        ("optimizer", "sgd", "SGD with momentum"),
        ("dropout", 0.0, "0"),
    ],
)
def test_setting_values_are_short(name: str, value: object, expected: str) -> None:
    assert setting_text(name, value) == expected


@pytest.mark.parametrize("name", PRESETS)
def test_every_setting_has_values_to_try(name: str) -> None:
    base = preset(name)

    for setting in (*NUMBERS, *WORDS):
        check_parameters(base, [default_parameter(base, setting)])
