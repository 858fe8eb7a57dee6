"""The sentence about the values at which a changed drawing is read as another digit."""

from __future__ import annotations

import numpy as np
import pytest

from core.explain.stress import STRESSES, StressCurve
from dashboard.explain.stress import tipping_sentence


@pytest.mark.parametrize(
    ("name", "values", "leads", "expected"),
    [
        ("rotation", (-3.0, 0.0, 3.0), (0.9, 0.1, -0.9), "at +1°."),
        ("rotation", (-3.0, 0.0, 3.0), (-0.9, 0.1, -0.9), "at -1° and at +1°."),
        ("shift_right", (-0.5, 0.0, 0.5), (-0.9, 0.02, 0.9), "at -0.1 px."),
        ("size", (0.95, 1.0, 1.05), (-0.9, 0.02, 0.9), "at 0.99×."),
        ("hidden_rows", (-0.6, 0.0, 0.6), (0.9, 0.5, -0.25), "at +0.40."),
    ],
)
def test_digit_tips_beyond_the_neutral_value(
    name: str, values: tuple[float, ...], leads: tuple[float, ...], expected: str
) -> None:
    probabilities = np.zeros((3, 10), np.float32)
    probabilities[:, 4] = (1 + np.array(leads)) / 2
    probabilities[:, 9] = 1 - probabilities[:, 4]

    sentence = tipping_sentence(StressCurve(STRESSES[name], np.array(values), probabilities))

    assert sentence == f"It stops being a 4 {expected}"
