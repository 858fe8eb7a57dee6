"""Prediction of several digits in one drawing: the best way to group its parts, and each digit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from core.classifier import number_weights
from core.classifier.predictor import Predictor, Reading, Verdict, format_confidence, prediction_lock
from core.ink.canvas_strokes import Box, InkPatch, Stroke
from core.ink.drawing import Pixels
from core.ink.numbers import GEOMETRY, Lattice, picture_lattice, stroke_lattice
from core.ink.picture_ink import PictureInk
from core.language import Message, count_message

MAX_IMAGES = 96
"""Maximum number of groups that the network predicts, in one batch; a picture of a six-digit number has about 70."""

_MIN_LOG_PROBABILITY = -6.0  # lower ones are treated alike
_NOVELTY_RANGE = (-4.0, 6.0)  # of novelty scores; more extreme ones are treated alike
_MAX_OVERLAP = 0.5  # of the narrower of two neighbouring digits; slanted digits overlap a little
_MAX_CUT = 1.4  # stroke widths; a cut through a grid crosses 1.6, one between touching digits seldom more than 1.3
_MAX_DIGIT_ASPECT = 1.1  # width / height; a single digit is seldom wider

FEATURES = {kind: ("log_probability", "novelty", "digit", *names) for kind, names in GEOMETRY.items()}
"""Names of a group's features: two from the network, a constant, and its geometry."""

_BIAS, _GEOMETRY_START = 2, 3  # positions among the features

WEIGHTS = {
    "strokes": np.array([number_weights.STROKES[name] for name in FEATURES["strokes"]]),
    "pieces": np.array([number_weights.PIECES[name] for name in FEATURES["pieces"]]),
}


@dataclass(frozen=True)
class PlacedReading:
    """The prediction for one digit of a number; `box`: top, left, bottom, right of its ink, in pixels."""

    reading: Reading
    box: Box


@dataclass(frozen=True)
class NumberReading:
    """The digits of a number from left to right; none if there is no ink.

    `all_ink`: the prediction for all of the ink as one digit.
    """

    all_ink: Reading
    digits: tuple[PlacedReading, ...]

    @property
    def rejected_fraction(self) -> float:
        """The fraction of the digits that are rejected, 0..1."""
        return sum(digit.reading.verdict == "not_a_digit" for digit in self.digits) / max(len(self.digits), 1)

    @property
    def number(self) -> str | None:
        """The predicted digits; None if there is no ink or if more than half of the digits are rejected."""
        if not self.digits or self.rejected_fraction > 0.5:
            return None
        return "".join(str(digit.reading.digit) for digit in self.digits)

    @property
    def verdict(self) -> Verdict:
        """The verdict on the number: `digit` only if each of its digits has that verdict."""
        if not self.digits:
            return "blank"
        if self.number is None:
            return "not_a_digit"
        return "digit" if all(digit.reading.verdict == "digit" for digit in self.digits) else "unsure"

    @property
    def sentence(self) -> Message:
        """The verdict in words, without a full stop."""
        if len(self.digits) < 2:
            return self.all_ink.sentence
        uncertain = sum(digit.reading.verdict != "digit" for digit in self.digits)
        if self.number is None:
            return Message("Unlike any number")
        if uncertain:
            return count_message(
                "{count} of {digits} digits is uncertain",
                "{count} of {digits} digits are uncertain",
                uncertain,
                digits=len(self.digits),
            )
        lowest = format_confidence(min(digit.reading.confidence or 0 for digit in self.digits))
        if lowest.startswith(">"):
            return Message("{confidence} sure of each digit", confidence=lowest)
        return Message("At least {confidence} sure of each digit", confidence=lowest)

    def to_json(self) -> dict[str, Any]:
        """Return the fields of `all_ink`, the number and its digits as JSON values, for the API.

        The sides of a digit's box are fractions of the drawing's width and height.
        """
        height, width = self.all_ink.drawing.ink.shape
        digits = []
        for digit in self.digits:
            top, left, bottom, right = digit.box
            box = {"left": left / width, "top": top / height, "right": right / width, "bottom": bottom / height}
            digits.append({**digit.reading.to_json(), "box": box})
        return {**self.all_ink.to_json(), "number": self.number, "digits": digits}


def read_digit(predictor: Predictor, ink: Pixels | PictureInk, strokes: Sequence[Stroke] | None = None) -> Reading:
    """Predict a drawing as one digit; several digits get the verdict `not_a_digit`.

    `ink`: uint8 (h, w), white on black, or the ink in a picture. `strokes`: the strokes of the canvas that
    the ink comes from, or None. Of the ink in a picture, the first candidate counts that surely shows one digit or
    several; if there is none, the best one.
    """

    def read(candidate: Pixels) -> NumberReading:
        all_ink = predictor.read(candidate)
        if _is_surely_one_digit(all_ink, strokes):
            return NumberReading(all_ink, ())
        return _read_parts(predictor, all_ink, strokes)

    with prediction_lock:
        return _best_number(map(read, _candidates(ink))).all_ink


def read_number(
    predictor: Predictor, ink: Pixels | PictureInk, strokes: Sequence[Stroke] | None = None
) -> NumberReading:
    """Predict a number of one or more digits; the parameters are the same as for `read_digit`."""
    with prediction_lock:
        return _best_number(
            _read_parts(predictor, predictor.read(candidate), strokes) for candidate in _candidates(ink)
        )


def _candidates(ink: Pixels | PictureInk) -> Iterable[Pixels]:
    return chain(ink.candidates, ink.late_candidates()) if isinstance(ink, PictureInk) else (ink,)


def _best_number(numbers: Iterable[NumberReading]) -> NumberReading:
    """Return the first number without doubt; otherwise prefer a close call to a blank, and a blank to a rejection.

    Of equal verdicts, the one with the fewest rejected digits is the best.
    """
    doubtful_numbers = []
    for number in numbers:
        if number.all_ink.several or number.all_ink.verdict == "digit":
            return number
        doubtful_numbers.append(number)
    verdicts: list[Verdict] = ["not_a_digit", "blank", "unsure"]
    return max(
        doubtful_numbers,
        key=lambda number: (
            verdicts.index(number.all_ink.verdict),
            -number.rejected_fraction,
            number.all_ink.confidence or 0.0,
        ),
    )


def _is_surely_one_digit(all_ink: Reading, strokes: Sequence[Stroke] | None) -> bool:
    """Return True if a search for several digits would be a waste of time."""
    if strokes is not None:
        return len(strokes) < 2
    if all_ink.drawing.image is None or all_ink.drawing.crop is None:
        return True
    height, width = all_ink.drawing.crop.shape
    is_connected = ndimage.label(all_ink.drawing.image > 0, structure=np.ones((3, 3)))[1] == 1
    return all_ink.verdict == "digit" and is_connected and width <= _MAX_DIGIT_ASPECT * height


def _read_parts(predictor: Predictor, all_ink: Reading, strokes: Sequence[Stroke] | None) -> NumberReading:
    if all_ink.drawing.box is None:
        return NumberReading(all_ink, ())
    lattice = picture_lattice(all_ink.drawing.ink) if strokes is None else stroke_lattice(strokes)
    path = [] if lattice is None else best_path(predictor, lattice)
    if lattice is None or len(path) < 2:
        return NumberReading(all_ink, (PlacedReading(all_ink, all_ink.drawing.box),))
    placed_readings = [_read_patch(predictor, lattice.patch(group)) for group in path]
    digits = sorted((digit for digit in placed_readings if digit), key=lambda digit: digit.box[1] + digit.box[3])
    are_separate = _are_side_by_side(digits) and _deepest_cut(lattice, path) <= _MAX_CUT
    if are_separate and all(digit.reading.verdict == "digit" for digit in digits):
        all_ink = replace(all_ink, verdict="not_a_digit", several=True)
    return NumberReading(all_ink, tuple(digits))


def _are_side_by_side(digits: Sequence[PlacedReading]) -> bool:
    """Return False if neighbouring boxes overlap so much that one figure, such as a grid, must have been cut up."""
    for one, other in pairwise(digits):
        overlap = min(one.box[3], other.box[3]) - max(one.box[1], other.box[1])
        if overlap > _MAX_OVERLAP * min(digit.box[3] - digit.box[1] for digit in (one, other)):
            return False
    return True


def _deepest_cut(lattice: Lattice, path: Sequence[int]) -> float:
    """Return the largest mean ink crossed by the cuts of a digit, in stroke widths; 0 for strokes of a canvas."""
    if lattice.kind == "strokes":
        return 0.0
    crossed, cuts = (lattice.geometry[path, GEOMETRY["pieces"].index(name)] for name in ("crossed", "cuts"))
    return float(np.max(crossed / np.maximum(cuts, 1)))


def _read_patch(predictor: Predictor, patch: InkPatch) -> PlacedReading | None:
    """Predict one digit of a number; return None if its ink is too faint."""
    reading = predictor.read(patch.ink)
    if reading.drawing.box is None:
        return None
    top, left, bottom, right = reading.drawing.box
    row, column = patch.box[:2]
    return PlacedReading(reading, (top + row, left + column, bottom + row, right + column))


def best_path(predictor: Predictor, lattice: Lattice) -> list[int]:
    """Return the groups on the best path through a lattice."""
    weights = WEIGHTS[lattice.kind]
    geometry = lattice.geometry @ weights[_GEOMETRY_START:] + weights[_BIAS]
    kept_groups = _most_plausible(lattice, geometry, MAX_IMAGES)
    lattice = lattice.restricted_to(kept_groups)
    return kept_groups[_viterbi(lattice, features(predictor, lattice) @ weights)].tolist()


def features(predictor: Predictor, lattice: Lattice) -> NDArray[np.float64]:
    """Return the features of each group, float (groups, k), in the order of the weights."""
    images = np.stack([lattice.image(group) for group in range(len(lattice.groups))])
    probabilities, novelty = predictor.scores(images)
    confidence = np.log(np.maximum(probabilities.max(axis=1), np.exp(_MIN_LOG_PROBABILITY)))
    # Models from earlier versions have no detector.
    novelty = np.zeros(len(images)) if novelty is None else np.clip(novelty, *_NOVELTY_RANGE)
    return np.column_stack([confidence, novelty, np.ones(len(images)), lattice.geometry])


def _most_plausible(lattice: Lattice, scores: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Return the `count` most plausible groups: those on the paths with the highest scores."""
    best_before, best_after = np.full(lattice.end + 1, -np.inf), np.full(lattice.end + 1, -np.inf)
    best_before[0] = best_after[lattice.end] = 0.0
    for source, target, group in lattice.edges.tolist():
        best_before[target] = max(best_before[target], best_before[source] + scores[group])
    for source, target, group in reversed(lattice.edges.tolist()):
        best_after[source] = max(best_after[source], best_after[target] + scores[group])
    best_through = np.full(len(scores), -np.inf)
    sources, targets, groups = lattice.edges.T
    np.maximum.at(best_through, groups, best_before[sources] + scores[groups] + best_after[targets])
    return np.sort(np.argsort(-best_through, kind="stable")[:count])


def _viterbi(lattice: Lattice, scores: NDArray[np.float64]) -> list[int]:
    """Return the groups on the path with the highest sum of scores."""
    best = np.full(lattice.end + 1, -np.inf)
    best[0] = 0.0
    arrivals: dict[int, tuple[int, int]] = {}
    for source, target, group in lattice.edges.tolist():
        score = best[source] + scores[group]
        if score > best[target]:
            best[target], arrivals[target] = score, (source, group)
    path, node = [], lattice.end
    while node:
        node, group = arrivals[node]
        path.append(group)
    return path[::-1]
