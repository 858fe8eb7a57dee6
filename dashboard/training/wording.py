"""Labels, help texts and display values of a run's settings."""

from __future__ import annotations

from dataclasses import dataclass

from core.data.datasets import TITLES
from core.language import Message, number, tr
from core.setting_help import SETTING_HELP

REDRAWN_ACCURACY: str = Message("Redrawn accuracy")
"""The accuracy on test images that were traced and drawn again on a canvas."""


@dataclass(frozen=True)
class Setting:
    """A setting's label and help; `step` and `format` apply to its field in the form."""

    name: str
    label: str
    step: float | None = None
    format: str | None = None

    @property
    def help(self) -> str:
        """The explanation, which the command line shows, too."""
        return SETTING_HELP[self.name]


SETTINGS: dict[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting("preset", Message("Preset")),
        Setting("dataset", Message("Data")),
        Setting("architecture", Message("Architecture")),
        Setting("epochs", Message("Epochs"), 1),
        Setting("batch_size", Message("Batch size"), 8),
        Setting("optimizer", Message("Optimizer")),
        Setting("learning_rate", Message("Learning rate"), 0.0005, "%g"),
        Setting("schedule", Message("Learning rate schedule")),
        Setting("weight_decay", Message("Weight decay"), 0.001, "%g"),
        Setting("label_smoothing", Message("Label smoothing"), 0.01, "%g"),
        Setting("patience", Message("Patience"), 1),
        Setting("seed", Message("Seed"), 1),
        Setting("teachers", Message("Teachers"), 1),
        Setting("filters", Message("Filters")),
        Setting("dense_units", Message("Dense units"), 16),
        Setting("dropout", Message("Dropout"), 0.05),
        Setting("rotation", Message("Rotation (degrees)"), 1.0),
        Setting("shift", Message("Shift (fraction of width)"), 0.01),
        Setting("zoom", Message("Zoom (fraction)"), 0.01),
        Setting("shear", Message("Shear (degrees)"), 1.0),
        Setting("elastic", Message("Elastic distortion (pixels)"), 0.1),
        Setting("stroke", Message("Stroke width (fraction)"), 0.05),
        Setting("noise", Message("Noise (fraction)"), 0.05),
        Setting("final_epochs", Message("Final epochs with weaker augmentation"), 1),
        Setting("synthetic_digits", Message("Synthetic digits"), 1000),
        Setting("redrawn_digits", Message("Redrawn digits"), 1000),
        Setting("pen_digits", Message("Pen digits per epoch"), 1),
    )
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
    title = _DISPLAY_VALUES.get(name, {}).get(text)
    return tr(title) if title else text


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
