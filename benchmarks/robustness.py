"""How the shipped model bears what people do to digits: accuracy as curves, in docs/robustness.png and as figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.report import Figure
from core.classifier import robustness
from core.classifier.bundle import Bundle
from core.classifier.network import Network
from core.data.datasets import load_dataset
from core.errors import DataError
from core.handwriting.tracing import RedrawRanges, centre_line
from core.ink.photo import ink_from_array
from core.workspace import PROJECT, SHIPPED_BUNDLE, Workspace

SEED = 5
COUNT, PICTURES = 2000, 300
"""Test images for each point of a curve; and for those that go the long way of an uploaded picture."""
SIDE = 140
PICTURE = PROJECT / "docs" / "robustness.png"

Change = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
"""Images uint8 (n, 28, 28), a level -> images (n, h, w)."""


@dataclass(frozen=True)
class Curve:
    """What is changed, its unit, its levels; how images are changed that go to the network as they are, and how those
    that are drawn on the canvas or photographed; None where nobody would."""

    title: str
    unit: str
    levels: Sequence[float]
    raw: Change | None = None
    drawn: Change | None = None
    photographed: Change | None = None


def _shift_raw(images: np.ndarray, level: float, dice: np.random.Generator) -> np.ndarray:
    return robustness.shift(images, int(level), dice)


def _shift_drawn(images: np.ndarray, level: float, dice: np.random.Generator) -> np.ndarray:
    return robustness.shift(robustness.warp(images, side=SIDE), int(level) * SIDE // 28, dice)


def _turn(side: int) -> Change:
    return lambda images, level, _: robustness.warp(images, angle=level, side=side)


def _scale(side: int) -> Change:
    return lambda images, level, _: robustness.warp(images, scale=level, side=side)


def _contrast(images: np.ndarray, level: float, _: np.random.Generator) -> np.ndarray:
    return robustness.fade(images, level)


def _noise(images: np.ndarray, level: float, dice: np.random.Generator) -> np.ndarray:
    return robustness.add_noise(images, level, dice)


def _blur(images: np.ndarray, level: float, _: np.random.Generator) -> np.ndarray:
    return robustness.blur(images, level)


def _as_photo(change: Change, unit: float = 1.0) -> Change:
    """Dark ink on light paper, five times as large, then changed; `unit`: what a level is there."""

    def photographed(images: np.ndarray, level: float, dice: np.random.Generator) -> np.ndarray:
        ink = robustness.warp(images, side=SIDE)
        return change(40 + (255 - ink) // 4 * 3, level * unit, dice)

    return photographed


def _less_contrast(pictures: np.ndarray, level: float, _: np.random.Generator) -> np.ndarray:
    return (pictures.max() - (pictures.max() - pictures) * level).astype(np.uint8)


CURVES = (
    Curve("Shifted", "pixels of 28", range(9), _shift_raw, _shift_drawn),
    Curve("Turned", "degrees", (-30, -20, -15, -10, -5, 0, 5, 10, 15, 20, 30), _turn(28), _turn(SIDE)),
    Curve("Scaled", "times", (0.5, 0.6, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5), _scale(28), _scale(SIDE)),
    Curve("Noise", "standard deviation, of full ink", (0, 0.1, 0.2, 0.3, 0.4, 0.5), _noise, None, _as_photo(_noise)),
    Curve("Blur", "pixels of 28", (0, 0.5, 1.0, 1.5, 2.0), _blur, None, _as_photo(_blur, SIDE / 28)),
    Curve("Contrast", "of full", (0.1, 0.2, 0.3, 0.5, 0.7, 1.0), _contrast, None, _as_photo(_less_contrast)),
)
BRUSHES = (0.02, 0.04, 0.07, 0.1, 0.13, 0.17, 0.21, 0.25)

Measured = dict[str, tuple[str, dict[str, tuple[Sequence[float], list[float]]]]]
"""Title -> unit and, by the way that was gone, levels and accuracies in percent."""


def curves() -> list[Figure]:
    """Accuracy over every change on a fixed sample of MNIST's test images; draws docs/robustness.png."""
    try:
        test = load_dataset("mnist", Workspace.from_environment()).test
    except DataError:
        return []
    network = Network(Bundle(SHIPPED_BUNDLE).tflite_file)
    images, labels = robustness.sample(test, COUNT)
    measured: Measured = {curve.title: (curve.unit, _measured(curve, network, images, labels)) for curve in CURVES}
    lines = [centre_line(image) for image in images]
    hands = [RedrawRanges(size=(0.6, 0.6), brush=(0.6 * brush, 0.6 * brush)) for brush in BRUSHES]
    accuracies = [robustness.accuracy(network, robustness.redraw_all(lines, hand), labels) * 100 for hand in hands]
    measured["Stroke width"] = "of the digit's longest side", {"traced, drawn again": (BRUSHES, accuracies)}
    _draw(measured)
    return [
        Figure(f"{title}, {level:g} {unit}, {way}", accuracy, "%")
        for title, (unit, ways) in measured.items()
        for way, (levels, values) in ways.items()
        for level, accuracy in zip(levels, values, strict=True)
    ]


def _measured(
    curve: Curve, network: Network, images: np.ndarray, labels: np.ndarray
) -> dict[str, tuple[Sequence[float], list[float]]]:
    found: dict[str, tuple[Sequence[float], list[float]]] = {}

    def walk(way: str, change: Change | None, count: int, read: Callable[[np.ndarray], np.ndarray]) -> None:
        if change is None:
            return
        accuracies = []
        for level in curve.levels:
            changed = change(images[:count], level, np.random.default_rng(SEED))
            accuracies.append(robustness.accuracy(network, read(changed), labels[:count]) * 100)
        found[way] = (curve.levels, accuracies)

    walk("raw to the network", curve.raw, COUNT, lambda images: images)
    walk("as a drawing", curve.drawn, COUNT, lambda inks: robustness.prepare_all(list(inks)))
    walk(
        "as a photo",
        curve.photographed,
        PICTURES,
        lambda pictures: robustness.prepare_all([ink_from_array(picture) for picture in pictures]),
    )
    return found


def _draw(measured: Measured) -> None:
    """All curves in one picture."""
    from matplotlib.figure import Figure as Sheet

    sheet = Sheet(figsize=(14, 7), layout="constrained")
    places = sheet.subplots(2, 4).ravel()
    colours = {"raw to the network": "#d9652b", "as a drawing": "#0f9d8a", "as a photo": "#3b6fb6"}
    for place, (title, (unit, ways)) in zip(places, measured.items(), strict=False):
        for way, (levels, values) in ways.items():
            place.plot(levels, values, marker="o", markersize=3, label=way, color=colours.get(way, "#0f9d8a"))
        place.set_title(title)
        place.set_xlabel(unit)
        place.set_ylim(0, 102)
        place.grid(alpha=0.3)
        place.legend(loc="lower center", fontsize=8)
    for place in places[len(measured) :]:
        place.set_axis_off()
    places[0].set_ylabel("read rightly, %")
    places[4].set_ylabel("read rightly, %")
    sheet.suptitle("The shipped model on changed MNIST test images")
    PICTURE.parent.mkdir(exist_ok=True)
    sheet.savefig(PICTURE, dpi=110)
