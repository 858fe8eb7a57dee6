"""Fit the number reader's weights to the shipped model and write core/classifier/number_weights.py.

    python -m benchmarks.fit_numbers

The numbers are composed of the training writers' pen digits and of MNIST's validation digits. The probability of a
path is proportional to the exponential of its score; the weights maximise the probability of all paths that read the
right number (a semi-Markov conditional random field, Sarawagi and Cohen, 2004).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from benchmarks.number_scenes import LENGTHS, SPACINGS, Scene, compose, image_ink, scenes
from core.classifier.bundle import Bundle
from core.classifier.number_reader import FEATURES, features
from core.classifier.predictor import Predictor
from core.data.datasets import load_dataset
from core.data.pen_digits import training_digits
from core.handwriting.pen_digits import PenDigit
from core.ink.numbers import Kind, Lattice, picture_lattice, stroke_lattice
from core.workspace import PROJECT, SHIPPED_BUNDLE, Workspace

SEED = 17
NUMBERS = 250
"""Numbers for each combination of source and spacing."""
SINGLES = 400
"""Single digits from each source, which must be read as single digits."""
PENALTY = 1e-3
"""Coefficient of half the squared norm of the weights; the mean loss per number is about 0.1."""

_FILE = PROJECT / "core" / "classifier" / "number_weights.py"
_HEAD = '''"""Weights of the number reader, fitted to the shipped model.

`python -m benchmarks.fit_numbers` writes this file; FEATURES in number_reader.py explains the names.
"""

'''
_FREE = {"log_probability": (0.0, None), "digit": (None, None)}
"""Bounds of weights that may be positive; all others are penalties."""

Edges = list[tuple[int, int, int]]


@dataclass(frozen=True)
class Example:
    """A lattice's features (groups, k), its edges and end node, and the edges and end node of the correct paths.

    A correct path reads the right number.
    """

    features: np.ndarray
    edges: Edges
    end: int
    correct_edges: Edges
    correct_end: int


def example(predictor: Predictor, lattice: Lattice, text: str) -> Example | None:
    """Return an example for the fit, or None if no path through the lattice reads `text`."""
    images = np.stack([lattice.image(group) for group in range(len(lattice.groups))])
    labels = predictor.probabilities(images).argmax(axis=1)
    edges = [(source, target, group) for source, target, group in lattice.edges.tolist()]
    size = lattice.end + 1
    # A node of a correct path combines a node of the lattice with the number of digits read so far.
    correct_edges = [
        (done * size + source, (done + 1) * size + target, group)
        for done, digit in enumerate(text)
        for source, target, group in edges
        if labels[group] == int(digit)
    ]
    correct_end = len(text) * size + lattice.end
    if log_sum(correct_edges, correct_end, np.zeros(len(labels)))[0] == -math.inf:
        return None
    return Example(features(predictor, lattice), edges, lattice.end, correct_edges, correct_end)


def log_sum(edges: Edges, end: int, scores: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the log-sum-exp of the scores of all paths, and its gradient with respect to the groups' scores."""
    values = scores.tolist()
    before = _accumulate(edges, 0, values)
    total = before.get(end, -math.inf)
    after = _accumulate([(target, source, group) for source, target, group in reversed(edges)], end, values)
    gradient = np.zeros(len(values))
    for source, target, group in edges:
        if source in before and target in after:
            gradient[group] += math.exp(before[source] + values[group] + after[target] - total)
    return total, gradient


def _accumulate(edges: Edges, start: int, values: list[float]) -> dict[int, float]:
    """Return, for each node, the log-sum-exp of the scores of all paths from `start`."""
    sums = {start: 0.0}
    for source, target, group in edges:
        if source in sums:
            value = sums[source] + values[group]
            if target in sums:
                high, low = max(sums[target], value), min(sums[target], value)
                value = high + math.log1p(math.exp(low - high))
            sums[target] = value
    return sums


def fit(examples: list[Example], kind: Kind) -> dict[str, float]:
    """Return the weights that make the right numbers most probable."""

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = 0.5 * PENALTY * float(weights @ weights), PENALTY * weights
        for each in examples:
            scores = each.features @ weights
            total, slope = log_sum(each.edges, each.end, scores)
            correct_total, correct_slope = log_sum(each.correct_edges, each.correct_end, scores)
            value += (total - correct_total) / len(examples)
            gradient = gradient + each.features.T @ (slope - correct_slope) / len(examples)
        return value, gradient

    bounds = [_FREE.get(name, (None, 0.0)) for name in FEATURES[kind]]
    result = minimize(loss, np.zeros(len(bounds)), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 60})
    return dict(zip(FEATURES[kind], np.round(result.x, 3).tolist(), strict=True))


def canvas_numbers(digits: tuple[PenDigit, ...], rng: np.random.Generator) -> Iterator[tuple[Lattice | None, str]]:
    """Yield the lattices of numbers and single digits on a canvas, and their text; in some, bars are written last."""
    for scene in _pen_scenes(digits, rng):
        yield stroke_lattice(scene.strokes), scene.text


def picture_numbers(digits: tuple[PenDigit, ...], rng: np.random.Generator) -> Iterator[tuple[Lattice | None, str]]:
    """Yield the lattices of numbers and single digits in pictures, and their text."""
    for scene in _pen_scenes(digits, rng):
        yield picture_lattice(scene.ink), scene.text
    split = load_dataset("mnist", Workspace.from_environment()).validation
    lengths = [(spacing, rng.choice(LENGTHS)) for spacing in SPACINGS.values() for _ in range(NUMBERS)]
    for spacing, length in [*lengths, *[((0.0, 0.0), 1)] * SINGLES]:
        chosen = rng.choice(len(split.images), length, replace=False)
        text = "".join(map(str, split.labels[chosen]))
        yield picture_lattice(image_ink(split.images[chosen], spacing, rng)), text


def _pen_scenes(digits: tuple[PenDigit, ...], rng: np.random.Generator) -> Iterator[Scene]:
    for spacing in SPACINGS.values():
        yield from scenes(digits, NUMBERS // 2, spacing, rng)
        yield from scenes(digits, NUMBERS // 2, spacing, rng, late=True)
    for index in rng.choice(len(digits), SINGLES, replace=False):
        yield compose([digits[index]], (0.0, 0.0), rng)


def main() -> None:
    """Fit both sets of weights and write them to the file."""
    predictor = Predictor(Bundle(SHIPPED_BUNDLE))
    digits = training_digits(Workspace.from_environment())
    weights = {}
    for kind, numbers in (("strokes", canvas_numbers), ("pieces", picture_numbers)):
        candidates = [
            example(predictor, lattice, text)
            for lattice, text in numbers(digits, np.random.default_rng(SEED))
            if lattice is not None
        ]
        examples = [each for each in candidates if each is not None]
        weights[kind] = fit(examples, kind)
        print(f"{kind}: {len(examples):,} of {len(candidates):,} numbers can be read; {weights[kind]}", flush=True)
    rows = [
        f"{name} = {{\n" + "".join(f'    "{key}": {value},\n' for key, value in values.items()) + "}\n"
        for name, values in (("STROKES", weights["strokes"]), ("PIECES", weights["pieces"]))
    ]
    _FILE.write_text(_HEAD + "".join(rows))


if __name__ == "__main__":
    main()
