"""The picture that the Inside page explains: the last drawing, or an image of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.classifier.number_reader import read_digit
from core.classifier.predictor import Predictor, Reading
from core.data.datasets import SPLITS, TITLES
from core.errors import TrazoError
from core.ink.canvas_strokes import Stroke
from core.ink.drawing import Drawing, Pixels
from core.language import Message, tr
from dashboard.draw import canvas
from dashboard.parts.image_links import image_name, image_title
from dashboard.parts.png import image_from_png
from dashboard.session import address, cache, drawings

_DATASET_NAMES = {name: name for name in TITLES}
_SPLITS = {"train": Message("training"), "validation": Message("validation"), "test": Message("test")}
_MAX_DIGITS = 9
"""Maximum number of digits in an image number; no dataset has a billion images."""


class ImageNotFound(TrazoError):
    """The URL names an image that does not exist."""


@dataclass(frozen=True)
class Subject:
    """A picture to explain.

    `picture`: uint8 (h, w), the ink of a drawing or a dataset image (28, 28). `strokes`: the strokes of a drawing on
    the canvas, or None. `on_canvas`: True for a drawing on the canvas. `label`: the label of a dataset image, or None.
    `key`: identifies the picture in widget keys; for a dataset image its name, such as "test-947".
    """

    title: str
    picture: Pixels
    key: str
    label: int | None = None
    strokes: Sequence[Stroke] | None = None
    on_canvas: bool = False

    def read(self, predictor: Predictor) -> Reading:
        """Return the prediction for this picture, the same as on Draw or in Evaluate."""
        if self.label is not None:
            return predictor.read_drawing(Drawing.of_image(self.picture))
        return read_digit(predictor, self.picture, self.strokes)


def subject_of_page() -> Subject | None:
    """Return the image that the URL names, or else the last drawing; None if nothing has been drawn.

    Raises ImageNotFound, DataError if the dataset is not on this machine, and PictureError.
    """
    name = address.value("image")
    return last_drawing() if name is None else sample(name, dataset_of_page())


def dataset_of_page() -> str:
    """Return the id of the dataset that the URL names, by default MNIST's."""
    return address.choice("dataset", _DATASET_NAMES, "mnist")


def drawing_on_canvas() -> Subject | None:
    """Return the drawing on the canvas, or None if it is empty. Raises PictureError."""
    ink = canvas.ink()
    if ink is None:
        return None
    return Subject(tr("Your drawing"), ink, "drawing", strokes=canvas.strokes(), on_canvas=True)


def last_drawing() -> Subject | None:
    """Return the picture that Draw last read, or None if nothing has been drawn. Raises PictureError."""
    png = drawings.inspected_ink()
    if png is not None:
        return Subject(tr("Your last picture"), image_from_png(png), "drawing")
    drawing = drawing_on_canvas()
    return None if drawing is None else replace(drawing, title=tr("Your last drawing"))


def sample(name: str, dataset: str) -> Subject:
    """Return a dataset image by its name, such as "test-947".

    Raises ImageNotFound, and DataError if the dataset is not on this machine.
    """
    split, _, number = name.rpartition("-")
    if split not in SPLITS or not (number.isascii() and number.isdigit()):
        raise ImageNotFound(
            Message(
                "There is no image named {image}. The names of images look like test-947; choose another image.",
                image=name[:40],
            )
        )
    images = cache.dataset(dataset).split(split)
    index = int(number) if len(number) <= _MAX_DIGITS else len(images)
    if index >= len(images):
        raise ImageNotFound(
            Message(
                "There is no {split} image {index}. The last one is {last}; choose another one.",
                split=_SPLITS[split],
                index=number[:_MAX_DIGITS],
                last=len(images) - 1,
            )
        )
    label = int(images.labels[index])
    return Subject(image_title(split, index, label), images.images[index], image_name(split, index), label)
