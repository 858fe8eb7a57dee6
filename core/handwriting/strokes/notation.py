"""A compact notation for the skeletons of glyphs and doodles.

Lines are separated by "/" and consist of anchors "x,y"; "!" after an anchor makes it a corner. "@x,y,w,h" is an ellipse
with its centre and radii, and "#left,top,right,bottom" a rectangle. A line that starts with "?" is optional.
"""

from __future__ import annotations

from core.handwriting.strokes.pen import Dice, Line, Skeleton, arc, corner

_OPTIONAL_CHANCE = 0.6
"""Chance that an optional line is drawn."""


def parse_skeleton(text: str, dice: Dice) -> Skeleton:
    """Return a skeleton's lines; each ellipse starts at a random angle and overlaps itself or stays slightly open."""
    lines = [line.strip() for line in text.split("/")]
    return [_parse_line(line.lstrip("?"), dice) for line in lines if line[0] != "?" or dice.chance(_OPTIONAL_CHANCE)]


def _parse_line(text: str, dice: Dice) -> Line:
    if text[0] == "@":
        x, y, width, height = _numbers(text[1:])
        return arc((x, y), (width, height), dice(-150, -30), -dice(345, 375), dice(0.97, 1.03))
    if text[0] == "#":
        left, top, right, bottom = _numbers(text[1:])
        return [corner(x, y) for x, y in ((left, top), (left, bottom), (right, bottom), (right, top), (left, top))]
    anchors = [(_numbers(anchor.removesuffix("!")), anchor.endswith("!")) for anchor in text.split()]
    return [corner(x, y) if is_corner else (x, y) for (x, y), is_corner in anchors]


def _numbers(text: str) -> list[float]:
    return [float(number) for number in text.split(",")]
