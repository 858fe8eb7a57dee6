"""Labels and texts for the objectives, states and settings of trials."""

from __future__ import annotations

from collections.abc import Mapping

from core.config import PRESETS, preset, replace_settings
from core.language import Message, ntr, number, tr
from core.sweeps.records import MAXIMIZED, Objective, SweepSettings, TrialState
from dashboard.training.wording import SETTINGS, display_value

OBJECTIVES: dict[Objective, Message] = {
    "validation_accuracy": Message("Validation accuracy"),
    "redrawn_accuracy": Message("Accuracy on redrawn digits"),
    "parameters": Message("Parameters"),
    "milliseconds": Message("Milliseconds per drawing"),
}
"""The titles of the objectives."""

OBJECTIVE_NOUNS: dict[Objective, Message] = {
    "validation_accuracy": Message("validation accuracy"),
    "redrawn_accuracy": Message("accuracy on redrawn digits"),
    "parameters": Message("parameters"),
    "milliseconds": Message("milliseconds per drawing"),
}
"""The objectives within a sentence."""

TRIAL_STATES: dict[TrialState, Message] = {
    "complete": Message("complete"),
    "pruned": Message("pruned"),
    "failed": Message("failed"),
    "running": Message("running"),
}

STATE_COLOURS: dict[TrialState, str] = {
    "complete": "#0f9d8a",
    "pruned": "#b0851c",
    "failed": "#c2375f",
    "running": "#5b74d6",
}


def count_text(state: TrialState, count: int) -> str:
    """Return the number of trials in a state in words."""
    texts: dict[TrialState, str] = {
        "complete": ntr("{count:,} complete", "{count:,} complete", count),
        "pruned": ntr("{count:,} pruned", "{count:,} pruned", count),
        "failed": ntr("{count:,} failed", "{count:,} failed", count),
        "running": ntr("{count:,} running", "{count:,} running", count),
    }
    return texts[state]


def setting_title(name: str) -> str:
    """Return the label of a setting."""
    return tr(SETTINGS[name].label) if name in SETTINGS else name


def setting_column(name: str) -> str:
    """Return the name of a setting's column in a table that can be saved as CSV; it is always English."""
    return str(SETTINGS[name].label) if name in SETTINGS else name


def setting_text(name: str, value: object) -> str:
    """Return the value of a setting in a few characters."""
    if isinstance(value, tuple):
        value = list(value)
    if isinstance(value, float):
        value = int(value) if value.is_integer() and abs(value) >= 1 else float(f"{value:.3g}")
    return display_value(name, value)


def settings_text(values: Mapping[str, object]) -> str:
    """Return the settings of a trial in one line."""
    return ", ".join(f"{setting_title(name)} {setting_text(name, value)}" for name, value in values.items())


def objective_text(objective: Objective, value: float | None) -> str:
    """Return the value of an objective with its unit, or a dash for None."""
    if value is None:
        return "–"
    if objective in MAXIMIZED:
        return number(value, ".2%")
    return number(value, ",.0f") if objective == "parameters" else tr("{time:.3g} ms", time=value)


def base_text(settings: SweepSettings) -> str:
    """Describe the settings that a sweep started from."""
    base = settings.base
    original = replace_settings(preset(base.preset, base.dataset), seed=base.seed) if base.preset in PRESETS else None
    return tr("the preset {preset}", preset=base.preset) if base == original else tr("the settings it started from")


def sweep_title(settings: SweepSettings) -> str:
    """Return the name of a sweep; if it has none, return its preset and the settings that it varies."""
    if settings.title.strip():
        return settings.title.strip()
    # The labels are common nouns.
    titles = ", ".join(setting_title(parameter.name).lower() for parameter in settings.parameters)
    return f"{settings.base.preset}: {titles}"
