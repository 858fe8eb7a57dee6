"""Accuracy at increasing levels of each disturbance."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.classifier.bundle import Robustness
from core.classifier.network import Network
from core.classifier.robustness_curves import KINDS, RobustnessCurve, measure_curves
from core.data.datasets import Split, load_dataset
from core.runs.run import Run
from core.workspace import Workspace


@pytest.mark.parametrize(("accuracy", "level"), [(0.5, None), (0.6, None), (0.7, 15), (0.8, 10), (0.9, 5), (1.0, 0)])
def test_curve_falls_below_an_accuracy_between_levels(accuracy: float, level: float | None) -> None:
    curve = RobustnessCurve(levels=(0, 10, 20), accuracies=(0.999, 0.801, 0.6))

    assert curve.first_level_below(accuracy) == (level if level is None else pytest.approx(level, abs=0.06))


def test_curve_with_descending_levels_is_interpolated() -> None:
    curve = RobustnessCurve(levels=(1, 0.5), accuracies=(1, 0))

    assert curve.first_level_below(0.9) == pytest.approx(0.95)


def test_every_kind_has_a_curve_that_falls_with_the_level(trained: Run) -> None:
    validation = load_dataset("digits", Workspace(Path("unused"))).validation

    curves = measure_curves(Network(trained.bundle.tflite_file), Split(validation.images[:60], validation.labels[:60]))

    assert tuple(curves) == KINDS
    assert set(KINDS) <= set(Robustness.model_fields)
    for kind in ("turned", "shifted", "blurred", "faded"):
        assert curves[kind].accuracies[-1] < curves[kind].accuracies[0], kind
    assert curves["shifted"].accuracies[0] == curves["noisy"].accuracies[0] == curves["shrunk"].accuracies[0]
