"""The choice of a preset, as cards with its accuracy, size and training time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import streamlit as st

from core.config import DEFAULT_PRESET, PRESETS, preset, replace_settings
from core.language import number, tr
from core.runs.summary import Summary
from dashboard.parts.units import duration
from dashboard.session import state
from dashboard.training.wording import PRESET_DESCRIPTIONS

LATEST_RUNS = 5
"""Number of runs whose median training time is shown; older runs may have trained while the machine was busier."""


@dataclass(frozen=True)
class PresetMeasurements:
    """A preset's number of parameters, and its mean test accuracy and training time in `benchmarks/RESULTS.md`.

    The accuracy is on MNIST, 0..1; the time was measured on two cores, in seconds. None: not measured there.
    """

    parameters: int
    accuracy: float | None = None
    seconds: float | None = None


PRESET_MEASUREMENTS: dict[str, PresetMeasurements] = {
    "fast": PresetMeasurements(39_218, 0.9918, 12.6),
    # The benchmark trains it for 12 epochs; elsewhere, early stopping may end the training earlier.
    "original": PresetMeasurements(225_034, 0.9918, 120),
    "best": PresetMeasurements(147_882, 0.9961, 44 * 60),
    "large": PresetMeasurements(325_498),
    "tiny": PresetMeasurements(9_370, 0.9946, 4.1 * 60),
}


def choose_preset(rows: Sequence[Summary], dataset_id: str) -> tuple[str, state.Template | None]:
    """Let the visitor choose a preset or the template; return the choice, and the template if it was chosen.

    `rows`: all runs, newest first; those on `dataset_id` provide the training times on this machine.
    """
    template = state.template()
    options = [DEFAULT_PRESET, *(name for name in PRESETS if name != DEFAULT_PRESET)]
    captions = [_caption(name, rows, dataset_id) for name in options]
    if template:
        options.append(state.AGAIN)
        captions.append(tr("Its settings, which you can change below."))
    chosen = st.radio(
        tr("Preset"),
        options,
        format_func=lambda name: (
            tr("Same as {title}", title=template.title) if template and name == state.AGAIN else name
        ),
        key=state.TRAIN_PRESET,
        captions=captions,
        width="stretch",
        help=tr(
            "A starting point that fills in all settings. The accuracy is on test images that no network trains on. "
            'A training time "here" is the median of your last runs; one with "~" was measured on two cores of a '
            "server."
        ),
        persist_state="session",
    )
    return chosen, template if chosen == state.AGAIN else None


def _caption(name: str, rows: Sequence[Summary], dataset_id: str) -> str:
    return f"{tr(PRESET_DESCRIPTIONS.get(name, ''))}  \n{facts(name, rows, dataset_id)}"


def facts(name: str, rows: Sequence[Summary], dataset_id: str) -> str:
    """Return a preset's accuracy, size and training time in a few words; unknown facts are omitted."""
    measurements, own_runs = PRESET_MEASUREMENTS.get(name), _own_runs(name, rows, dataset_id)
    on_mnist = measurements if dataset_id == "mnist" else None
    accuracies = [row.accuracy for row in own_runs if row.accuracy is not None]
    accuracy = on_mnist.accuracy if on_mnist and on_mnist.accuracy else median(accuracies) if accuracies else None
    seconds = [row.seconds for row in own_runs if row.seconds is not None]
    if seconds:
        time = tr("{time} here", time=duration(median(seconds)))
    elif on_mnist and on_mnist.seconds:
        time = re.sub(r"[.,]0 ", " ", f"~{duration(on_mnist.seconds)}")
    else:
        time = tr("not yet timed here")
    size = _size(measurements.parameters) if measurements else None
    return " · ".join(filter(None, (number(accuracy, ".2%") if accuracy else None, size, time)))


def _size(parameters: int) -> str:
    if parameters < 10_000:
        return tr("{thousands:.1f}k parameters", thousands=parameters / 1000)
    return tr("{thousands:.0f}k parameters", thousands=parameters / 1000)


def _own_runs(name: str, rows: Sequence[Summary], dataset_id: str) -> list[Summary]:
    """Return the latest finished runs with the preset's settings and any seed."""
    config = preset(name, dataset_id)
    return [
        row
        for row in rows
        if not row.is_search_run and row.state == "finished" and row.config
        if replace_settings(row.config, seed=config.seed) == config
    ][:LATEST_RUNS]
