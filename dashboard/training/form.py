"""The form for the settings of a training run."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.config import (
    FILTER_LIMITS,
    LIMITS,
    MAX_BLOCKS,
    AugmentationConfig,
    TrainingConfig,
    differing_settings,
    flatten_settings,
    replace_settings,
)
from core.data.datasets import TITLES
from core.language import tr
from dashboard.training.wording import OPTIMIZERS, SETTINGS


def settings_form(defaults: TrainingConfig, datasets: list[str], form_key: str | None = None) -> TrainingConfig:
    """Show a form pre-filled with `defaults` and return the settings entered; the entries persist for the session.

    `datasets`: ids to choose from, the default first. `form_key`: prefix of the widget keys, by default the dataset and
    the preset, so that the form is reset once MNIST is available.
    """
    form_key = form_key or f"{defaults.dataset}_{defaults.preset}"
    values: dict[str, Any] = {}
    default_values = flatten_settings(defaults)
    st.markdown(tr("**Training**"))
    with st.grid(3, min_column_width=120):
        values["dataset"] = _choice(form_key, "dataset", {name: TITLES[name] for name in datasets})
        values["optimizer"] = _choice(form_key, "optimizer", OPTIMIZERS, defaults.optimizer)
        for name in (
            "epochs",
            "batch_size",
            "learning_rate",
            "weight_decay",
            "label_smoothing",
            "patience",
            "final_epochs",
            "synthetic_digits",
            "redrawn_digits",
            "pen_digits",
            "teachers",
            "seed",
        ):
            values[name] = _number(form_key, name, default_values[name])
    st.markdown(tr("**Network**"))
    with st.grid(3, min_column_width=120):
        filters = [_filters(form_key, defaults.model.filters, block) for block in range(MAX_BLOCKS)]
        values["dense_units"] = _number(form_key, "dense_units", default_values["dense_units"])
        values["dropout"] = _slider(form_key, "dropout", default_values["dropout"])
    st.markdown(tr("**Augmentation.** Random changes to each image; set a value to 0 to turn that change off."))
    with st.grid(3, min_column_width=120):
        for name in AugmentationConfig.model_fields:
            values[name] = _slider(form_key, name, default_values[name])
    return replace_settings(defaults, filters=[count for count in filters if count], **values)


def changed_labels(defaults: TrainingConfig, config: TrainingConfig) -> list[str]:
    """Return the labels of the settings in which `config` differs from `defaults`, except the dataset."""
    return [tr(SETTINGS[name].label) for name in differing_settings([defaults, config]) if name != "dataset"]


def _key(form_key: str, name: str) -> str:
    # Each form has its own widgets, so that choosing another preset shows that preset's values.
    return f"train_{form_key}_{name}"


def _choice(form_key: str, name: str, options: dict[str, str], value: str | None = None) -> str:
    """Show a select box; `options` maps values to titles; the first is selected unless `value` is given."""
    setting = SETTINGS[name]
    return st.selectbox(
        tr(setting.label),
        list(options),
        list(options).index(value) if value else 0,
        format_func=lambda name: tr(options[name]),
        key=_key(form_key, name),
        help=tr(setting.help),
        persist_state="session",
    )


def _number(form_key: str, name: str, value: float) -> float:
    setting = SETTINGS[name]
    number_type = type(value)
    low, high = LIMITS[name]
    return st.number_input(
        tr(setting.label),
        number_type(low),
        number_type(high),
        value,
        step=number_type(setting.step or 1),
        format=setting.format,
        key=_key(form_key, name),
        help=tr(setting.help),
        persist_state="session",
    )


def _slider(form_key: str, name: str, value: float) -> float:
    setting = SETTINGS[name]
    low, high = LIMITS[name]
    return st.slider(
        tr(setting.label),
        low,
        high,
        value,
        step=setting.step,
        key=_key(form_key, name),
        help=tr(setting.help),
        persist_state="session",
    )


def _filters(form_key: str, defaults: tuple[int, ...], block: int) -> int:
    is_first = block == 0
    return st.number_input(
        tr("Filters in block {block}", block=block + 1),
        FILTER_LIMITS[0] if is_first else 0,
        FILTER_LIMITS[1],
        defaults[block] if block < len(defaults) else 0,
        step=8,
        key=_key(form_key, f"filters_{block + 1}"),
        help=tr("Number of small patterns that this block detects. The first block is required.")
        if is_first
        else tr("Number of small patterns that this block detects. 0 omits the block."),
        persist_state="session",
    )
