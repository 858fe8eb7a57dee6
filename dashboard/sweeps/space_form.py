"""The part of the form for a new sweep in which a visitor chooses the settings to vary, and their values."""

from __future__ import annotations

from typing import get_args

import streamlit as st

from core.config import LIMITS, ModelConfig, TrainingConfig, flatten_settings
from core.errors import ConfigError
from core.language import Message, tr
from core.sweeps.records import Choice, Range
from core.sweeps.spaces import NUMBERS, WORDS, default_parameters, is_whole, parse_parameter, value_text
from dashboard.session.markdown import plain
from dashboard.sweeps.wording import setting_title
from dashboard.training.wording import SETTINGS, display_value

Parameter = Range | Choice

_WORD_CHOICES: dict[str, tuple[str, ...]] = {
    name: get_args(fields[name].annotation)
    for fields, names in (
        (TrainingConfig.model_fields, ("optimizer", "schedule")),
        (ModelConfig.model_fields, ("architecture",)),
    )
    for name in names
}


def choose_parameters(base: TrainingConfig, form_key: str) -> list[Parameter]:
    """Let the visitor choose the settings to vary around `base`, and their values.

    `form_key`: prefix of the widget keys, which changes with `base`. Raises ConfigError if the values of a setting are
    invalid.
    """
    defaults = {parameter.name: parameter for parameter in default_parameters(base)}
    names = st.multiselect(
        tr("Settings to vary"),
        [*defaults, *(name for name in (*NUMBERS, *WORDS) if name not in defaults)],
        list(defaults),
        format_func=setting_title,
        key=f"{form_key}_settings",
        help=tr("All other settings stay as they are. The fewer settings vary, the fewer trials a sweep needs."),
        persist_state="session",
    )
    chosen: list[Parameter] = []
    problems = []
    for name in names:
        parameter = defaults.get(name) or default_parameter(base, name)
        with st.container(border=True, gap="xsmall", key=f"vary_{name}"):
            try:
                chosen.append(_choose_values(parameter, base, form_key))
            except ConfigError as error:
                problems.append(error)
    if problems:
        raise problems[0]
    return chosen


def default_parameter(base: TrainingConfig, name: str) -> Parameter:
    """Return the values to try for a setting that is not varied by default; they include the value in `base`."""
    base_value = flatten_settings(base)[name]
    if name in _WORD_CHOICES:
        return Choice(name=name, choices=_WORD_CHOICES[name])
    if name == "filters":
        return Choice(name=name, choices=(tuple(max(1, count // 2) for count in base_value), tuple(base_value)))
    low, high = LIMITS[name]
    if base_value == 0:
        return Range(name=name, low=low, high=(high - low) / 4, step=1 if is_whole(name) else None)
    step = 1 if is_whole(name) else None
    return Range(
        name=name, low=max(low, base_value // 2 if step else base_value / 2), high=min(high, base_value * 2), step=step
    )


def _choose_values(parameter: Parameter, base: TrainingConfig, form_key: str) -> Parameter:
    key = f"{form_key}_{parameter.name}"
    if isinstance(parameter, Choice):
        return _choose_among(parameter, base, key)
    return _choose_range(parameter, base, key)


def _choose_range(parameter: Range, base: TrainingConfig, key: str) -> Range:
    name = parameter.name
    low_limit, high_limit = LIMITS[name]
    whole = is_whole(name)
    number_type = int if whole else float
    step = number_type(SETTINGS[name].step or 1)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _show_setting(base, name)
        low, high = (
            st.number_input(
                tr(label),
                number_type(low_limit),
                number_type(high_limit),
                number_type(value),
                step=step,
                format=SETTINGS[name].format,
                key=f"{key}_{end}",
                width=126,
                persist_state="session",
            )
            for end, label, value in (
                ("from", Message("From"), parameter.low),
                ("to", Message("To"), parameter.high),
            )
        )
        logarithmic = st.toggle(
            tr("Log scale"),
            parameter.logarithmic,
            key=f"{key}_log",
            help=tr(
                "Tries as many values between {low} and {middle} as between {middle} and {high}. Good for "
                "learning rates.",
                low=0.001,
                middle=0.01,
                high=0.1,
            ),
            persist_state="session",
        )
    return Range(name=name, low=low, high=high, logarithmic=logarithmic, step=parameter.step)


def _choose_among(parameter: Choice, base: TrainingConfig, key: str) -> Choice:
    name = parameter.name
    options = list(map(value_text, parameter.choices))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _show_setting(base, name)
        chosen = st.multiselect(
            tr("Values to try"),
            options,
            options,
            format_func=lambda text: display_value(name, text.replace("x", ", ") if name == "filters" else text),
            accept_new_options=name not in _WORD_CHOICES,
            key=f"{key}_choices",
            help=_help_on_values(name),
            width="stretch",
            persist_state="session",
        )
    if len(chosen) < 2:
        label = SETTINGS[name].label
        raise ConfigError(
            Message("Choose two or more values of {setting}, or leave this setting out.", setting=label), name
        )
    if name == "filters":  # the options are shown with commas, and so visitors type them with commas
        chosen = ["x".join(part.strip() for part in text.split(",")) for text in chosen]
    parsed = parse_parameter(f"{name}={','.join(chosen)}")
    assert isinstance(parsed, Choice)
    return parsed


def _help_on_values(name: str) -> str | None:
    if name in _WORD_CHOICES:
        return None
    if name == "filters":
        return tr("Add another value by typing it, such as 8x16x32.")
    return tr("Add another value by typing it.")


def _show_setting(base: TrainingConfig, name: str) -> None:
    """Show a setting's label, and its value in the first trial."""
    base_value = display_value(name, flatten_settings(base)[name])
    first = tr("first trial: {value}", value=plain(base_value))
    st.markdown(f"**{setting_title(name)}**  \n:small[{first}]", width=190, help=tr(SETTINGS[name].help))
