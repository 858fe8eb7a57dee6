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
"""Number of test images for each point of a curve."""
PHOTOS = 300
"""Number of test images for each point of a curve for photos, which take longer to process."""
SIDE = 140
"""Width and height of drawings and photos in pixels, five times those of MNIST's images."""
CHART = PROJECT / "docs" / "robustness.png"

DIRECT, DRAWING, PHOTO, REDRAWN = "direct to the network", "as a drawing", "as a photo", "traced and redrawn"
COLOURS = {DIRECT: "#d9652b", DRAWING: "#0f9d8a", PHOTO: "#3b6fb6", REDRAWN: "#0f9d8a"}

Change = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
"""Function from images, uint8 (n, 28, 28), a level and a random generator to images (n, h, w)."""


@dataclass(frozen=True)
class Modification:
    """A change to digits at several levels, in up to three forms; None for a form that does not apply."""

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
    """Return a change that applies `change` to enlarged dark ink on light paper; `unit` scales a level to the photo."""

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
"""Stroke widths as fractions of the digit's longest side."""


@dataclass(frozen=True)
class Chart:
    """The levels of one modification and the accuracies in percent, by form."""

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
            lambda photos: robustness.prepare_all([ink_from_array(photo).likeliest for photo in photos]),
        ),
    }
    results = {
        form: (modification.levels, accuracies(change, count, prepare))
        for form, (change, count, prepare) in forms.items()
        if change is not None
    }
    return Chart(modification.title, modification.unit, results)


def _stroke_widths(network: Network, images: np.ndarray, labels: np.ndarray) -> Chart:
    lines = [centre_line(image) for image in images]
    ranges = [RedrawRanges(size=(0.6, 0.6), brush=(0.6 * brush, 0.6 * brush)) for brush in BRUSHES]
    redrawn = (robustness.redraw_all(lines, brush_range) for brush_range in ranges)
    accuracies = [robustness.accuracy(network, images, labels) * 100 for images in redrawn]
    return Chart("Stroke width", "of the digit's longest side", {REDRAWN: (BRUSHES, accuracies)})


def draw(charts: Sequence[Chart]) -> None:
    """Draw all charts in docs/robustness.png."""
    from matplotlib import figure

    sheet = figure.Figure(figsize=(14, 7), layout="constrained")
    all_axes = sheet.subplots(2, 4).ravel()
    for axes, chart in zip(all_axes, charts, strict=False):
        for form, (levels, accuracies) in chart.curves.items():
            axes.plot(levels, accuracies, marker="o", markersize=3, label=form, color=COLOURS[form])
        axes.set_title(chart.title)
        axes.set_xlabel(chart.unit)
        axes.set_ylim(0, 102)
        axes.grid(alpha=0.3)
        axes.legend(loc="lower center", fontsize=8)
    for axes in all_axes[len(charts) :]:
        axes.set_axis_off()
    for axes in all_axes[::4]:
        axes.set_ylabel("accuracy, %")
    sheet.suptitle("Accuracy of the shipped model on modified MNIST test images")
    CHART.parent.mkdir(exist_ok=True)
    sheet.savefig(CHART, dpi=110)
