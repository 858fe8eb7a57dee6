"""A grid of validation images and the visitor's own drawing, with a run's current predictions."""

from __future__ import annotations

from core.classifier.predictor import format_confidence
from core.config import TrainingConfig
from core.data.datasets import Split
from core.errors import DataError
from core.language import Message, tr
from core.runs.own_drawing import OwnDrawing, read_own_drawing
from core.runs.run import Run
from core.runs.watched import Prediction, WatchedImage, read_watched
from dashboard.parts.canvas_objects import image_objects
from dashboard.parts.component import text_component
from dashboard.parts.picture_panel import Picture, show_panel, show_samples_panel
from dashboard.parts.png import png_data_uri
from dashboard.session import cache

_watched = text_component("watched")
_VERDICTS = {
    "right": Message("Label {label}, predicted as {digit} with {confidence}: right"),
    "wrong": Message("Label {label}, predicted as {digit} with {confidence}: wrong"),
}


def show_watched(run: Run, config: TrainingConfig) -> None:
    """Show the predictions, or nothing if there are none yet, the file is damaged, or the images are missing."""
    watched = read_watched(run.watched_file)
    split = _validation_images(config.dataset)
    if watched is None or split is None or not all(_is_in(split, image) for image in watched.images):
        return
    drawing = read_own_drawing(run.drawing_file) if watched.drawing else None
    right = sum(image.label == image.prediction.digit for image in watched.images)
    clicked = _watched(
        # The browser updates the tiles in place; another run has different images.
        key=f"watched_{run.id}",
        data={
            "right": tr("{right} of {count} validation images right", right=right, count=len(watched.images)),
            "yours": tr("Yours"),
            "tiles": [_tile(split, image) for image in watched.images],
            "drawing": _drawing_tile(drawing, watched.drawing) if drawing and watched.drawing else None,
        },
        on_clicked_change=lambda: None,
    ).clicked
    if clicked is None:
        return
    if clicked < len(watched.images):
        image = watched.images[clicked]
        show_samples_panel([("validation", image.index)], config.dataset, run.id, _note(image.prediction))
    elif drawing and watched.drawing:
        objects, note = image_objects(drawing.image), _note(watched.drawing)
        show_panel([Picture(tr("Your drawing"), drawing.image, drawing=objects, note=note)], run.id)


def _validation_images(dataset: str) -> Split | None:
    try:
        return cache.dataset(dataset).validation
    except DataError:
        return None


def _is_in(split: Split, image: WatchedImage) -> bool:
    """Return True if the image exists and has its label; another version of the dataset may have different images."""
    return image.index < len(split) and int(split.labels[image.index]) == image.label


def _tile(split: Split, image: WatchedImage) -> dict[str, str]:
    verdict = "right" if image.prediction.digit == image.label else "wrong"
    return {
        "source": png_data_uri(split.images[image.index]),
        "verdict": verdict,
        "digit": str(image.prediction.digit),
        "title": tr(
            _VERDICTS[verdict],
            label=image.label,
            digit=image.prediction.digit,
            confidence=format_confidence(image.prediction.confidence),
        ),
    }


def _drawing_tile(drawing: OwnDrawing, prediction: Prediction) -> dict[str, str]:
    """Return the tile of a drawing, which has no label; it is compared with the active model's prediction."""
    digit, confidence = prediction.digit, format_confidence(prediction.confidence)
    if drawing.digit is None:
        verdict = "unknown"
        title = tr("Your drawing, predicted as {digit} with {confidence}", digit=digit, confidence=confidence)
    else:
        verdict = "right" if drawing.digit == digit else "wrong"
        title = tr(
            "Your drawing, predicted as {digit} with {confidence}; the active model read it as {before} when this run "
            "was submitted",
            digit=digit,
            confidence=confidence,
            before=drawing.digit,
        )
    return {
        "source": png_data_uri(drawing.image),
        "verdict": verdict,
        "digit": str(digit),
        "title": title,
    }


def _note(prediction: Prediction) -> str:
    return tr(
        "This run's latest prediction: {digit} ({confidence}).",
        digit=prediction.digit,
        confidence=format_confidence(prediction.confidence),
    )
