"""Each setting of a training in words: its label, its help and how its value reads."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
        "final_epochs": Setting("Calm epochs", 1),
        "synthetic_digits": Setting("Drawn digits", 1000),
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
