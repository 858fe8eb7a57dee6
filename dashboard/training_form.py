"""The form of a training's settings: each with a label, a help in plain words, and the limits of core."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from core.config import (
    FILTER_LIMITS,
    LIMITS,
    MAX_BLOCKS,
    AugmentationConfig,
    TrainingConfig,
    changed,
    differing,
    flattened,
)
from core.data.datasets import TITLES
from core.meanings import MEANINGS


@dataclass(frozen=True)
class Setting:
    """How a setting is shown to a person; `step` and `format` only for those that the form asks for."""

    label: str
    step: float | None = None
    format: str | None = None
    help: str = ""


SETTINGS: dict[str, Setting] = {
    name: replace(shown, help=MEANINGS[name])
    for name, shown in {
        "preset": Setting("Preset"),
        "dataset": Setting("Data"),
        "architecture": Setting("Architecture"),
        "epochs": Setting("Epochs", 1),
        "batch_size": Setting("Batch size", 8),
        "optimizer": Setting("Optimizer"),
        "learning_rate": Setting("Learning rate", 0.0005, "%g"),
        "schedule": Setting("Learning rate schedule"),
        "weight_decay": Setting("Weight decay", 0.001, "%g"),
        "label_smoothing": Setting("Label smoothing", 0.01, "%g"),
        "patience": Setting("Patience", 1),
        "seed": Setting("Seed", 1),
        "teachers": Setting("Teachers", 1),
        "filters": Setting("Filters"),
        "dense_units": Setting("Dense units", 16),
        "dropout": Setting("Dropout", 0.05),
        "rotation": Setting("Rotation (degrees)", 1.0),
        "shift": Setting("Shift (share of width)", 0.01),
        "zoom": Setting("Zoom (share)", 0.01),
        "shear": Setting("Shear (degrees)", 1.0),
        "elastic": Setting("Bends (pixels)", 0.1),
        "stroke": Setting("Stroke width (share)", 0.05),
        "noise": Setting("Noise (share)", 0.05),
        "calm_epochs": Setting("Calm epochs", 1),
        "drawn_digits": Setting("Drawn digits", 1000),
        "redrawn_digits": Setting("Redrawn digits", 1000),
    }.items()
}

OPTIMIZERS = {"adam": "Adam", "sgd": "SGD with momentum"}
_IN_WORDS = {
    "dataset": {name: title.partition(" (")[0] for name, title in TITLES.items()},
    "optimizer": OPTIMIZERS,
    "schedule": {"one_cycle": "one cycle"},
}


def in_words(name: str, value: object) -> str:
    """The value of the setting `name` as people read it."""
    text = as_text(value)
    return _IN_WORDS.get(name, {}).get(text, text)


def as_text(value: object) -> str:
    """A setting's value as it is written in a file."""
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


PRESETS_IN_WORDS: dict[str, str] = {
    "fast": "A small network that reads 99% of MNIST's test images rightly after seconds of training.",
    "original": "The network and recipe of the notebook that Trazo began as: 99% after a minute or two.",
    "best": "The network that Trazo ships, for MNIST and other people's hands alike; 15 to 30 minutes on two cores.",
    "large": "A network nearly twice the size of best, from whose answers others can learn; three quarters of an hour.",
    "tiny": "Fewer than 10,000 numbers to learn, from images changed each time; small, not quick: 5 to 20 minutes.",
}
"""What to expect of each preset, on two cores of a laptop."""


def settings_form(start: TrainingConfig, datasets: list[str], form: str | None = None) -> TrainingConfig:
    """Let the person change the settings that he starts with; what was changed holds for the session, form by form.

    `datasets`: ids to choose from, the best first. `form`: there is one for each preset, if not told otherwise.
    """
    form = form or start.preset
    values: dict[str, Any] = {}
    before = flattened(start)
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
            "calm_epochs",
            "drawn_digits",
            "redrawn_digits",
            "teachers",
            "seed",
        ):
            values[name] = _number(form, name, before[name])
    st.markdown("**Network**")
    with st.grid(3, min_column_width=150):
        filters = [_filters(form, start.model.filters, block) for block in range(MAX_BLOCKS)]
        values["dense_units"] = _number(form, "dense_units", before["dense_units"])
        values["dropout"] = _slider(form, "dropout", before["dropout"])
    st.markdown("**Augmentation.** Each image a little different every time; 0 turns a change off.")
    with st.grid(3, min_column_width=150):
        for name in AugmentationConfig.model_fields:
            values[name] = _slider(form, name, before[name])
    return changed(start, filters=[count for count in filters if count], **values)


def changes(start: TrainingConfig, config: TrainingConfig) -> list[str]:
    """Labels of the settings in which `config` is not as the preset `start`; which data is used does not count."""
    return [SETTINGS[name].label for name in differing([start, config]) if name != "dataset"]


def _key(form: str, name: str) -> str:
    # One widget for each form: choosing another preset fills it with its values.
    return f"train_{form}_{name}"


def _choice(form: str, name: str, options: dict[str, str], value: str | None = None) -> str:
    """One of the options, each with its title; the first, if not told otherwise."""
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
    setting, kind = SETTINGS[name], type(value)
    low, high = LIMITS[name]
    return st.number_input(
        setting.label,
        kind(low),
        kind(high),
        value,
        step=kind(setting.step or 1),
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


def _filters(form: str, given: tuple[int, ...], block: int) -> int:
    return st.number_input(
        f"Filters in block {block + 1}",
        # The first block is always there; 0 leaves out another one.
        FILTER_LIMITS[0] if block == 0 else 0,
        FILTER_LIMITS[1],
        given[block] if block < len(given) else 0,
        step=8,
        key=_key(form, f"filters_{block + 1}"),
        help="How many small patterns this block looks for. "
        + ("Every network has this block." if block == 0 else "0 leaves the block out."),
        persist_state="session",
    )
