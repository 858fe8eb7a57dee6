"""The ink in a picture, and the candidates for the digit in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from core.ink.depth import is_dust
from core.ink.drawing import Pixels
from core.ink.ruled_lines import without_thin_lines
from core.ink.surroundings import without_far_marks, without_form_lines


@dataclass(frozen=True)
class PictureInk:
    """The ink in a picture; all arrays are uint8 (h, w), white on black.

    `likeliest`: the most likely digit, judging by shape and position. `candidates`: this ink, and other ink if shape
    and position are ambiguous; the hole of a 0, for example, looks like a sheet of paper. The first candidate that the
    model is sure of is the digit; `late_candidates` follow if there is none. `picture`: a small, upright copy of the
    file's picture, to show beside the prediction: uint8 (h, w) or (h, w, 3 | 4).
    """

    likeliest: Pixels
    candidates: tuple[Pixels, ...]
    picture: Pixels | None = None

    @property
    def blank(self) -> bool:
        """True if no ink in the picture looks like a digit."""
        return not self.likeliest.any()

    def late_candidates(self) -> Iterator[Pixels]:
        """Yield ink without print elsewhere on the page, without lines that a digit touches, and without bold ones.

        Finding them takes longer, and most pictures have a candidate that the model is sure of.
        """
        complete_ink = self.candidates[0] if self.candidates else self.likeliest
        for ink in (
            without_far_marks(self.likeliest),
            without_thin_lines(complete_ink),
            without_form_lines(complete_ink, certain=False),
        ):
            if ink is not None:
                yield _without_dust(ink)


def picture_ink(likeliest: Pixels, candidates: Iterable[Pixels]) -> PictureInk:
    """Collect the distinct candidates in order; ink that is only dust becomes blank."""
    distinct: list[Pixels] = []
    for candidate in candidates:
        ink = _without_dust(candidate)
        if not any(np.array_equal(ink, other) for other in distinct):
            distinct.append(ink)
    return PictureInk(_without_dust(likeliest), tuple(distinct))


def _without_dust(ink: Pixels) -> Pixels:
    return np.zeros_like(ink) if is_dust(ink) else ink
