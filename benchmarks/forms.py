"""Accuracy on digits on synthetic forms and pages, among printed lines, boxes and text.

The rules of `core/ink/surroundings.py` were chosen on these pictures of MNIST's validation digits.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.photos import Kind, validation_digits
from benchmarks.report import Figure
from benchmarks.scenes import HEIGHT, WIDTH, encoded, jpeg, light, on_paper, on_table, tightly_cropped, written
from core.classifier.bundle import Bundle
from core.classifier.number_reader import read_digit, read_number
from core.classifier.predictor import Predictor
from core.errors import DataError
from core.ink.drawing import Plane, bounding_box
from core.ink.photo import ink_from_picture
from core.workspace import SHIPPED_BUNDLE

SEED = 7

NUMBERS = 100
"""Number of numbers of each kind."""

_CELL = 100  # pixels; width of the boxes for a number's digits
_SIZES = (0.25, 0.5)  # heights of the digits, as fractions of the picture's
_FAR = (0.15, 0.5)  # margins around a digit, as fractions of its height
_TOUCHING = (-0.08, 0.1)


def forms() -> list[Figure]:
    """Measure the shipped model's accuracy on each kind of form, and their mean; return nothing without MNIST."""
    try:
        images, labels = validation_digits()
    except DataError:
        return []
    predictor = Predictor(Bundle(SHIPPED_BUNDLE))
    figures = []
    for number, (name, draw) in enumerate(KINDS.items()):
        pictures = (draw(image, np.random.default_rng((SEED, number, index))) for index, image in enumerate(images))
        predicted = [read_digit(predictor, ink_from_picture(picture)).digit for picture in pictures]
        figures.append(Figure(f"Form: {name}", 100 * float(np.mean(np.array(predicted, object) == labels)), "%"))
    mean = float(np.mean([figure.value for figure in figures]))
    figures.append(Figure(f"Mean of the {len(KINDS)} kinds of forms", mean, "%"))
    for kind in ("row of boxes", "comb"):
        correct = [_is_number_correct(predictor, images, labels, kind, index) for index in range(NUMBERS)]
        figures.append(Figure(f"Whole number correct, in a {kind}", 100 * float(np.mean(correct)), "%"))
    return figures


def _is_number_correct(predictor: Predictor, images: np.ndarray, labels: np.ndarray, kind: str, index: int) -> bool:
    """Write a number of 2 to 5 digits on a form, one digit in each cell, and read it."""
    generator = np.random.default_rng((SEED, index))
    chosen = generator.integers(len(images), size=generator.integers(2, 6))
    ink = np.zeros((HEIGHT, WIDTH))
    left, top, bottom = 50, 60, 180
    for cell, image in enumerate(images[chosen]):
        digit = tightly_cropped(written(image, generator, (0.15, 0.2)))[:, : _CELL - 10]
        y = (top + bottom - digit.shape[0]) // 2
        x = left + cell * _CELL + (_CELL - digit.shape[1]) // 2
        ink[y : y + digit.shape[0], x : x + digit.shape[1]] = digit

    def draw(pen: ImageDraw.ImageDraw, width: int) -> None:
        for cell in range(len(chosen)):
            start, end = left + cell * _CELL, left + (cell + 1) * _CELL
            corners = [(start, bottom - 30), (start, bottom), (end, bottom), (end, bottom - 30)]
            if kind == "comb":
                pen.line(corners, 255, width)
            else:
                pen.rectangle((start, top, end, bottom), None, 255, width)

    picture = jpeg(on_paper(_printed(ink, generator, draw)), generator)
    return read_number(predictor, ink_from_picture(picture)).number == "".join(map(str, labels[chosen]))


def _printed(ink: Plane, generator: np.random.Generator, draw: Callable[[ImageDraw.ImageDraw, int], object]) -> Plane:
    """Return the ink together with print; `draw(pen, width)` draws it with lines of this width."""
    plate = Image.new("L", (WIDTH, HEIGHT))
    draw(ImageDraw.Draw(plate), int(generator.integers(2, 6)))
    return np.maximum(ink, np.asarray(plate) / 255 * generator.uniform(0.5, 1))


def _box(ink: Plane, generator: np.random.Generator, margins: tuple[float, float]) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of a box around a digit, with a random margin on each side."""
    top, left, bottom, right = _digit_box(ink)
    margin = generator.uniform(*margins, 4) * (bottom - top)
    return left - margin[0], top - margin[1], right + margin[2], bottom + margin[3]


def _digit_box(ink: Plane) -> tuple[int, int, int, int]:
    box = bounding_box((ink * 255).astype(np.uint8))
    assert box is not None
    return box


def _in_box(image: np.ndarray, generator: np.random.Generator) -> bytes:
    ink = written(image, generator, _SIZES)
    box = _box(ink, generator, _FAR)
    return jpeg(
        on_paper(_printed(ink, generator, lambda pen, width: pen.rectangle(box, outline=255, width=width))), generator
    )


def _touching_box(image: np.ndarray, generator: np.random.Generator) -> bytes:
    ink = written(image, generator, _SIZES)
    box = list(_box(ink, generator, _FAR))
    side = int(generator.integers(4))
    box[side] = _box(ink, generator, _TOUCHING)[side]
    form = _printed(ink, generator, lambda pen, width: pen.rectangle(box, outline=255, width=width))
    return jpeg(on_paper(form) * light(generator), generator)


def _in_row(image: np.ndarray, generator: np.random.Generator) -> bytes:
    return jpeg(on_paper(_row(image, generator)), generator)


def _row_on_table(image: np.ndarray, generator: np.random.Generator) -> bytes:
    sheet = on_paper(_row(image, generator, (-1, 2)))
    return jpeg(on_table(sheet, generator, (25, 110), tilt=4) * light(generator), generator)


def _row(image: np.ndarray, generator: np.random.Generator, cells: tuple[int, int] = (-6, 6)) -> Plane:
    """Write the digit in one cell of a row of boxes; `cells`: the first and the last one, relative to the digit's."""
    ink = written(image, generator, _SIZES)
    left, top, right, bottom = _box(ink, generator, (0.15, 0.3))
    return _printed(
        ink,
        generator,
        lambda pen, width: [
            pen.rectangle((left + cell * (right - left), top, right + cell * (right - left), bottom), None, 255, width)
            for cell in range(cells[0], cells[1] + 1)
        ],
    )


def _in_comb(image: np.ndarray, generator: np.random.Generator) -> bytes:
    ink = written(image, generator, _SIZES)
    left, top, right, bottom = _box(ink, generator, _FAR)
    middle = (top + 2 * bottom) / 3
    comb = [(left, middle), (left, bottom), (right, bottom), (right, middle)]
    return jpeg(on_paper(_printed(ink, generator, lambda pen, width: pen.line(comb, 255, width))), generator)


def _between_corners(image: np.ndarray, generator: np.random.Generator) -> bytes:
    ink = written(image, generator, _SIZES)
    left, top, right, bottom = _box(ink, generator, _FAR)
    arm = (bottom - top) / 5
    corners = [
        [(x + along * arm, y), (x, y), (x, y + down * arm)]
        for x, along in ((left, 1), (right, -1))
        for y, down in ((top, 1), (bottom, -1))
    ]
    form = _printed(ink, generator, lambda pen, width: [pen.line(corner, 255, width) for corner in corners])
    return jpeg(on_paper(form), generator)


def _on_line(image: np.ndarray, generator: np.random.Generator) -> bytes:
    return _with_line(image, generator, _FAR)


def _touching_line(image: np.ndarray, generator: np.random.Generator) -> bytes:
    return _with_line(image, generator, _TOUCHING)


def _with_line(image: np.ndarray, generator: np.random.Generator, margins: tuple[float, float]) -> bytes:
    ink = written(image, generator, _SIZES)
    left, _, right, _ = _box(ink, generator, _FAR)
    bottom = _box(ink, generator, margins)[3]
    form = _printed(ink, generator, lambda pen, width: pen.line([(left, bottom), (right, bottom)], 255, width))
    return jpeg(on_paper(form), generator)


def _underlined(image: np.ndarray, generator: np.random.Generator) -> bytes:
    ink = written(image, generator, _SIZES)
    left, _, right, bottom = _box(ink, generator, (0.1, 0.3))
    ends = [(x, bottom + generator.uniform(-5, 5)) for x in (left, right)]
    form = _printed(ink, generator, lambda pen, width: pen.line(ends, 255, 2 * width))
    return jpeg(on_paper(form), generator)


def _among_text(image: np.ndarray, generator: np.random.Generator) -> bytes:
    ink = written(image, generator, _SIZES)
    page = _printed(
        np.zeros_like(ink),
        generator,
        lambda pen, _: [pen.text((20, y), "This is a line of small print on a form", 255) for y in range(20, 460, 55)],
    )
    top, left, bottom, right = _digit_box(ink)
    page[max(0, top - 30) : bottom + 30, max(0, left - 30) : right + 30] = 0
    return jpeg(on_paper(np.maximum(ink, page)), generator)


def _spiral_notebook(image: np.ndarray, generator: np.random.Generator) -> bytes:
    sheet = Image.fromarray(on_paper(written(image, generator, _SIZES)).astype(np.uint8))
    pen = ImageDraw.Draw(sheet)
    for y in range(15, HEIGHT, 45):
        pen.ellipse((8, y, 26, y + 18), fill=60)
    return jpeg(np.asarray(sheet) * light(generator), generator)


def _tablet(image: np.ndarray, generator: np.random.Generator) -> bytes:
    screen = on_paper(written(image, generator, _SIZES), generator.uniform(20, 50), generator.uniform(200, 250))
    screenshot = Image.fromarray(screen.astype(np.uint8))
    pen = ImageDraw.Draw(screenshot)
    pen.rectangle((0, 0, WIDTH, 24), fill=70)
    for x in range(10, 200, 30):
        pen.ellipse((x, 5, x + 14, 19), fill=200)
    return encoded(screenshot)


KINDS: dict[str, Kind] = {
    "in a box": _in_box,
    "touching a box, uneven light": _touching_box,
    "in a row of boxes": _in_row,
    "in a row of boxes, sheet on a dark table": _row_on_table,
    "in a comb": _in_comb,
    "between corner marks": _between_corners,
    "above a line": _on_line,
    "touching a line": _touching_line,
    "underlined": _underlined,
    "on a page with small print": _among_text,
    "in a spiral notebook": _spiral_notebook,
    "screenshot of a tablet with a toolbar": _tablet,
}
