"""The settings of a training run: immutable, validated configs, presets, and conversion from and to JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, ValidationError

from core.errors import ConfigError
from core.language import Message
from core.records import Record
from core.rules import broken_rule

LIMITS: dict[str, tuple[float, float]] = {
    "epochs": (1, 200),
    "batch_size": (8, 2048),
    "learning_rate": (1e-5, 1.0),
    "weight_decay": (0.0, 0.1),
    "label_smoothing": (0.0, 0.5),
    "patience": (0, 100),
    "seed": (0, 2**31 - 1),
    "dense_units": (0, 1024),
    "dropout": (0.0, 0.9),
    "rotation": (0.0, 45.0),
    "shift": (0.0, 0.3),
    "zoom": (0.0, 0.5),
    "shear": (0.0, 30.0),
    "elastic": (0.0, 3.0),
    "stroke": (0.0, 1.0),
    "noise": (0.0, 0.5),
    "synthetic_digits": (0, 60_000),
    "redrawn_digits": (0, 60_000),
    "pen_digits": (0, 10),
    "final_epochs": (0, 200),
    "teachers": (0, 5),
}
"""Minimum and maximum of each numeric setting, for the form, the command line and validation."""

FINE_TUNED = "fine-tuned"
"""Name that a fine-tuned run has in place of a preset."""

FILTER_LIMITS = (1, 256)
"""Minimum and maximum number of filters in a block."""

MAX_BLOCKS = 3
"""Maximum number of blocks; without padding, the third pooling layer reduces a 28x28 image to one pixel."""


def _limited_field(name: str, old_name: str | None = None) -> Any:
    """Return a field with its limits, which can also be read under its old name."""
    low, high = LIMITS[name]
    alias = AliasChoices(name, old_name) if old_name else None
    return Field(ge=low, le=high, validation_alias=alias)


class ModelConfig(Record):
    """The architecture and size of a network.

    `filters`: output channels of each convolution block. `dense_units`: width of the hidden dense layer; 0 omits the
    layer. `dropout`: fraction of the last layer's inputs that is set to 0.
    """

    architecture: Literal["original", "pooled", "deep", "strided"] = "original"
    filters: tuple[Annotated[int, Field(ge=FILTER_LIMITS[0], le=FILTER_LIMITS[1])], ...] = Field(
        default=(32, 64), min_length=1, max_length=MAX_BLOCKS
    )
    dense_units: Annotated[int, _limited_field("dense_units")] = 128
    dropout: Annotated[float, _limited_field("dropout")] = 0.0


class AugmentationConfig(Record):
    """The maximum random change to each training image; 0 turns a change off.

    `rotation` and `shear`: degrees in either direction. `shift`: fraction of the width (28 pixels) in either direction.
    `zoom`: fraction by which a digit shrinks or grows. `elastic`: standard deviation of a smooth distortion, in pixels.
    `stroke`: fraction of a pixel by which each edge of a stroke moves out or in. `noise`: standard deviation of
    Gaussian noise in a tenth of the images, as a fraction of full ink.
    """

    rotation: Annotated[float, _limited_field("rotation")] = 0.0
    shift: Annotated[float, _limited_field("shift")] = 0.0
    zoom: Annotated[float, _limited_field("zoom")] = 0.0
    shear: Annotated[float, _limited_field("shear")] = 0.0
    elastic: Annotated[float, _limited_field("elastic")] = 0.0
    stroke: Annotated[float, _limited_field("stroke")] = 0.0
    noise: Annotated[float, _limited_field("noise")] = 0.0

    def scale(self, factor: float) -> AugmentationConfig:
        """Return the same changes, `factor` (0..1) times as strong."""
        return AugmentationConfig(**{name: value * factor for name, value in self.model_dump().items()})

    @property
    def has_geometric_transforms(self) -> bool:
        """True if any change moves ink."""
        return any((self.rotation, self.shift, self.zoom, self.shear, self.elastic))

    @property
    def active(self) -> bool:
        """True if there is any change."""
        return self.has_geometric_transforms or self.stroke > 0 or self.noise > 0


class TrainingConfig(Record):
    """All settings of a training run.

    `optimizer`: "adam", or "sgd" with Nesterov momentum 0.9. `learning_rate`: the peak value if `schedule` is
    "one_cycle". `weight_decay`: fraction of the learning rate by which each step shrinks the weights, decoupled from
    the gradient (Loshchilov and Hutter, 2019). `label_smoothing`: fraction of each label that is spread evenly over all
    ten digits (Szegedy et al., 2016). `patience`: number of epochs without a better validation accuracy after which
    training stops and keeps the weights of the best epoch; 0 trains all epochs and keeps the last. `final_epochs`:
    number of epochs at the end with half the augmentation. `synthetic_digits`: number of synthetic digits that are
    added to the training images. `redrawn_digits`: number of training images that are added a second time, traced and
    redrawn with a random brush. `pen_digits`: number of times per epoch that each pen digit of the training writers is
    drawn, each time with different proportions, brush, size and position; none if the pen digits are not on this
    machine. `teachers`: number of networks trained with the preset `large` on the same data, whose mean predictions
    replace the labels (Hinton et al., 2015). `seed`: random seed for weights, shuffling and augmentation.
    """

    preset: str = "original"
    dataset: Literal["mnist", "digits"] = "mnist"
    model: ModelConfig = ModelConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    epochs: Annotated[int, _limited_field("epochs")] = 15
    batch_size: Annotated[int, _limited_field("batch_size")] = 128
    optimizer: Literal["adam", "sgd"] = "adam"
    learning_rate: Annotated[float, _limited_field("learning_rate")] = 1e-3
    schedule: Literal["constant", "one_cycle"] = "constant"
    weight_decay: Annotated[float, _limited_field("weight_decay")] = 0.0
    label_smoothing: Annotated[float, _limited_field("label_smoothing")] = 0.0
    patience: Annotated[int, _limited_field("patience")] = 2
    final_epochs: Annotated[int, _limited_field("final_epochs", "calm_epochs")] = 0
    synthetic_digits: Annotated[int, _limited_field("synthetic_digits", "drawn_digits")] = 0
    redrawn_digits: Annotated[int, _limited_field("redrawn_digits")] = 0
    pen_digits: Annotated[int, _limited_field("pen_digits")] = 0
    teachers: Annotated[int, _limited_field("teachers")] = 0
    seed: Annotated[int, _limited_field("seed")] = 42

    @property
    def fine_tuned(self) -> bool:
        """True if the run fine-tuned a model, instead of training a network from scratch."""
        return self.preset == FINE_TUNED

    def to_json(self) -> dict[str, Any]:
        """Return JSON values for `config_from_json`."""
        return self.model_dump(mode="json")


_OTHER_HANDWRITING = AugmentationConfig(rotation=9, shift=0.05, zoom=0.1, shear=8, elastic=0.8, stroke=0.4, noise=0.3)

PRESETS: dict[str, TrainingConfig] = {
    # The network and recipe of the original notebook.
    "original": TrainingConfig(),
    # Reaches 99% in one epoch. Size, learning rate and label smoothing were chosen on the validation split.
    "fast": TrainingConfig(
        preset="fast",
        model=ModelConfig(architecture="pooled", filters=(8, 32, 96), dense_units=0),
        epochs=1,
        learning_rate=0.01,
        schedule="one_cycle",
        label_smoothing=0.05,
        patience=0,
    ),
    # The shipped model, for MNIST and other handwriting. Chosen on the validation split.
    "best": TrainingConfig(
        preset="best",
        model=ModelConfig(architecture="deep", filters=(32, 64, 128), dense_units=0, dropout=0.3),
        augmentation=_OTHER_HANDWRITING,
        epochs=30,
        optimizer="sgd",
        learning_rate=0.05,
        schedule="one_cycle",
        weight_decay=0.002,
        patience=0,
        final_epochs=7,
        synthetic_digits=6_000,
        pen_digits=3,
    ),
    # For teachers. More than twice as large and expensive as `best`.
    "large": TrainingConfig(
        preset="large",
        model=ModelConfig(architecture="deep", filters=(48, 96, 192), dense_units=0, dropout=0.3),
        augmentation=_OTHER_HANDWRITING,
        epochs=30,
        optimizer="sgd",
        learning_rate=0.05,
        schedule="one_cycle",
        weight_decay=0.002,
        patience=0,
        final_epochs=7,
        synthetic_digits=6_000,
        pen_digits=3,
    ),
    # Fewer than 10,000 parameters.
    "tiny": TrainingConfig(
        preset="tiny",
        model=ModelConfig(architecture="deep", filters=(8, 16, 24), dense_units=0),
        augmentation=AugmentationConfig(rotation=6, shift=0.04, zoom=0.06, shear=5, elastic=0.5),
        epochs=24,
        learning_rate=0.01,
        schedule="one_cycle",
        patience=0,
    ),
}
"""The presets of the form and of `python -m core train --preset`."""

DEFAULT_PRESET = "fast"
"""New users see 99% within a minute."""

_TEACHER_PRESET = "large"
"""The preset that teachers are trained with."""

MIN_STAND_IN_EPOCHS = 20
"""Minimum number of epochs on scikit-learn's digits, for presets without patience.

MNIST has forty times as many images, so an epoch has forty times as many steps.
"""


def preset(name: str, dataset: str = "mnist") -> TrainingConfig:
    """Return a preset for a dataset; raises ConfigError with the known names if there is no such preset."""
    if name not in PRESETS:
        raise ConfigError(
            Message("Unknown preset {name!r}. Choose one of: {presets}.", name=name, presets=", ".join(PRESETS)),
            "preset",
        )
    config = PRESETS[name]
    epochs = config.epochs
    if dataset == "digits" and not config.patience:
        epochs = max(epochs, MIN_STAND_IN_EPOCHS)
    return replace_settings(config, dataset=dataset, epochs=epochs)


def teacher_configs(config: TrainingConfig) -> list[TrainingConfig]:
    """Return the configs of a run's teachers.

    The configs do not depend on the run's seed, so that runs with different seeds share their teachers.
    """
    large = preset(_TEACHER_PRESET, config.dataset)
    return [replace_settings(large, seed=large.seed + number) for number in range(config.teachers)]


def config_from_json(values: str | dict[str, Any]) -> TrainingConfig:
    """Read a config from JSON text or values; raises ConfigError with the field, the rule and the value."""
    try:
        if isinstance(values, str):
            return TrainingConfig.model_validate_json(values)
        return TrainingConfig.model_validate_json(json.dumps(values))
    except ValidationError as error:
        field, message = broken_rule(error)
        raise ConfigError(message, field) from error


def replace_settings(config: TrainingConfig, **values: Any) -> TrainingConfig:
    """Return a validated copy of `config` with other values; names of model and augmentation settings also work.

    For example: `replace_settings(config, epochs=3, dropout=0.2)`.
    """
    merged = config.to_json()
    for name, value in values.items():
        for section in (merged, merged["model"], merged["augmentation"]):
            if name in section and not isinstance(section[name], dict):
                section[name] = value
                break
        else:
            raise ConfigError(Message("Unknown setting {name!r}. Received: {value!r}.", name=name, value=value), name)
    return config_from_json(merged)


def differing_settings(configs: Sequence[TrainingConfig]) -> dict[str, list[Any]]:
    """Return the settings in which these configs differ: flat name -> its value in each config."""
    flat = [flatten_settings(config) for config in configs]
    values = {name: [settings[name] for settings in flat] for name in flat[0]} if flat else {}
    return {name: column for name, column in values.items() if any(value != column[0] for value in column)}


def flatten_settings(config: TrainingConfig) -> dict[str, Any]:
    """Return all settings in one dictionary, without the nesting of model and augmentation."""
    values = config.to_json()
    model, augmentation = values.pop("model"), values.pop("augmentation")
    return {**values, **model, **augmentation}
