"""The reasons for an answer on the Draw page: ink for and against it, the nearest training images, and one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.classifier.bundle import Bundle
from core.classifier.predictor import Reading
from core.errors import TrazoError
from core.explain.attribution import integrated_gradients
from core.explain.regions import strongest_place
from core.ink.drawing import Pixels
from core.language import Message, tr
from dashboard.explain.colours import attribution_picture
from dashboard.explain.nearest_cache import NearestImage, nearest_training_image
from dashboard.parts.component import text_component
from dashboard.parts.picture_panel import Picture, sample_picture, show_panel
from dashboard.parts.png import png_data_uri
from dashboard.session import cache

BLANK = Message(
    "Once there is an answer, this shows the ink that counts for it and the most similar images that the model "
    "learned from."
)
REJECTED = Message("The drawing is unlike the training data, so there is no answer to explain.")
SEVERAL = Message("The drawing shows several digits, so there is no single answer to explain.")
NO_IMAGES = Message(
    "The images that the model learned from are not on this machine, so the most similar ones cannot be shown."
)

_EQUAL_RATIO = 1.05
"""Ratio up to which two distances are called equal; the sentence would show it as 1.0."""

_reasons = text_component("reasons")


@dataclass(frozen=True)
class _Reason:
    """An image (28, 28) or (28, 28, 3) with its caption, and the picture that a click enlarges."""

    image: Pixels
    caption: str
    picture: Picture


def show_reasons(reading: Reading | None, bundle: Bundle, model: str) -> None:
    """Show why a model read a digit; if there is no digit, show one sentence at the same height.

    `model`: the model's name.
    """
    reasons, sentence = _explanation(reading, bundle)
    pictures = [{"source": png_data_uri(reason.image), "caption": reason.caption} for reason in reasons]
    data = {"pictures": pictures, "sentence": sentence}
    clicked = _reasons(key="reasons", data=data, on_clicked_change=lambda: None).clicked
    if clicked is not None and clicked < len(reasons):
        show_panel([reasons[clicked].picture], model)


def _explanation(reading: Reading | None, bundle: Bundle) -> tuple[Sequence[_Reason], str]:
    """Return the pictures with their captions, and the sentence."""
    if reading is None or reading.drawing.image is None:
        return [], tr(BLANK)
    if reading.several:
        return [], tr(SEVERAL)
    if reading.verdict not in ("digit", "unsure"):
        return [], tr(REJECTED)
    image, (digit, second) = reading.drawing.image, reading.candidates
    try:
        attribution = integrated_gradients(cache.numpy_network(bundle), image, digit).map
    except TrazoError:  # the Inside page explains the damage
        return [], tr("This model's file cannot be read, so the answer cannot be explained.")
    drawing = Picture(tr("Your drawing"), image)
    reasons = [_Reason(attribution_picture(attribution, image), tr("red for, blue against"), drawing)]
    place = strongest_place(attribution, image)
    try:
        nearest = [
            found for found in (nearest_training_image(bundle, image, label) for label in (digit, second)) if found
        ]
        dataset = cache.card(bundle).config.dataset
        reasons += [
            _Reason(
                found.image,
                tr("most similar {digit}", digit=found.label),
                sample_picture("train", found.index, dataset),
            )
            for found in nearest
        ]
    except TrazoError:
        return reasons, f"{_sentence(digit, place, None)} {tr(NO_IMAGES)}".strip()
    return reasons, _sentence(digit, place, compare_distances(*nearest) if len(nearest) == 2 else None)


def compare_distances(first: NearestImage, second: NearestImage) -> Message:
    """Return a phrase that says which of two images is nearer."""
    near, far = sorted((first, second), key=lambda found: found.distance)
    if far.distance <= _EQUAL_RATIO * near.distance:
        return Message(
            "the most similar {first} and {second} are equally far away", first=first.label, second=second.label
        )
    if near.distance == 0:
        return Message("there is an identical {digit}", digit=near.label)
    return Message(
        "the most similar {far} is {ratio:.1f} times as far away as the most similar {near}",
        far=far.label,
        ratio=far.distance / near.distance,
        near=near.label,
    )


def _sentence(digit: int, place: str | None, comparison: Message | None) -> str:
    """Return a sentence with the known facts: the place of the most important ink, and the nearer similar image."""
    if place and comparison:
        return tr(
            "The ink {place} counts most for the {digit}; among the training images, {comparison}.",
            place=place,
            digit=digit,
            comparison=comparison,
        )
    if place:
        return tr("The ink {place} counts most for the {digit}.", place=place, digit=digit)
    return tr("Among the training images, {comparison}.", comparison=comparison) if comparison else ""
