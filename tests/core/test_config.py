"""A config is validated, reports invalid settings by name, and survives a JSON round trip."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import (
    LIMITS,
    MIN_STAND_IN_EPOCHS,
    PRESETS,
    TrainingConfig,
    config_from_json,
    flatten_settings,
    preset,
    replace_settings,
)
from core.errors import ConfigError

configs = st.builds(
    lambda epochs, rate, filters, rotation, seed: replace_settings(
        TrainingConfig(), epochs=epochs, learning_rate=rate, filters=filters, rotation=rotation, seed=seed
    ),
    epochs=st.integers(1, 200),
    rate=st.floats(1e-5, 1.0),
    filters=st.lists(st.integers(1, 256), min_size=1, max_size=3),
    rotation=st.floats(0, 45),
    seed=st.integers(0, 2**31 - 1),
)


@given(configs)
def test_config_survives_a_json_round_trip(config: TrainingConfig) -> None:
    assert config_from_json(config.model_dump_json()) == config
    assert config_from_json(config.to_json()) == config


def test_config_file_from_an_earlier_version_is_read() -> None:
    config = preset("best")
    values = config.to_json()
    values["calm_epochs"] = values.pop("final_epochs")
    values["drawn_digits"] = values.pop("synthetic_digits")

    assert config_from_json(json.dumps(values)) == config
    assert (config.final_epochs, config.synthetic_digits) == (7, 6_000)


@pytest.mark.parametrize(("old_name", "name"), [("calm_epochs", "final_epochs"), ("drawn_digits", "synthetic_digits")])
def test_old_name_of_a_setting_has_the_same_limits(old_name: str, name: str) -> None:
    with pytest.raises(ConfigError, match=rf"{name}|{old_name}"):
        config_from_json({old_name: -1})


@pytest.mark.parametrize("name", LIMITS)
def test_error_names_the_setting_outside_its_limits(name: str) -> None:
    low, high = LIMITS[name]

    for value in (low - 1, high + 1):
        with pytest.raises(ConfigError, match=name) as raised:
            replace_settings(TrainingConfig(), **{name: value})
        assert f"Received: {value!r}" in str(raised.value)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"epochs": "many"}', '{"speed": 3}', '{"learning_rate": NaN}'])
def test_text_that_is_not_a_config_is_rejected(text: str) -> None:
    with pytest.raises(ConfigError):
        config_from_json(text)


def test_original_preset_matches_the_notebook() -> None:
    config = preset("original")

    assert config.model.filters == (32, 64)
    assert config.model.architecture == "original"
    assert config.patience == 2


def test_preset_without_patience_trains_longer_on_the_stand_in() -> None:
    assert preset("fast").epochs < MIN_STAND_IN_EPOCHS
    assert preset("fast", "digits") == replace_settings(preset("fast"), dataset="digits", epochs=MIN_STAND_IN_EPOCHS)
    assert preset("original", "digits") == replace_settings(preset("original"), dataset="digits")


def test_unknown_preset_lists_the_known_presets() -> None:
    with pytest.raises(ConfigError, match="original"):
        preset("nonesuch")


def test_unknown_setting_is_rejected() -> None:
    with pytest.raises(ConfigError, match="speed"):
        replace_settings(TrainingConfig(), speed=3)


def test_flattened_config_has_every_setting_once() -> None:
    flat = flatten_settings(PRESETS["original"])

    assert flat["filters"] == [32, 64]
    assert flat["rotation"] == 0.0
    assert set(LIMITS) <= set(flat)


@pytest.mark.parametrize(("name", "max_parameters"), [("best", 400_000), ("tiny", 9_999), ("fast", 40_000)])
def test_preset_stays_within_its_parameter_limit(name: str, max_parameters: int) -> None:
    from core.classifier.architectures import build_model

    assert build_model(preset(name).model).count_params() <= max_parameters
