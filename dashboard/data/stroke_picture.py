"""Pictures of strokes as they were written: each stroke in its own colour, with a dot at its start."""

from __future__ import annotations

import base64

from core.handwriting.pen_digits import PenDigit
from core.language import Message

STROKE_COLOURS = {Message("white"): "#ffffff", Message("turquoise"): "#3fc9b5", Message("orange"): "#f59a4a"}
"""Colours of the first, second and third stroke on black, distinguishable even with a colour vision deficiency."""

_LINE_WIDTH = 0.035
_DOT_RADIUS = 0.05
_MARGIN = 0.12
"""Lengths as fractions of the digit's longer side."""


def stroke_picture(digit: PenDigit) -> str:
    """Return a square SVG of the digit as a data URI, for `<img>`."""
    points = [point for stroke in digit.strokes for point in stroke]
    columns, rows = zip(*points, strict=True)
    left, right, top, bottom = min(columns), max(columns), min(rows), max(rows)
    side = max(right - left, bottom - top, 1)
    margin = _MARGIN * side
    box = (
        f"{(left + right - side) / 2 - margin:.0f} {(top + bottom - side) / 2 - margin:.0f} "
        f"{side + 2 * margin:.0f} {side + 2 * margin:.0f}"
    )
    colours = list(STROKE_COLOURS.values())
    strokes = "".join(
        _stroke_svg(stroke, side, colours[number % len(colours)]) for number, stroke in enumerate(digit.strokes)
    )
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">{strokes}</svg>'
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _stroke_svg(stroke: list[tuple[float, float]], side: float, colour: str) -> str:
    line = " ".join(f"{x:g},{y:g}" for x, y in stroke)
    x, y = stroke[0]
    return (
        f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="{_LINE_WIDTH * side:.1f}" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
        f'<circle cx="{x:g}" cy="{y:g}" r="{_DOT_RADIUS * side:.1f}" fill="{colour}"/>'
    )
