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
from dashboard.training.wording import OPTIMIZERS, SETTINGS


def settings_form(start: TrainingConfig, datasets: list[str], form: str | None = None) -> TrainingConfig:
    """Show a form filled with the settings of `start` and return the visitor's; it keeps them for the session.

    `datasets`: ids to choose from, the default first. `form`: key of the form, the preset's name by default.
    """
    form = form or start.preset
    values: dict[str, Any] = {}
    defaults = flatten_settings(start)
    st.markdown("**Training**")
    with st.grid(3, min_column_width=150):
        values["dataset"] = _choice(form, "dataset", {name: TITLES[name] for name in datasets})
        values["optimizer"] = _choice(form, "optimizer", OPTIMIZERS, start.optimizer)
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
            "teachers",
            "seed",
        ):
            values[name] = _number(form, name, defaults[name])
    st.markdown("**Network**")
    with st.grid(3, min_column_width=150):
        filters = [_filters(form, start.model.filters, block) for block in range(MAX_BLOCKS)]
        values["dense_units"] = _number(form, "dense_units", defaults["dense_units"])
        values["dropout"] = _slider(form, "dropout", defaults["dropout"])
    st.markdown("**Augmentation.** Random changes of each image; 0 turns one off.")
    with st.grid(3, min_column_width=150):
        for name in AugmentationConfig.model_fields:
            values[name] = _slider(form, name, defaults[name])
    return replace_settings(start, filters=[count for count in filters if count], **values)


def changed_labels(start: TrainingConfig, config: TrainingConfig) -> list[str]:
    """Return the labels of the settings in which `config` differs from `start`, except the dataset."""
    return [SETTINGS[name].label for name in differing_settings([start, config]) if name != "dataset"]


def _key(form: str, name: str) -> str:
    # Each form has its own widgets, so that choosing another preset shows that preset's values.
    return f"train_{form}_{name}"


def _choice(form: str, name: str, options: dict[str, str], value: str | None = None) -> str:
    """Show a select box; `options` are titles by value, and the first is the default."""
    setting = SETTINGS[name]
    return st.selectbox(
        setting.label,
        list(options),
        list(options).index(value) if value else 0,
        format_func=options.__getitem__,
        key=_key(form, name),
        help=setting.help,
        persist_state="session",
    )


def _number(form: str, name: str, value: float) -> float:
    setting = SETTINGS[name]
    number_type = type(value)
    low, high = LIMITS[name]
    return st.number_input(
        setting.label,
        number_type(low),
        number_type(high),
        value,
        step=number_type(setting.step or 1),
        format=setting.format,
        key=_key(form, name),
        help=setting.help,
        persist_state="session",
    )


def _slider(form: str, name: str, value: float) -> float:
    setting = SETTINGS[name]
    low, high = LIMITS[name]
    return st.slider(
        setting.label,
        low,
        high,
        value,
        step=setting.step,
        key=_key(form, name),
        help=setting.help,
        persist_state="session",
    )


def _filters(form: str, defaults: tuple[int, ...], block: int) -> int:
    is_first = block == 0
    return st.number_input(
        f"Filters in block {block + 1}",
        FILTER_LIMITS[0] if is_first else 0,
        FILTER_LIMITS[1],
        defaults[block] if block < len(defaults) else 0,
        step=8,
        key=_key(form, f"filters_{block + 1}"),
        help="Number of small patterns that this block detects. "
        + ("The first block is required." if is_first else "0 omits the block."),
        persist_state="session",
    )
