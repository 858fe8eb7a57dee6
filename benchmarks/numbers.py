"""Numbers of 2 to 6 digits by writers that no model knows: whole numbers read correctly, and single digits kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from benchmarks.number_scenes import SPACINGS, Range, Scene, compose, scenes
from benchmarks.pen_digits import measuring_digits
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
"""Numbers of each spacing."""
TIMED = 40
"""Numbers of six digits, each read twice for its time."""
PAPER = (235.0, 45.0)
"""Brightness of the ground and of the pen in pictures, 0..255."""

Read = Callable[[Scene], NumberReading]


def numbers() -> list[Figure]:
    """Measure numbers and single digits of the measuring writers; return nothing without the pen digits or MNIST."""
    digits = measuring_digits()
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
            Figure(f"{place}, {name}: whole number right", _whole_numbers_right(read, digits, spacing), "%")
            for name, spacing in SPACINGS.items()
        ]
    late = _whole_numbers_right(canvas, digits, SPACINGS["tight"], late=True)
    return [
        *figures,
        Figure("Canvas, tight, bars written last: whole number right", late, "%"),
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


def _whole_numbers_right(read: Read, digits: Sequence[PenDigit], spacing: Range, *, late: bool = False) -> float:
    rng = np.random.default_rng(SEED)
    right = [read(scene).number == scene.text for scene in scenes(digits, COUNT, spacing, rng, late=late)]
    return 100 * float(np.mean(right))


def _six_digits(place: str, read: Read, digits: Sequence[PenDigit]) -> list[Figure]:
    rng = np.random.default_rng(SEED)
    written = [
        compose([digits[index] for index in rng.choice(len(digits), 6)], SPACINGS["touching"], rng)
        for _ in range(TIMED)
    ]
    median, percentile_95 = milliseconds(lambda index: read(written[index % TIMED]), 2 * TIMED)
    return [
        Figure(f"{place}, six touching digits, median", median, "ms"),
        Figure(f"{place}, six touching digits, 95th percentile", percentile_95, "ms"),
    ]


def _single_digits(predictor: Predictor, digits: Sequence[PenDigit], images: np.ndarray) -> list[Figure]:
    """Measure the share of single digits that are taken for several, as a digit and as a number."""
    rng = np.random.default_rng(SEED)
    singles = [compose([digit], (0.0, 0.0), rng) for digit in digits]
    mistaken = {
        "pen digits on the canvas": [read_digit(predictor, one.ink, one.strokes).several for one in singles],
        "pen digits in pictures": [read_digit(predictor, ink_from_array(picture(one.ink))).several for one in singles],
        "MNIST test images": [read_digit(predictor, image).several for image in images],
    }
    split = {
        "pen digits on the canvas": [len(read_number(predictor, one.ink, one.strokes).digits) > 1 for one in singles],
        "pen digits in pictures": [
            len(read_number(predictor, ink_from_array(picture(one.ink))).digits) > 1 for one in singles
        ],
        "MNIST test images": [len(read_number(predictor, image).digits) > 1 for image in images],
    }
    return [
        *(
            Figure(f"Several digits found in one, {name}", 100 * float(np.mean(ones)), "%")
            for name, ones in mistaken.items()
        ),
        *(
            Figure(f"One digit read as a number of several, {name}", 100 * float(np.mean(ones)), "%")
            for name, ones in split.items()
        ),
    ]
