"""Labels, help and display values of a run's settings."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.data.datasets import TITLES
from core.language import Message, number, tr
from core.setting_help import SETTING_HELP

REDRAWN_ACCURACY: str = Message("Redrawn accuracy")
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
        "preset": Setting(Message("Preset")),
        "dataset": Setting(Message("Data")),
        "architecture": Setting(Message("Architecture")),
        "epochs": Setting(Message("Epochs"), 1),
        "batch_size": Setting(Message("Batch size"), 8),
        "optimizer": Setting(Message("Optimizer")),
        "learning_rate": Setting(Message("Learning rate"), 0.0005, "%g"),
        "schedule": Setting(Message("Learning rate schedule")),
        "weight_decay": Setting(Message("Weight decay"), 0.001, "%g"),
        "label_smoothing": Setting(Message("Label smoothing"), 0.01, "%g"),
        "patience": Setting(Message("Patience"), 1),
        "seed": Setting(Message("Seed"), 1),
        "teachers": Setting(Message("Teachers"), 1),
        "filters": Setting(Message("Filters")),
        "dense_units": Setting(Message("Dense units"), 16),
        "dropout": Setting(Message("Dropout"), 0.05),
        "rotation": Setting(Message("Rotation (degrees)"), 1.0),
        "shift": Setting(Message("Shift (fraction of width)"), 0.01),
        "zoom": Setting(Message("Zoom (fraction)"), 0.01),
        "shear": Setting(Message("Shear (degrees)"), 1.0),
        "elastic": Setting(Message("Elastic distortion (pixels)"), 0.1),
        "stroke": Setting(Message("Stroke width (fraction)"), 0.05),
        "noise": Setting(Message("Noise (fraction)"), 0.05),
        "final_epochs": Setting(Message("Final epochs with weaker augmentation"), 1),
        "synthetic_digits": Setting(Message("Synthetic digits"), 1000),
        "redrawn_digits": Setting(Message("Redrawn digits"), 1000),
        "pen_digits": Setting(Message("Pen digits per epoch"), 1),
    }.items()
}

OPTIMIZERS: dict[str, str] = {"adam": "Adam", "sgd": Message("SGD with momentum")}
_DISPLAY_VALUES: dict[str, dict[str, str]] = {
    "optimizer": OPTIMIZERS,
    "schedule": {"constant": Message("constant"), "one_cycle": Message("one cycle")},
}


def display_value(name: str, value: object) -> str:
    """Return a value of the setting `name` as pages show it."""
    if isinstance(value, float):
        return number(value, "g")
    text = as_text(value)
    if name == "dataset" and text in TITLES:
        return tr(TITLES[text]).partition(" (")[0]
    return tr(_DISPLAY_VALUES[name][text]) if text in _DISPLAY_VALUES.get(name, {}) else text


def as_text(value: object) -> str:
    """Return a setting's value as it appears in CSV files."""
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


PRESET_DESCRIPTIONS: dict[str, Message] = {
    "fast": Message("A small network that learns in seconds."),
    "original": Message("From the notebook that Trazo grew from."),
    "best": Message("The shipped one, for any handwriting."),
    "large": Message("A larger one, to teach other networks."),
    "tiny": Message("Fewer than 10,000 parameters."),
}
"""A sentence for each preset, short enough for one line of its card."""
