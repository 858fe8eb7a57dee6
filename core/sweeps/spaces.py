"""The search space of a sweep: the settings that are varied, their ranges, and the config of a trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.config import (
    LIMITS,
    TrainingConfig,
    flatten_settings,
    preset,
    replace_settings,
)
from core.errors import ConfigError
from core.language import Message
from core.sweeps.records import Choice, Range, SweepSettings

Parameter = Range | Choice
Value = str | float | tuple[int, ...]

_FIXED = ("seed", "epochs", "teachers", "synthetic_digits", "redrawn_digits", "pen_digits")
"""Numeric settings that are not varied: trials would differ in duration or would need other runs first, and a range of
seeds is meaningless."""

NUMBERS = tuple(name for name in LIMITS if name not in _FIXED)
"""Names of the numeric settings that can be varied."""
WORDS = ("filters", "optimizer", "schedule", "architecture")
"""Names of the other settings that can be varied, among a list of values."""

_LEARNING_RATE_FACTOR = 5
"""Factor by which the default range of the learning rate extends below and above the preset's own."""

_HANDWRITING = (
    Range(name="rotation", low=0, high=20),
    Range(name="elastic", low=0, high=1.6),
    Range(name="stroke", low=0, high=0.8),
)
_DEFAULTS: dict[str, tuple[Parameter, ...]] = {
    "original": (
        Choice(name="batch_size", choices=(64, 128, 256)),
        Choice(name="filters", choices=((16, 32), (32, 64), (48, 96))),
        Choice(name="dense_units", choices=(64, 128, 256)),
        Range(name="dropout", low=0, high=0.5),
    ),
    "fast": (
        Choice(name="batch_size", choices=(64, 128, 256)),
        Choice(name="filters", choices=((8, 16, 64), (8, 32, 64), (8, 32, 96), (16, 32, 96))),
        Range(name="label_smoothing", low=0, high=0.15),
        Range(name="dropout", low=0, high=0.4),
    ),
    "best": (
        Choice(name="filters", choices=((16, 32, 64), (24, 48, 96), (32, 64, 128))),
        Range(name="label_smoothing", low=0, high=0.15),
        Range(name="dropout", low=0, high=0.6),
        *_HANDWRITING,
    ),
    "large": (
        Range(name="weight_decay", low=0.0002, high=0.02, logarithmic=True),
        Range(name="label_smoothing", low=0, high=0.15),
        Range(name="dropout", low=0, high=0.6),
        *_HANDWRITING,
    ),
    "tiny": (
        Choice(name="batch_size", choices=(64, 128, 256)),
        Choice(name="filters", choices=((6, 12, 20), (8, 12, 24), (8, 16, 24), (10, 16, 20))),
        Range(name="rotation", low=0, high=15),
        Range(name="elastic", low=0, high=1.2),
    ),
}
"""The settings that are varied by default around each preset, besides the learning rate."""


def default_parameters(base: TrainingConfig) -> tuple[Parameter, ...]:
    """Return the settings to vary around a config by default, with ranges that include its own values.

    The settings are those of the config's preset, or of `fast` for an unknown one.
    """
    own = flatten_settings(base)
    low, high = LIMITS["learning_rate"]
    rate = Range(
        name="learning_rate",
        low=max(low, base.learning_rate / _LEARNING_RATE_FACTOR),
        high=min(high, base.learning_rate * _LEARNING_RATE_FACTOR),
        logarithmic=True,
    )
    varied = _DEFAULTS.get(base.preset, _DEFAULTS["fast"])
    return rate, *(_including(parameter, own[parameter.name]) for parameter in varied)


def values_of(config: TrainingConfig, parameters: Sequence[Parameter]) -> dict[str, Value]:
    """Return a config's own values of the varied settings; those of a Choice are equal to one of its choices."""
    own = flatten_settings(config)
    return {
        parameter.name: tuple(own[parameter.name]) if parameter.name == "filters" else own[parameter.name]
        for parameter in parameters
    }


def config_of(settings: SweepSettings, values: Mapping[str, Any], seed: int) -> TrainingConfig:
    """Return the config of a run with these values of the varied settings; raises ConfigError if one is invalid."""
    converted = {name: _whole(name, value) for name, value in values.items()}
    return replace_settings(settings.base, **converted, seed=seed)


def check_parameters(base: TrainingConfig, parameters: Sequence[Parameter]) -> None:
    """Raise ConfigError with a clear message if the search space is invalid or does not include the config itself."""
    names = [parameter.name for parameter in parameters]
    if not names:
        raise ConfigError(Message("Choose at least one setting to vary."), "parameters")
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(Message("{name} is varied twice. Leave out one of the two.", name=name), name)
    own = values_of(base, [_known(parameter) for parameter in parameters])
    for parameter in parameters:
        if isinstance(parameter, Range):
            _check_range(parameter)
        else:
            _check_choice(base, parameter)
        if not contains(parameter, own[parameter.name]):
            raise ConfigError(
                Message(
                    "{name}: the first trial has {value}, which is not among the values to try. Add it to them.",
                    name=parameter.name,
                    value=value_text(own[parameter.name]),
                ),
                parameter.name,
            )


def contains(parameter: Parameter, value: Any) -> bool:
    """Return True if a value is among those that can be tried."""
    if isinstance(parameter, Choice):
        return value in parameter.choices
    steps = (value - parameter.low) / (parameter.step or 1)
    on_grid = parameter.step is None or abs(steps - round(steps)) < 1e-9
    return bool(parameter.low <= value <= parameter.high and on_grid)


def parse_parameter(text: str) -> Parameter:
    """Return the parameter that a text describes, the inverse of `parameter_text`.

    `learning_rate=1e-4:1e-2:log`, `dropout=0:0.5`, `dense_units=32:256:32` (a step), `filters=8x16,16x32`,
    `batch_size=64,128`. Raises ConfigError.
    """
    name, equals, rest = text.partition("=")
    name = name.strip().replace("-", "_")
    try:
        if not equals:
            raise ValueError
        if ":" in rest:
            low, high, *options = rest.split(":")
            steps = [float(option) for option in options if option != "log"]
            if len(options) > 2 or len(steps) > 1:
                raise ValueError
            step = steps[0] if steps else None
            return _known(Range(name=name, low=float(low), high=float(high), logarithmic="log" in options, step=step))
        return _known(Choice(name=name, choices=tuple(_parse_value(name, word) for word in rest.split(","))))
    except ValueError as error:
        raise ConfigError(
            Message(
                "{text!r} is not a setting with its values. Write, for example, learning_rate=0.001:0.1:log, "
                "batch_size=64,128 or filters=8x16,16x32.",
                text=text,
            ),
            name,
        ) from error


def parameter_text(parameter: Parameter) -> str:
    """Return a parameter in the form that `parse_parameter` reads."""
    if isinstance(parameter, Choice):
        return f"{parameter.name}={','.join(value_text(choice) for choice in parameter.choices)}"
    step = f":{value_text(parameter.step)}" if parameter.step else ""
    logarithmic = ":log" if parameter.logarithmic else ""
    return f"{parameter.name}={value_text(parameter.low)}:{value_text(parameter.high)}{step}{logarithmic}"


def value_text(value: Any) -> str:
    """Return a value of a setting in a few characters, such as `0.01`, `8x16` or `adam`."""
    if isinstance(value, tuple | list):
        return "x".join(str(int(part)) for part in value)
    return value if isinstance(value, str) else repr(int(value) if float(value).is_integer() else float(value))


def is_whole(name: str) -> bool:
    """Return True if a numeric setting takes only whole numbers."""
    return all(isinstance(limit, int) for limit in LIMITS[name])


def default_sweep(name: str, dataset: str = "mnist") -> tuple[TrainingConfig, tuple[Parameter, ...]]:
    """Return a preset and the settings to vary around it; raises ConfigError if there is no such preset."""
    base = preset(name, dataset)
    return base, default_parameters(base)


def _including(parameter: Parameter, value: Any) -> Parameter:
    """Return the parameter, widened if it does not contain the value."""
    if isinstance(parameter, Choice):
        value = tuple(value) if isinstance(value, list) else value
        if value in parameter.choices:
            return parameter
        return parameter.model_copy(update={"choices": (*parameter.choices, value)})
    low = min(parameter.low, value)
    # A logarithmic range cannot begin at 0.
    logarithmic = parameter.logarithmic and low > 0
    return parameter.model_copy(update={"low": low, "high": max(parameter.high, value), "logarithmic": logarithmic})


def _known(parameter: Parameter) -> Parameter:
    """Return the parameter; raises ConfigError if its setting cannot be varied in this way."""
    numeric = isinstance(parameter, Range)
    if parameter.name not in (NUMBERS if numeric else (*NUMBERS, *WORDS)):
        known = ", ".join(NUMBERS if numeric else (*NUMBERS, *WORDS))
        raise ConfigError(
            Message("{name!r} cannot be varied. Choose one of: {known}.", name=parameter.name, known=known),
            parameter.name,
        )
    return parameter


def _check_range(parameter: Range) -> None:
    name, (least, most) = parameter.name, LIMITS[parameter.name]
    if not least <= parameter.low < parameter.high <= most:
        raise ConfigError(
            Message(
                "{name}: the range must be between {least:.10g} and {most:.10g}. Received: {low:.10g} to {high:.10g}.",
                name=name,
                least=least,
                most=most,
                low=parameter.low,
                high=parameter.high,
            ),
            name,
        )
    if parameter.logarithmic and parameter.low <= 0:
        raise ConfigError(
            Message(
                "{name}: a logarithmic range must begin above 0. Received: {low:.10g}.", name=name, low=parameter.low
            ),
            name,
        )
    if parameter.logarithmic and parameter.step not in (None, 1 if is_whole(name) else None):
        raise ConfigError(
            Message("{name}: a logarithmic range cannot have a step. Leave out one of the two.", name=name), name
        )
    if is_whole(name) and not all(float(x).is_integer() for x in (parameter.low, parameter.high, parameter.step or 1)):
        raise ConfigError(
            Message(
                "{name} takes only whole numbers. Received: {values}.", name=name, values=parameter_text(parameter)
            ),
            name,
        )


def _check_choice(base: TrainingConfig, parameter: Choice) -> None:
    if len(set(parameter.choices)) < len(parameter.choices):
        raise ConfigError(
            Message(
                "{name}: a value is listed twice. Received: {values}.",
                name=parameter.name,
                values=parameter_text(parameter),
            )
        )
    for choice in parameter.choices:
        replace_settings(base, **{parameter.name: _whole(parameter.name, choice)})


def _whole(name: str, value: Any) -> Any:
    """Return the value as an integer if the setting takes only whole numbers: JSON and Optuna may turn 64 into 64.0."""
    if name in LIMITS and is_whole(name) and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _parse_value(name: str, word: str) -> Value:
    word = word.strip()
    if name == "filters":
        return tuple(int(part) for part in word.split("x"))
    return word if name in WORDS else float(word)
