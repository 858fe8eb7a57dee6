"""Labels, help and display values of a run's settings."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.data.datasets import TITLES
from core.setting_help import SETTING_HELP

REDRAWN_ACCURACY = "Redrawn accuracy"
"""The accuracy on test images that were traced and drawn again on a canvas."""


@dataclass(frozen=True)
class Setting:
    """A setting's label and help; `step` and `format` apply to settings in the form."""

    label: str
    step: float | None = None
    format: str | None = None
    help: str = ""


SETTINGS: dict[str, Setting] = {
    name: replace(setting, help=SETTING_HELP[name])
    for name, setting in {
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
        "shift": Setting("Shift (fraction of width)", 0.01),
        "zoom": Setting("Zoom (fraction)", 0.01),
        "shear": Setting("Shear (degrees)", 1.0),
        "elastic": Setting("Elastic distortion (pixels)", 0.1),
        "stroke": Setting("Stroke width (fraction)", 0.05),
        "noise": Setting("Noise (fraction)", 0.05),
        "final_epochs": Setting("Final epochs with weaker augmentation", 1),
        "synthetic_digits": Setting("Synthetic digits", 1000),
        "redrawn_digits": Setting("Redrawn digits", 1000),
        "pen_digits": Setting("Pen digits per epoch", 1),
    }.items()
}

OPTIMIZERS = {"adam": "Adam", "sgd": "SGD with momentum"}
_DISPLAY_VALUES = {
    "dataset": {name: title.partition(" (")[0] for name, title in TITLES.items()},
    "optimizer": OPTIMIZERS,
    "schedule": {"one_cycle": "one cycle"},
}


def display_value(name: str, value: object) -> str:
    """Return a value of the setting `name` as pages show it."""
    text = as_text(value)
    return _DISPLAY_VALUES.get(name, {}).get(text, text)


def as_text(value: object) -> str:
    """Return a setting's value as it appears in CSV files."""
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


PRESET_DESCRIPTIONS: dict[str, str] = {
    "fast": "Small: 99% on MNIST after one epoch.",
    "original": "From the notebook that Trazo grew from.",
    "best": "The shipped one, for any handwriting.",
    "large": "A larger one, to teach other networks.",
    "tiny": "Fewer than 10,000 parameters.",
}
"""A sentence for each preset, short enough for one line of its card."""
