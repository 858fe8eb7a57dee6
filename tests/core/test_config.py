"""Configs say what they mean, refuse what cannot be, and survive JSON."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import LIMITS, PRESETS, STAND_IN_EPOCHS, TrainingConfig, changed, config_from_json, flattened, preset
from core.errors import ConfigError

configs = st.builds(
    lambda epochs, rate, filters, rotation, seed: changed(
        TrainingConfig(), epochs=epochs, learning_rate=rate, filters=filters, rotation=rotation, seed=seed
    ),
    epochs=st.integers(1, 200),
    rate=st.floats(1e-5, 1.0),
    filters=st.lists(st.integers(1, 256), min_size=1, max_size=3),
    rotation=st.floats(0, 45),
    seed=st.integers(0, 2**31 - 1),
)


@given(configs)
def test_a_config_survives_json(config: TrainingConfig) -> None:
    assert config_from_json(config.model_dump_json()) == config
    assert config_from_json(config.to_json()) == config


@pytest.mark.parametrize("name", LIMITS)
def test_a_value_outside_its_limits_is_refused_by_name(name: str) -> None:
    low, high = LIMITS[name]

    for value in (low - 1, high + 1):
        with pytest.raises(ConfigError, match=name) as raised:
            changed(TrainingConfig(), **{name: value})
        assert f"Received: {value!r}" in str(raised.value)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"epochs": "many"}', '{"speed": 3}', '{"learning_rate": NaN}'])
def test_what_is_no_config_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        config_from_json(text)


def test_the_original_preset_is_the_notebook() -> None:
    config = preset("original")

    assert config.model.filters == (32, 64)
    assert config.model.architecture == "original"
    assert config.patience == 2


def test_preset_that_counts_its_epochs_gets_more_of_them_on_the_small_stand_in() -> None:
    assert preset("fast").epochs < STAND_IN_EPOCHS
    assert preset("fast", "digits") == changed(preset("fast"), dataset="digits", epochs=STAND_IN_EPOCHS)
    assert preset("original", "digits") == changed(preset("original"), dataset="digits")


def test_an_unknown_preset_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match="original"):
        preset("nonesuch")


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ConfigError, match="speed"):
        changed(TrainingConfig(), speed=3)


def test_a_flat_config_holds_every_setting_once() -> None:
    flat = flattened(PRESETS["original"])

    assert flat["filters"] == [32, 64]
    assert flat["rotation"] == 0.0
    assert set(LIMITS) <= set(flat)


@pytest.mark.parametrize(("name", "most"), [("best", 300_000), ("tiny", 9_999), ("fast", 40_000)])
def test_presets_keep_to_their_size(name: str, most: int) -> None:
    from core.classifier.architectures import build_model

    assert build_model(preset(name).model).count_params() <= most
