"""The figures of a proof."""

from __future__ import annotations

import pytest

from core.classifier.comparison import mcnemar
from dashboard.hands.proof import p_value_text


@pytest.mark.parametrize(
    ("fixed", "broken", "expected"), [(0, 0, "p = 1.000"), (6, 0, "p = 0.031"), (12, 0, "p < 0.001")]
)
def test_p_value_is_never_zero(fixed: int, broken: int, expected: str) -> None:
    assert p_value_text(mcnemar(fixed, broken)) == expected
