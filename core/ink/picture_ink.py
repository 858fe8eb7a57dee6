"""The ink in a picture, which may be one of several."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.ink.drawing import Pixels


@dataclass(frozen=True)
class PictureInk:
    """The ink in a picture; all arrays are uint8 (h, w), white on black.

    `likeliest`: the digit, judged by shapes and places alone. `candidates`: this one and others where a shape is
    ambiguous, such as the white hole of a 0 or a sheet of paper. The model should read them in this order.
    """

    likeliest: Pixels
    candidates: tuple[Pixels, ...]

    @property
    def blank(self) -> bool:
        """True if the picture has no ink."""
        return not any(ink.any() for ink in self.candidates)

    def placed(self, place: tuple[slice, slice], shape: tuple[int, ...], before: Pixels) -> PictureInk:
        """Return this ink at its place in a larger picture, after one candidate of that picture."""

        def larger(ink: Pixels) -> Pixels:
            plane = np.zeros(shape, np.uint8)
            plane[place] = ink
            return plane

        return PictureInk(larger(self.likeliest), (before, *map(larger, self.candidates)))


def distinct(inks: Iterable[Pixels]) -> tuple[Pixels, ...]:
    """Return the inks without repetitions, in their order."""
    kept: list[Pixels] = []
    for ink in inks:
        if not any(np.array_equal(ink, other) for other in kept):
            kept.append(ink)
    return tuple(kept)
