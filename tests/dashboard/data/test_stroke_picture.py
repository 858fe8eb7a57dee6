"""Strokes are drawn as they were written."""

from __future__ import annotations

import base64
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from core.handwriting.pen_digits import PenDigit
from dashboard.data.stroke_picture import STROKE_COLOURS, stroke_picture

points = st.tuples(st.integers(0, 500), st.integers(0, 500))
digits = st.builds(
    PenDigit, st.just(3), st.just(1), st.lists(st.lists(points, min_size=1, max_size=9), min_size=1, max_size=5)
)


def svg_root(digit: PenDigit) -> ElementTree.Element:
    return ElementTree.fromstring(base64.b64decode(stroke_picture(digit).removeprefix("data:image/svg+xml;base64,")))


def test_each_stroke_has_its_colour_and_a_dot_at_its_start() -> None:
    picture = svg_root(PenDigit(4, 1, [[(10, 20), (10, 60), (40, 60)], [(30, 10), (30, 90)]]))

    lines, dots = picture[::2], picture[1::2]
    assert [line.get("points") for line in lines] == ["10,20 10,60 40,60", "30,10 30,90"]
    assert [(dot.get("cx"), dot.get("cy")) for dot in dots] == [("10", "20"), ("30", "10")]
    assert [dot.get("fill") for dot in dots] == list(STROKE_COLOURS.values())[:2]


@given(digits)
def test_whole_digit_is_inside_a_square_picture(digit: PenDigit) -> None:
    left, top, width, height = map(float, svg_root(digit).attrib["viewBox"].split())

    assert width == height > 0
    for x, y in (point for stroke in digit.strokes for point in stroke):
        assert left <= x <= left + width
        assert top <= y <= top + height
