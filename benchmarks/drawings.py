"""The same drawing on the canvas and as a picture: agreement between the digits and verdicts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.pen_digits import held_out_digits
from benchmarks.report import Figure
from benchmarks.scenes import encoded
from core.classifier.bundle import Bundle
from core.classifier.number_reader import read_digit
from core.classifier.predictor import Predictor, Reading
from core.handwriting.pen_digits import replay
from core.ink.drawing import Pixels
from core.ink.photo import ink_from_picture
from core.workspace import SHIPPED_BUNDLE

SEED = 9
KINDS = ("PNG", "JPEG")
"""Formats of the pictures. Each drawing is sent twice: light on dark, and dark on light."""


def drawings() -> list[Figure]:
    """Compare pen digits of the held-out writers; return nothing without the pen digits."""
    digits = held_out_digits()
    if not digits:
        return []
    predictor = Predictor(Bundle(SHIPPED_BUNDLE))
    rng = np.random.default_rng(SEED)
    inks = [replay(digit, rng) for digit in digits]
    return [
        Figure(f"Same digit and verdict, {kind}, {2 * len(inks):,} pictures", _agreement(predictor, inks, kind), "%")
        for kind in KINDS
    ]


def _agreement(predictor: Predictor, inks: Sequence[Pixels], kind: str) -> float:
    agreements = []
    for ink in inks:
        canvas_outcome = _outcome(predictor.read(ink))
        for picture in (ink, 255 - ink):
            picture_reading = read_digit(predictor, ink_from_picture(encoded(picture, kind)))
            agreements.append(_outcome(picture_reading) == canvas_outcome)
    return 100 * float(np.mean(agreements))


def _outcome(reading: Reading) -> tuple[int | None, str]:
    return reading.digit, reading.verdict
