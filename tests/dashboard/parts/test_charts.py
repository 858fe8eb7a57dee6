"""Charts highlight the selected cell and align each label with its tick."""

from __future__ import annotations

from collections.abc import Callable

import altair as alt
import numpy as np
import pytest

from core.classifier.calibration import ReliabilityBin
from dashboard.parts import charts

INK = "#123456"
MATRIX = np.eye(10, dtype=np.int64) * 5 + 1


def test_selected_cell_has_a_frame_in_the_text_colour() -> None:
    cells = charts.confusion_heatmap(MATRIX, percentages=False, text_colour=INK).to_dict()["layer"][0]

    assert cells["encoding"]["stroke"]["condition"]["value"] == INK


def test_only_diagonal_cells_with_images_look_correct() -> None:
    matrix = MATRIX.copy()
    matrix[0, 0] = 0
    shades = charts.confusion_heatmap(matrix, percentages=False, text_colour=INK).data["shade"]

    assert shades[0] < 0.1 < shades[11]


@pytest.mark.parametrize(
    "draw",
    [
        lambda: charts.class_balance(np.full(10, 6), INK),
        lambda: charts.confusion_heatmap(MATRIX, percentages=True, text_colour=INK),
        lambda: charts.reliability_diagram([ReliabilityBin(0.9, 1.0, 10, 0.95, 0.9, 0.6, 0.98)], INK),
        lambda: charts.digit_accuracies(np.linspace(0.9, 1, 20).reshape(2, 10), 1, INK),
    ],
    ids=["balance", "matrix", "reliability", "digits"],
)
def test_labels_are_aligned_with_their_ticks(draw: Callable[[], alt.LayerChart]) -> None:
    assert draw().to_dict()["config"]["axis"]["labelFlush"] is False
