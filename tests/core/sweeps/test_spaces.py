"""Search spaces: defaults, texts, configs, and errors for invalid ones."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import LIMITS, PRESETS, flatten_settings, preset, replace_settings
from core.errors import ConfigError
from core.sweeps.command import sweep_command
from core.sweeps.records import Choice, Range
from core.sweeps.spaces import (
    NUMBERS,
    check_parameters,
    config_of,
    default_parameters,
    is_whole,
    parameter_text,
    parse_parameter,
    values_of,
)
from tests.support.tiny_sweeps import tiny_settings

RATE = Range(name="learning_rate", low=0.001, high=0.1, logarithmic=True)


@st.composite
def ranges(draw: st.DrawFn) -> Range:
    name = draw(st.sampled_from(NUMBERS))
    low, high = LIMITS[name]
    numbers = st.integers(int(low), int(high)) if is_whole(name) else st.floats(low, high, allow_subnormal=False)
    first, second = sorted(draw(st.lists(numbers, min_size=2, max_size=2, unique=True)))
    logarithmic = first > 0 and draw(st.booleans())
    step = None if logarithmic else draw(st.sampled_from([None, 1.0, 4.0] if is_whole(name) else [None, 0.001]))
    return Range(name=name, low=first, high=second, logarithmic=logarithmic, step=step)


choices = st.one_of(
    st.builds(
        Choice,
        name=st.just("filters"),
        choices=st.lists(
            st.lists(st.integers(1, 256), min_size=1, max_size=3).map(tuple), min_size=2, max_size=4, unique=True
        ).map(tuple),
    ),
    st.builds(
        Choice,
        name=st.just("batch_size"),
        choices=st.lists(st.integers(8, 2048).map(float), min_size=2, max_size=4, unique=True).map(tuple),
    ),
    st.just(Choice(name="optimizer", choices=("adam", "sgd"))),
)


@given(st.one_of(ranges(), choices))
def test_text_of_a_parameter_is_read_back(parameter: Range | Choice) -> None:
    assert parse_parameter(parameter_text(parameter)) == parameter


@given(ranges(), st.data())
def test_any_value_of_a_range_gives_a_config(parameter: Range, data: st.DataObject) -> None:
    settings = tiny_settings(parameters=(parameter,))
    if is_whole(parameter.name):
        value: float = data.draw(st.integers(int(parameter.low), int(parameter.high)))
    else:
        value = data.draw(st.floats(parameter.low, parameter.high))

    config = config_of(settings, {parameter.name: value}, seed=7)

    assert flatten_settings(config)[parameter.name] == value
    assert config.seed == 7


@given(st.sampled_from(list(PRESETS)), st.floats(1e-5, 1.0), st.floats(0, 0.9), st.integers(8, 2048))
def test_default_ranges_include_the_base_settings(
    name: str, learning_rate: float, dropout: float, batch_size: int
) -> None:
    base = replace_settings(preset(name), learning_rate=learning_rate, dropout=dropout, batch_size=batch_size)

    check_parameters(base, default_parameters(base))


def test_values_survive_json() -> None:
    filters = Choice(name="filters", choices=((8, 8), (4, 8)))
    batch = Choice(name="batch_size", choices=(64, 128))
    settings = tiny_settings(parameters=(filters, batch))
    settings = type(settings).model_validate_json(settings.model_dump_json())

    assert values_of(settings.base, settings.parameters) == {"filters": (8, 8), "batch_size": 128}
    config = config_of(settings, {"filters": [4, 8], "batch_size": 64.0}, seed=1)
    assert (config.model.filters, config.batch_size) == ((4, 8), 64)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ((), "at least one setting"),
        ((RATE, RATE), "varied twice"),
        ((Range(name="seed", low=0, high=9),), "cannot be varied"),
        ((Range(name="optimizer", low=0, high=9),), "cannot be varied"),
        ((Range(name="dropout", low=0, high=0.95),), "between 0 and 0.9"),
        ((Range(name="dropout", low=0.5, high=0.5),), "between 0 and 0.9"),
        ((Range(name="dropout", low=0.1, high=0.5),), "first trial has 0, which is not among the values to try"),
        ((Range(name="dropout", low=0, high=0.5, logarithmic=True),), "must begin above 0"),
        ((Range(name="learning_rate", low=0.001, high=0.1, logarithmic=True, step=0.001),), "cannot have a step"),
        ((Range(name="learning_rate", low=0.001, high=0.1, logarithmic=True, step=1),), "cannot have a step"),
        ((Range(name="dense_units", low=0.5, high=64),), "only whole numbers"),
        ((Range(name="dense_units", low=0, high=64, step=5),), "first trial has 16"),
        ((Choice(name="filters", choices=((8, 8), (300, 8))),), "less than or equal to 256"),
        ((Choice(name="filters", choices=((8, 8), (8, 8))),), "listed twice"),
        ((Choice(name="optimizer", choices=("sgd", "lion")),), "'adam' or 'sgd'"),
    ],
)
def test_invalid_space_is_refused(parameters: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_parameters(tiny_settings().base, parameters)


@pytest.mark.parametrize("text", ["learning_rate", "dropout=0:1:2:3", "filters=8y8,4", "dropout=a:b", "dropout=0.1"])
def test_unreadable_parameter_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="Write, for example"):
        parse_parameter(text)


def test_command_names_all_differences_from_the_defaults() -> None:
    base = replace_settings(preset("fast", "digits"), filters=(4, 8), seed=3)
    settings = tiny_settings(
        base=base, parameters=(RATE,), objectives=("validation_accuracy", "parameters"), trials=None, hours=1.5
    )

    assert sweep_command(settings) == (
        "python -m core sweep new --preset fast --dataset digits --run-seed 3 --filters 4,8 "
        "--vary learning_rate=0.001:0.1:log --objective validation-accuracy --objective parameters --hours 1.5"
    )


def test_command_for_an_unknown_preset_names_a_known_one() -> None:
    base = replace_settings(preset("fast"), batch_size=96).model_copy(update={"preset": "older"})

    assert sweep_command(tiny_settings(base=base)).startswith("python -m core sweep new --preset fast --batch-size 96 ")
