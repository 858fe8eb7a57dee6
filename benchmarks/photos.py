"""Accuracy on synthetic uploads: MNIST's validation digits on paper, in light and shadow, and in many file formats.

The rules of `core/ink/photo.py` were tuned on these pictures, so test images and pen digits are not used.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from benchmarks.report import Figure
from benchmarks.scenes import (
    HEIGHT,
    WIDTH,
    coloured,
    encoded,
    jpeg,
    light,
    on_paper,
    on_table,
    ruled,
    shadow,
    smooth_noise,
    tightly_cropped,
    written,
)
from core.classifier.bundle import Bundle
from core.classifier.number_reader import read_digit
from core.classifier.predictor import Predictor
from core.data.datasets import load_dataset
from core.errors import DataError
from core.ink.photo import ink_from_picture
from core.workspace import SHIPPED_BUNDLE, Workspace

SEED = 3
COUNT = 200
"""Number of pictures of each kind."""

Kind = Callable[[np.ndarray, np.random.Generator], bytes]
"""Function from an image, uint8 (28, 28), and a random generator to an encoded picture."""


def photos() -> list[Figure]:
    """Measure the shipped model's accuracy on each kind of picture, and their mean; return nothing without MNIST."""
    try:
        images, labels = validation_digits()
    except DataError:
        return []
    predictor = Predictor(Bundle(SHIPPED_BUNDLE))
    direct = float((predictor.probabilities(images).argmax(axis=1) == labels).mean()) * 100
    figures = [Figure("MNIST images, direct to the network", direct, "%")]
    for name in KINDS:
        predicted = [read_digit(predictor, ink_from_picture(data)).digit for data in pictures(name, images)]
        figures.append(Figure(f"Picture: {name}", float(np.mean(np.array(predicted, object) == labels)) * 100, "%"))
    mean = float(np.mean([figure.value for figure in figures[1:]]))
    return [*figures, Figure(f"Mean of the {len(KINDS)} kinds of pictures", mean, "%")]


def validation_digits() -> tuple[np.ndarray, np.ndarray]:
    """Return a fixed sample of MNIST's validation images, uint8 (COUNT, 28, 28), and their labels."""
    validation = load_dataset("mnist", Workspace.from_environment()).validation
    chosen = np.random.default_rng(SEED).choice(len(validation), COUNT, replace=False)
    return validation.images[chosen], validation.labels[chosen]


def pictures(name: str, images: np.ndarray) -> list[bytes]:
    """Make an encoded picture of one of KINDS from each image, uint8 (n, 28, 28)."""
    number = list(KINDS).index(name)
    return [KINDS[name](image, np.random.default_rng((SEED, number, index))) for index, image in enumerate(images)]


def _plain(image: np.ndarray, generator: np.random.Generator) -> bytes:
    return encoded(on_paper(written(image, generator), 255, 0).astype(np.uint8))


def _coloured_paper(image: np.ndarray, generator: np.random.Generator) -> bytes:
    papers = ((240, 225, 120), (250, 190, 200), (150, 200, 230), (190, 160, 120), (120, 190, 120))
    paper = papers[generator.integers(len(papers))]
    return jpeg(coloured(written(image, generator), paper, (45, 45, 55)) * light(generator)[..., None], generator)


def _coloured_pen(image: np.ndarray, generator: np.random.Generator) -> bytes:
    pens = ((40, 60, 170), (200, 30, 40), (20, 130, 60), (230, 120, 20), (150, 60, 160))
    pen = pens[generator.integers(len(pens))]
    return jpeg(coloured(written(image, generator), (238, 236, 230), pen), generator)


def _equally_bright(image: np.ndarray, generator: np.random.Generator) -> bytes:
    pairs = (
        ((190, 150, 105), (240, 130, 20)),
        ((150, 205, 240), (140, 220, 60)),
        ((250, 150, 190), (110, 180, 235)),
        ((40, 85, 65), (200, 30, 40)),
        ((250, 250, 250), (255, 250, 60)),
    )
    paper, pen = pairs[generator.integers(len(pairs))]
    return jpeg(coloured(written(image, generator), paper, pen) * light(generator)[..., None], generator)


def _pencil(image: np.ndarray, generator: np.random.Generator) -> bytes:
    ink = written(image, generator) * np.clip(0.85 + 0.25 * smooth_noise(generator, 3), 0.3, 1)
    return jpeg(on_paper(ink, 232, generator.uniform(120, 165)) * light(generator), generator)


def _thin(image: np.ndarray, generator: np.random.Generator) -> bytes:
    return jpeg(on_paper(written(image, generator, pen=-1.6)), generator)


def _marker(image: np.ndarray, generator: np.random.Generator) -> bytes:
    return jpeg(on_paper(written(image, generator, pen=1.6)), generator)


def _small(image: np.ndarray, generator: np.random.Generator) -> bytes:
    return jpeg(on_paper(written(image, generator, share=(0.07, 0.15))), generator)


def _hard_shadow(image: np.ndarray, generator: np.random.Generator) -> bytes:
    return jpeg(on_paper(written(image, generator)) * shadow(generator, 6), generator)


def _soft_shadow(image: np.ndarray, generator: np.random.Generator) -> bytes:
    picture = on_paper(written(image, generator)) * shadow(generator, 150, (0.25, 0.6)) * light(generator)
    return jpeg(picture, generator)


def _ruled(image: np.ndarray, generator: np.random.Generator) -> bytes:
    return jpeg(on_paper(np.maximum(written(image, generator), ruled(generator, False))), generator)


def _grid(image: np.ndarray, generator: np.random.Generator) -> bytes:
    return jpeg(on_paper(np.maximum(written(image, generator), ruled(generator, True))), generator)


def _tilted(image: np.ndarray, generator: np.random.Generator) -> bytes:
    lines = ruled(generator, bool(generator.integers(2)), tilt=8)
    return jpeg(on_paper(np.maximum(written(image, generator), lines)) * light(generator), generator)


def _margin(image: np.ndarray, generator: np.random.Generator) -> bytes:
    lines = ruled(generator, False)
    left = int(generator.integers(20, 90))
    lines[:, left : left + 2] = 0.6
    return jpeg(on_paper(np.maximum(written(image, generator), lines)), generator)


def _compressed(image: np.ndarray, generator: np.random.Generator) -> bytes:
    return jpeg(on_paper(written(image, generator)), generator, 5, quality=int(generator.integers(8, 25)))


def _noisy(image: np.ndarray, generator: np.random.Generator) -> bytes:
    return jpeg(on_paper(written(image, generator), 190, 60), generator, generator.uniform(15, 35))


def _blurred(image: np.ndarray, generator: np.random.Generator) -> bytes:
    sharp = Image.fromarray(on_paper(written(image, generator)).astype(np.uint8))
    return jpeg(np.asarray(sharp.filter(ImageFilter.GaussianBlur(generator.uniform(2, 6))), float), generator)


def _crumpled(image: np.ndarray, generator: np.random.Generator) -> bytes:
    folds = 1 + 0.06 * smooth_noise(generator, 60) + 0.03 * smooth_noise(generator, 12)
    return jpeg(on_paper(written(image, generator)) * folds * light(generator), generator)


def _dark_table(image: np.ndarray, generator: np.random.Generator) -> bytes:
    return jpeg(on_table(on_paper(written(image, generator)), generator, (25, 110)) * light(generator), generator)


def _wooden_table(image: np.ndarray, generator: np.random.Generator) -> bytes:
    return jpeg(on_table(on_paper(written(image, generator)), generator, (120, 180)) * light(generator), generator)


def _ruled_on_table(image: np.ndarray, generator: np.random.Generator) -> bytes:
    sheet = on_paper(np.maximum(written(image, generator), ruled(generator, False)))
    return jpeg(on_table(sheet, generator, (25, 110), tilt=6) * light(generator), generator)


def _thumb(image: np.ndarray, generator: np.random.Generator) -> bytes:
    picture = Image.fromarray((on_paper(written(image, generator, share=(0.25, 0.45))) * 1.0).astype(np.uint8))
    x, y = (WIDTH * int(generator.integers(2)), HEIGHT * int(generator.integers(2)))
    ImageDraw.Draw(picture).ellipse((x - 90, y - 110, x + 90, y + 110), fill=int(generator.integers(90, 150)))
    return jpeg(np.asarray(picture.filter(ImageFilter.GaussianBlur(1)), float), generator)


def _chalk(image: np.ndarray, generator: np.random.Generator) -> bytes:
    ink = written(image, generator) * np.clip(0.85 + 0.2 * smooth_noise(generator, 3), 0.3, 1)
    board = generator.uniform(40, 75) * (1 + 0.08 * smooth_noise(generator, 50))
    return jpeg(on_paper(ink, board, 215) * light(generator), generator)


def _whiteboard(image: np.ndarray, generator: np.random.Generator) -> bytes:
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    x, y = generator.uniform(0, WIDTH), generator.uniform(0, HEIGHT)
    glare = 70 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 2 / 80**2)
    return jpeg(on_paper(written(image, generator), 190, 60) + glare, generator)


def _tight(image: np.ndarray, generator: np.random.Generator) -> bytes:
    return jpeg(on_paper(tightly_cropped(written(image, generator))), generator)


def _transparent(image: np.ndarray, generator: np.random.Generator) -> bytes:
    ink = (written(image, generator) * 255).astype(np.uint8)
    pen = np.full_like(ink, 255 * int(generator.integers(2)))
    return encoded(np.dstack([pen, pen, pen, ink]))


def _file_modes(image: np.ndarray, generator: np.random.Generator) -> bytes:
    grey = on_paper(written(image, generator), 245, 20).astype(np.uint8)
    mode = ("1", "P", "CMYK", "I;16", "LA")[generator.integers(5)]
    if mode == "I;16":
        return encoded(Image.fromarray(grey.astype(np.uint16) * 257))
    return encoded(Image.fromarray(grey).convert(mode), "TIFF")


def _phone(image: np.ndarray, generator: np.random.Generator) -> bytes:
    sheet = on_paper(np.maximum(written(image, generator), ruled(generator, bool(generator.integers(2)))))
    picture = sheet * light(generator) * shadow(generator, 60, (0.6, 0.9))
    return jpeg(picture * (1 + 0.02 * smooth_noise(generator, 8)), generator, 7, quality=55)


def _lines_and_shadow(image: np.ndarray, generator: np.random.Generator) -> bytes:
    sheet = on_paper(np.maximum(written(image, generator), ruled(generator, bool(generator.integers(2)))))
    return jpeg(sheet * shadow(generator, generator.uniform(4, 20)) * light(generator), generator)


def _small_in_shadow(image: np.ndarray, generator: np.random.Generator) -> bytes:
    sheet = on_paper(written(image, generator, share=(0.1, 0.2)))
    return jpeg(sheet * shadow(generator, generator.uniform(4, 20)) * light(generator), generator)


def _tiny_file(image: np.ndarray, generator: np.random.Generator) -> bytes:
    return encoded(image if generator.integers(2) else 255 - image)


KINDS: dict[str, Kind] = {
    "black on white": _plain,
    "coloured paper": _coloured_paper,
    "coloured pen": _coloured_pen,
    "pencil": _pencil,
    "thin pen": _thin,
    "marker": _marker,
    "small on the sheet": _small,
    "hard shadow": _hard_shadow,
    "soft shadow": _soft_shadow,
    "ruled paper": _ruled,
    "grid paper": _grid,
    "ruled or grid paper, tilted by up to 8°": _tilted,
    "ruled paper with a margin line": _margin,
    "low-quality JPEG": _compressed,
    "noise": _noisy,
    "blurred": _blurred,
    "crumpled paper": _crumpled,
    "sheet on a dark table": _dark_table,
    "sheet on a wooden table": _wooden_table,
    "ruled sheet on a dark table": _ruled_on_table,
    "thumb in a corner": _thumb,
    "chalk on a board": _chalk,
    "whiteboard with glare": _whiteboard,
    "tightly cropped": _tight,
    "transparent background": _transparent,
    "1-bit, palette, CMYK, 16-bit and grey with alpha": _file_modes,
    "phone photo with lines, uneven light, shadow and noise": _phone,
    "28x28 pixels": _tiny_file,
    "ruled or grid paper, uneven light, hard shadow": _lines_and_shadow,
    "small on the sheet, uneven light, hard shadow": _small_in_shadow,
    "coloured pen as bright as its coloured paper": _equally_bright,
}
