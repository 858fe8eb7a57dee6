"""Sentences that state a chart's numbers."""

from __future__ import annotations

import numpy as np

from core.classifier.calibration import ReliabilityBin
from dashboard.parts.chart_text import by_digit, confusions_text, reliability_text


def test_most_frequent_mistakes_are_named_first() -> None:
    matrix = np.eye(10, dtype=np.int64) * 200
    matrix[4, 9], matrix[7, 1], matrix[0, 6] = 3, 12, 3

    assert confusions_text(matrix) == (
        "Confusion matrix: 2,000 of 2,018 images are read correctly. "
        "The most frequent mistakes: 7 read as 1: 12; 0 read as 6: 3; 4 read as 9: 3."
    )


def test_matrix_without_mistakes_names_none() -> None:
    assert confusions_text(np.eye(10, dtype=np.int64)) == "Confusion matrix: 10 of 10 images are read correctly."


def test_confidence_bins_without_predictions_are_left_out() -> None:
    nan = float("nan")
    bins = [ReliabilityBin(0.8, 0.9, 0, nan, nan, nan, nan), ReliabilityBin(0.9, 1.0, 10, 0.95, 0.9, 0.6, 0.98)]

    assert reliability_text(bins) == "Accuracy at each level of confidence: 90% to 100%: 90.0%."


def test_values_follow_their_digits() -> None:
    assert by_digit(["5", "7"]) == "0: 5; 1: 7"
