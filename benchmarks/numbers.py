"""Multi-digit numbers by the held-out writers: the fraction read correctly, and the fraction of single digits split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from benchmarks.number_scenes import SPACINGS, Range, Scene, compose, scenes
from benchmarks.pen_digits import held_out_digits
from benchmarks.report import Figure
from benchmarks.scenes import encoded, on_paper
from benchmarks.timing import milliseconds
from core.classifier.bundle import Bundle
from core.classifier.number_reader import NumberReading, read_digit, read_number
from core.classifier.predictor import Predictor
from core.data.datasets import load_dataset
from core.errors import DataError
from core.handwriting.pen_digits import PenDigit
from core.ink.drawing import Pixels
from core.ink.photo import ink_from_array, ink_from_picture
from core.workspace import SHIPPED_BUNDLE, Workspace

SEED = 6
COUNT = 400
"""Numbers for each spacing."""
TIMED = 40
"""Six-digit numbers, each timed twice."""
PAPER = (235.0, 45.0)
"""Brightness of the paper and of the pen in pictures, 0..255."""

Read = Callable[[Scene], NumberReading]


def numbers() -> list[Figure]:
    """Evaluate on numbers and single digits by the held-out writers; return nothing without pen digits or MNIST."""
    digits = held_out_digits()
    try:
        test = load_dataset("mnist", Workspace.from_environment()).test
    except DataError:
        return []
    if not digits:
        return []
    predictor = Predictor(Bundle(SHIPPED_BUNDLE))
    canvas, picture = partial(read_on_canvas, predictor), partial(read_in_picture, predictor)
    figures = []
    for place, read in (("Canvas", canvas), ("Picture", picture)):
        figures += [
            Figure(f"{place}, {name}: whole number correct", _whole_numbers_correct(read, digits, spacing), "%")
            for name, spacing in SPACINGS.items()
        ]
    late = _whole_numbers_correct(canvas, digits, SPACINGS["tight"], late=True)
    return [
        *figures,
        Figure("Canvas, tight, bars written last: whole number correct", late, "%"),
        *_six_digits("Canvas", canvas, digits),
        *_six_digits("Picture, ink to digits", lambda scene: read_number(predictor, scene.ink), digits),
        *_single_digits(predictor, digits, test.images),
    ]


def read_on_canvas(predictor: Predictor, scene: Scene) -> NumberReading:
    """Read a number from its strokes."""
    return read_number(predictor, scene.ink, scene.strokes)


def read_in_picture(predictor: Predictor, scene: Scene) -> NumberReading:
    """Read a number from a picture file, dark on light."""
    return read_number(predictor, ink_from_picture(encoded(picture(scene.ink))))


def picture(ink: Pixels) -> Pixels:
    """Return dark ink on light paper."""
    return on_paper(ink / 255, *PAPER).astype(np.uint8)


def _whole_numbers_correct(read: Read, digits: Sequence[PenDigit], spacing: Range, *, late: bool = False) -> float:
    rng = np.random.default_rng(SEED)
    correct = [read(scene).number == scene.text for scene in scenes(digits, COUNT, spacing, rng, late=late)]
    return 100 * float(np.mean(correct))


def _six_digits(place: str, read: Read, digits: Sequence[PenDigit]) -> list[Figure]:
    rng = np.random.default_rng(SEED)
    touching_numbers = [
        compose([digits[index] for index in rng.choice(len(digits), 6)], SPACINGS["touching"], rng)
        for _ in range(TIMED)
    ]
    median, percentile_95 = milliseconds(lambda index: read(touching_numbers[index % TIMED]), 2 * TIMED)
    return [
        Figure(f"{place}, six touching digits, median", median, "ms"),
        Figure(f"{place}, six touching digits, 95th percentile", percentile_95, "ms"),
    ]


def _single_digits(predictor: Predictor, digits: Sequence[PenDigit], images: np.ndarray) -> list[Figure]:
    """Return the percentage of single digits taken for several, in the mode for one digit and in that for numbers."""
    rng = np.random.default_rng(SEED)
    singles = [compose([digit], (0.0, 0.0), rng) for digit in digits]
    taken_for_several = {
        "pen digits on the canvas": [read_digit(predictor, one.ink, one.strokes).several for one in singles],
        "pen digits in pictures": [read_digit(predictor, ink_from_array(picture(one.ink))).several for one in singles],
        "MNIST test images": [read_digit(predictor, image).several for image in images],
    }
    read_as_numbers = {
        "pen digits on the canvas": [len(read_number(predictor, one.ink, one.strokes).digits) > 1 for one in singles],
        "pen digits in pictures": [
            len(read_number(predictor, ink_from_array(picture(one.ink))).digits) > 1 for one in singles
        ],
        "MNIST test images": [len(read_number(predictor, image).digits) > 1 for image in images],
    }
    return [
        *(
            Figure(f"Single digit taken for several, {name}", 100 * float(np.mean(outcomes)), "%")
            for name, outcomes in taken_for_several.items()
        ),
        *(
            Figure(f"Single digit read as a multi-digit number, {name}", 100 * float(np.mean(outcomes)), "%")
            for name, outcomes in read_as_numbers.items()
        ),
    ]
