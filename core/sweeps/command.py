"""The command that starts a sweep with the same settings as another."""

from __future__ import annotations

import shlex

from core.config import DEFAULT_PRESET, LIMITS, PRESETS, flatten_settings, preset
from core.sweeps.records import SweepSettings
from core.sweeps.spaces import default_parameters, parameter_text, value_text


def sweep_command(settings: SweepSettings) -> str:
    """Return the command line that starts a sweep with the same settings; defaults are left out."""
    # Settings from another version may name a preset that this version lacks.
    name = settings.base.preset if settings.base.preset in PRESETS else DEFAULT_PRESET
    words = ["python", "-m", "core", "sweep", "new", "--preset", name, *_base_options(settings, name)]
    if settings.parameters != default_parameters(settings.base):
        for parameter in settings.parameters:
            words += ["--vary", parameter_text(parameter)]
    if settings.objectives != ("validation_accuracy",):
        for objective in settings.objectives:
            words += ["--objective", objective.replace("_", "-")]
    if settings.trials is not None:
        words += ["--trials", str(settings.trials)]
    if settings.hours is not None:
        words += ["--hours", f"{settings.hours:g}"]
    if settings.seeds_per_trial > 1:
        words += ["--seeds", str(settings.seeds_per_trial)]
    if not settings.pruning:
        words.append("--no-pruning")
    if settings.seed:
        words += ["--seed", str(settings.seed)]
    return shlex.join(words)


def _base_options(settings: SweepSettings, preset_name: str) -> list[str]:
    """Return the options for the settings in which the base differs from a preset."""
    base = settings.base
    own, defaults = flatten_settings(base), flatten_settings(preset(preset_name, base.dataset))
    words = [] if base.dataset == "mnist" else ["--dataset", base.dataset]
    for name in (*LIMITS, "filters", "optimizer", "schedule"):
        if own[name] != defaults[name]:
            option = "run-seed" if name == "seed" else name.replace("_", "-")
            words += [f"--{option}", value_text(own[name]).replace("x", ",") if name == "filters" else str(own[name])]
    return words
