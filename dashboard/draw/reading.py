"""The five stages from a drawing to the model's input image."""

from __future__ import annotations

import numpy as np

from core.ink.drawing import ALL_STEPS, BOX_SIZE, IMAGE_SIZE, Drawing, Pixels, Steps
from core.language import tr
from dashboard.parts.component import text_component
from dashboard.parts.png import png_data_uri

_steps = text_component("steps")


def show_steps(drawing: Drawing | None, steps: Steps = ALL_STEPS, key: str = "steps") -> None:
    """Show the five stages from ink to the model's input image with explanations, or empty frames without a drawing.

    `steps`: the steps of the preparation that were applied.
    """
    ink = _png_source(drawing.ink) if drawing else None
    crop = _png_source(drawing.crop) if drawing else None
    image = _png_source(drawing.image) if drawing else None
    _steps(
        key=key,
        data=[
            _step(
                tr("Ink"),
                tr("Your drawing as white ink on black. The frame marks the digit."),
                ink,
                _frame(drawing),
            ),
            _step(tr("Crop"), tr("The empty margin and stray dots are removed."), crop)
            if steps.crop
            else _step(tr("No cropping"), tr("The empty margin and stray dots stay."), crop),
            _scale_step(drawing, steps),
            _step(
                tr("Centre of mass"),
                tr("The digit is moved so that its centre of mass is at the centre of a 28×28 image."),
                image,
                {"kind": "cross", "size": [IMAGE_SIZE, IMAGE_SIZE]},
            )
            if steps.centre
            else _step(
                tr("No centring"),
                tr("The digit stays where it was drawn, in a 28×28 image."),
                image,
                {"kind": "cross", "size": [IMAGE_SIZE, IMAGE_SIZE]},
            ),
            _step(
                tr("Final image"),
                tr("The model sees only these 784 pixels, in MNIST's format.")
                if steps == ALL_STEPS
                else tr("The model sees only these 784 pixels, which are not prepared quite as MNIST's digits are."),
                image,
                {"kind": "grid", "size": [IMAGE_SIZE, IMAGE_SIZE]},
            ),
        ],
    )


def _scale_step(drawing: Drawing | None, steps: Steps) -> dict[str, object]:
    """Return the step that scales the digit and changes its stroke width."""
    strokes = (
        tr("Its strokes become about as wide as MNIST's.")
        if steps.stroke_width
        else tr("Its stroke width is left as it is.")
    )
    scaled = drawing.scaled if drawing else None
    if steps.scale:
        mark: dict[str, object] = {"kind": "frame", "size": [BOX_SIZE, BOX_SIZE], "frame": [0, 0, BOX_SIZE, BOX_SIZE]}
        size = tr("The digit is scaled so that its longer side is 20 pixels.")
        return _step(tr("20×20 box"), f"{size} {strokes}", _png_source(scaled), mark)
    size = tr("The digit keeps its size relative to the canvas, which becomes 28 pixels wide.")
    return _step(tr("No scaling"), f"{size} {strokes}", None if scaled is None else _png_source(_pad_to_image(scaled)))


def _pad_to_image(scaled: Pixels) -> Pixels:
    """Place scaled ink in the middle of a 28x28 image, so that the page does not enlarge a small digit."""
    margins = [(IMAGE_SIZE - side) // 2 for side in scaled.shape]
    sides = [(margin, IMAGE_SIZE - side - margin) for side, margin in zip(scaled.shape, margins, strict=True)]
    return np.pad(scaled, sides)


def _png_source(image: Pixels | None) -> str | None:
    return None if image is None else png_data_uri(image)


def _step(title: str, sentence: str, source: str | None, mark: dict[str, object] | None = None) -> dict[str, object]:
    return {"title": title, "sentence": sentence, "source": source, "mark": mark if source else None}


def _frame(drawing: Drawing | None) -> dict[str, object] | None:
    """Return the frame that marks the crop in the ink, or None if there is nothing to crop."""
    if drawing is None or drawing.box is None:
        return None
    top, left, bottom, right = drawing.box
    height, width = drawing.ink.shape
    return {"kind": "frame", "size": [width, height], "frame": [left, top, right - left, bottom - top]}
