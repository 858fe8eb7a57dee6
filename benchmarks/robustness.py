"""Robustness of the shipped model: accuracy on modified digits, as figures and as the chart docs/robustness.png."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
COUNT = 2000
"""Test images for each point of a curve."""
PHOTOS = 300
"""Test images for each point of a photo's curve; a photo takes longer to read."""
SIDE = 140
"""Width and height in pixels of drawings and photos, five times those of MNIST."""
CHART = PROJECT / "docs" / "robustness.png"

DIRECT, DRAWING, PHOTO, REDRAWN = "direct to the network", "as a drawing", "as a photo", "traced and redrawn"
COLOURS = {DIRECT: "#d9652b", DRAWING: "#0f9d8a", PHOTO: "#3b6fb6", REDRAWN: "#0f9d8a"}

Change = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
"""Images uint8 (n, 28, 28), a level and a random generator -> images (n, h, w)."""


@dataclass(frozen=True)
class Modification:
    """A change of digits at several levels, in the forms in which it is measured; None where it makes no sense."""

    title: str
    unit: str
    levels: Sequence[float]
    direct: Change | None = None
    drawing: Change | None = None
    photo: Change | None = None


def _shift_direct(images: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    return robustness.shift(images, int(level), generator)


def _shift_drawing(images: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    return robustness.shift(robustness.warp(images, side=SIDE), int(level) * SIDE // 28, generator)


def _rotate(side: int) -> Change:
    return lambda images, level, _: robustness.warp(images, angle=level, side=side)


def _scale(side: int) -> Change:
    return lambda images, level, _: robustness.warp(images, scale=level, side=side)


def _fade(images: np.ndarray, level: float, _: np.random.Generator) -> np.ndarray:
    return robustness.fade(images, level)


def _noise(images: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
    return robustness.add_noise(images, level, generator)


def _blur(images: np.ndarray, level: float, _: np.random.Generator) -> np.ndarray:
    return robustness.blur(images, level)


def _on_photo(change: Change, unit: float = 1.0) -> Change:
    """Apply a change to enlarged dark ink on light paper; `unit` is the factor from a level to the photo's scale."""

    def change_photo(images: np.ndarray, level: float, generator: np.random.Generator) -> np.ndarray:
        ink = robustness.warp(images, side=SIDE)
        return change(40 + (255 - ink) // 4 * 3, level * unit, generator)

    return change_photo


def _reduce_contrast(pictures: np.ndarray, level: float, _: np.random.Generator) -> np.ndarray:
    return (pictures.max() - (pictures.max() - pictures) * level).astype(np.uint8)


MODIFICATIONS = (
    Modification("Shift", "pixels at 28x28", range(9), _shift_direct, _shift_drawing),
    Modification("Rotation", "degrees", (-30, -20, -15, -10, -5, 0, 5, 10, 15, 20, 30), _rotate(28), _rotate(SIDE)),
    Modification("Scaling", "times", (0.5, 0.6, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5), _scale(28), _scale(SIDE)),
    Modification(
        "Noise", "of full ink (standard deviation)", (0, 0.1, 0.2, 0.3, 0.4, 0.5), _noise, None, _on_photo(_noise)
    ),
    Modification("Blur", "pixels at 28x28", (0, 0.5, 1.0, 1.5, 2.0), _blur, None, _on_photo(_blur, SIDE / 28)),
    Modification(
        "Contrast", "of the original", (0.1, 0.2, 0.3, 0.5, 0.7, 1.0), _fade, None, _on_photo(_reduce_contrast)
    ),
)
BRUSHES = (0.02, 0.04, 0.07, 0.1, 0.13, 0.17, 0.21, 0.25)
"""Stroke widths, as fractions of the digit's longest side."""


@dataclass(frozen=True)
class Chart:
    """Levels and accuracies in percent of one modification, by the form that was measured."""

    title: str
    unit: str
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]]


def curves() -> list[Figure]:
    """Measure accuracy under every modification and draw the chart; return nothing without MNIST."""
    try:
        test = load_dataset("mnist", Workspace.from_environment()).test
    except DataError:
        return []
    network = Network(Bundle(SHIPPED_BUNDLE).tflite_file)
    images, labels = robustness.sample(test, COUNT)
    charts = [_measure(modification, network, images, labels) for modification in MODIFICATIONS]
    charts.append(_stroke_widths(network, images, labels))
    draw(charts)
    return [
        Figure(f"{chart.title}, {level:g} {chart.unit}, {form}", accuracy, "%")
        for chart in charts
        for form, (levels, accuracies) in chart.curves.items()
        for level, accuracy in zip(levels, accuracies, strict=True)
    ]


def _measure(modification: Modification, network: Network, images: np.ndarray, labels: np.ndarray) -> Chart:
    def accuracies(change: Change, count: int, prepare: Callable[[np.ndarray], np.ndarray]) -> list[float]:
        result = []
        for level in modification.levels:
            changed = change(images[:count], level, np.random.default_rng(SEED))
            result.append(robustness.accuracy(network, prepare(changed), labels[:count]) * 100)
        return result

    forms = {
        DIRECT: (modification.direct, COUNT, lambda images: images),
        DRAWING: (modification.drawing, COUNT, lambda inks: robustness.prepare_all(list(inks))),
        PHOTO: (
            modification.photo,
            PHOTOS,
            lambda photos: robustness.prepare_all([ink_from_array(one) for one in photos]),
        ),
    }
    measured = {
        form: (modification.levels, accuracies(change, count, prepare))
        for form, (change, count, prepare) in forms.items()
        if change is not None
    }
    return Chart(modification.title, modification.unit, measured)


def _stroke_widths(network: Network, images: np.ndarray, labels: np.ndarray) -> Chart:
    lines = [centre_line(image) for image in images]
    hands = [RedrawRanges(size=(0.6, 0.6), brush=(0.6 * brush, 0.6 * brush)) for brush in BRUSHES]
    accuracies = [robustness.accuracy(network, robustness.redraw_all(lines, hand), labels) * 100 for hand in hands]
    return Chart("Stroke width", "of the digit's longest side", {REDRAWN: (BRUSHES, accuracies)})


def draw(charts: Sequence[Chart]) -> None:
    """Draw all charts into docs/robustness.png."""
    from matplotlib.figure import Figure as Sheet

    sheet = Sheet(figsize=(14, 7), layout="constrained")
    places = sheet.subplots(2, 4).ravel()
    for place, chart in zip(places, charts, strict=False):
        for form, (levels, accuracies) in chart.curves.items():
            place.plot(levels, accuracies, marker="o", markersize=3, label=form, color=COLOURS[form])
        place.set_title(chart.title)
        place.set_xlabel(chart.unit)
        place.set_ylim(0, 102)
        place.grid(alpha=0.3)
        place.legend(loc="lower center", fontsize=8)
    for place in places[len(charts) :]:
        place.set_axis_off()
    for place in places[::4]:
        place.set_ylabel("accuracy, %")
    sheet.suptitle("Accuracy of the shipped model on modified MNIST test images")
    CHART.parent.mkdir(exist_ok=True)
    sheet.savefig(CHART, dpi=110)
