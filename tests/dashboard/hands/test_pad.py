"""The digits that a browser sends from the writing pad."""

from __future__ import annotations

import pytest

from core.errors import HandError
from core.personal.written import MAX_POINTS, MAX_STROKES
from dashboard.hands.pad import _written

_LINE = [[140.0, float(y)] for y in range(20, 260)]


def test_digit_is_kept_under_its_prompt() -> None:
    written = _written({"position": 1, "strokes": [_LINE]}, (4, 1))

    assert written.label == 1
    assert written.strokes[0].points == tuple(map(tuple, _LINE))


@pytest.mark.parametrize(
    ("strokes", "message"),
    [
        ([_LINE] * (MAX_POINTS // len(_LINE) + 1), "too large to be kept"),
        ([_LINE[:2]] * (MAX_STROKES + 1), "too large to be kept"),
        ([], "arrived incomplete"),
        ([[[1.0]]], "arrived incomplete"),
        (None, "arrived incomplete"),
    ],
)
def test_unusable_digit_is_refused_with_a_reason(strokes: list[list[list[float]]] | None, message: str) -> None:
    with pytest.raises(HandError, match=message):
        _written({"position": 0, "strokes": strokes}, (1,))
