"""The number reader: the best path through a lattice, and numbers written by real people."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from benchmarks.number_scenes import SPACINGS, Scene, compose, scenes
from core.classifier.bundle import Bundle
from core.classifier.number_reader import FEATURES, WEIGHTS, _most_plausible, _viterbi, read_digit, read_number
from core.classifier.predictor import Predictor
from core.data.pen_digits import TRAINING_WRITERS
from core.handwriting.pen_digits import PenDigit
from core.ink.canvas_strokes import Stroke, draw_strokes
from core.ink.numbers import Lattice
from core.ink.photo import ink_from_array
from core.workspace import SHIPPED_BUNDLE

ScoredLattice = tuple[Lattice, np.ndarray]


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(Bundle(SHIPPED_BUNDLE))


@pytest.fixture(scope="module")
def digits(pen_digits: tuple[PenDigit, ...]) -> tuple[PenDigit, ...]:
    """The first 40 digits of each training writer."""
    by_writer = ([digit for digit in pen_digits if digit.writer == writer][:40] for writer in TRAINING_WRITERS)
    return tuple(digit for writer_digits in by_writer for digit in writer_digits)


@st.composite
def lattices(draw: st.DrawFn) -> ScoredLattice:
    """Return a lattice with a path to its end, and a score for each of its groups."""
    end = draw(st.integers(1, 5))
    pairs = [(source, target) for source in range(end) for target in range(source + 1, end + 1)]
    steps = {(node, node + 1) for node in range(end)}
    chosen = sorted(steps | set(draw(st.lists(st.sampled_from(pairs), max_size=8))))
    edges = np.array([(source, target, group) for group, (source, target) in enumerate(chosen)])
    scores = draw(st.lists(st.integers(-50, 50), min_size=len(chosen), max_size=len(chosen)))
    lattice = Lattice("pieces", [], [()] * len(chosen), np.zeros((len(chosen), 0)), edges, end, lambda _: None)
    return lattice, np.array(scores, float)


def paths(lattice: Lattice, node: int = 0) -> Iterator[list[int]]:
    if node == lattice.end:
        yield []
    for source, target, group in lattice.edges.tolist():
        if source == node:
            for rest in paths(lattice, target):
                yield [group, *rest]


@given(lattices())
def test_viterbi_path_has_the_highest_score(scored_lattice: ScoredLattice) -> None:
    lattice, scores = scored_lattice

    path = _viterbi(lattice, scores)

    all_paths = list(paths(lattice))
    assert path in all_paths
    assert scores[path].sum() == max(scores[candidate].sum() for candidate in all_paths)


@given(lattices(), st.integers(1, 10))
def test_groups_kept_are_those_on_the_best_paths(scored_lattice: ScoredLattice, count: int) -> None:
    lattice, scores = scored_lattice

    kept_groups = _most_plausible(lattice, scores, count)

    best_scores = [max(scores[path].sum() for path in paths(lattice) if group in path) for group in range(len(scores))]
    assert len(kept_groups) == min(count, len(scores))
    others = np.delete(best_scores, kept_groups)
    assert not len(others) or np.min(np.array(best_scores)[kept_groups]) >= others.max()


def test_each_feature_has_a_weight() -> None:
    for kind, names in FEATURES.items():
        weights = dict(zip(names, WEIGHTS[kind], strict=True))
        assert weights.pop("log_probability") > 0
        weights.pop("digit")
        assert all(weight <= 0 for weight in weights.values())


def fraction_correct(predictor: Predictor, numbers: list[Scene], *, as_pictures: bool = False) -> float:
    """Return the fraction of numbers that are read correctly."""
    texts = [read_number(predictor, scene.ink, None if as_pictures else scene.strokes).number for scene in numbers]
    return float(np.mean([text == scene.text for text, scene in zip(texts, numbers, strict=True)]))


@pytest.mark.parametrize("spacing", SPACINGS)
def test_numbers_on_the_canvas_are_read(predictor: Predictor, digits: tuple[PenDigit, ...], spacing: str) -> None:
    numbers = list(scenes(digits, 40, SPACINGS[spacing], np.random.default_rng(1)))

    assert fraction_correct(predictor, numbers) >= 0.85


@pytest.mark.parametrize(("spacing", "minimum"), [("spaced", 0.85), ("tight", 0.85), ("touching", 0.4)])
def test_numbers_in_pictures_are_read(
    predictor: Predictor, digits: tuple[PenDigit, ...], spacing: str, minimum: float
) -> None:
    numbers = list(scenes(digits, 40, SPACINGS[spacing], np.random.default_rng(1)))

    assert fraction_correct(predictor, numbers, as_pictures=True) >= minimum


def on_a_table(ink: np.ndarray) -> np.ndarray:
    """Return a picture of white paper on a dark table."""
    return np.pad(255 - ink, 90, constant_values=80)


def in_a_frame(ink: np.ndarray) -> np.ndarray:
    """Return a picture of white paper with a black frame near its edge."""
    return np.pad(np.pad(255 - ink, 4, constant_values=0), 6, constant_values=255)


def half_in_shadow(ink: np.ndarray) -> np.ndarray:
    """Return a picture of white paper whose right half is darker."""
    middle = ink.shape[1] // 2
    return np.hstack([255 - ink[:, :middle], ((255 - ink[:, middle:]) * 0.6).astype(np.uint8)])


@pytest.mark.parametrize("paper", [on_a_table, in_a_frame, half_in_shadow])
def test_numbers_are_read_from_the_ink_without_foreign_ink(
    predictor: Predictor, digits: tuple[PenDigit, ...], paper: Callable[[np.ndarray], np.ndarray]
) -> None:
    numbers = list(scenes(digits, 20, SPACINGS["spaced"], np.random.default_rng(8)))

    pictures = [ink_from_array(paper(np.pad(scene.ink, 40))) for scene in numbers]

    found = [read_number(predictor, picture).number for picture in pictures]
    assert np.mean([one == scene.text for one, scene in zip(found, numbers, strict=True)]) >= 0.8
    assert np.mean([read_digit(predictor, picture).several for picture in pictures]) >= 0.6


def test_strokes_in_any_order_form_the_same_number(predictor: Predictor, digits: tuple[PenDigit, ...]) -> None:
    generator = np.random.default_rng(2)
    for scene in scenes(digits, 20, SPACINGS["tight"], generator):
        shuffled = [scene.strokes[index] for index in generator.permutation(len(scene.strokes))]

        number = read_number(predictor, scene.ink, shuffled)

        assert number.number == read_number(predictor, scene.ink, scene.strokes).number


def test_bars_written_last_join_their_digits(predictor: Predictor, digits: tuple[PenDigit, ...]) -> None:
    barred_digits = [digit for digit in digits if digit.label in (4, 5, 7) and len(digit.strokes) == 2]

    numbers = list(scenes(barred_digits, 25, SPACINGS["tight"], np.random.default_rng(3), late=True))

    assert fraction_correct(predictor, numbers) >= 0.85


@pytest.mark.parametrize("as_picture", [False, True])
def test_one_digit_stays_one_digit(predictor: Predictor, digits: tuple[PenDigit, ...], as_picture: bool) -> None:
    singles = [compose([digit], (0, 0), np.random.default_rng(4)) for digit in digits[::3]]
    strokes = [None if as_picture else single.strokes for single in singles]

    several = [
        read_digit(predictor, single.ink, canvas_strokes).several
        for single, canvas_strokes in zip(singles, strokes, strict=True)
    ]

    assert np.mean(several) <= 0.015


def test_digit_reading_agrees_with_a_one_digit_number(predictor: Predictor, digits: tuple[PenDigit, ...]) -> None:
    one = compose([next(digit for digit in digits if digit.label == 0)], (0, 0), np.random.default_rng(5))

    reading, number = read_digit(predictor, one.ink, one.strokes), read_number(predictor, one.ink, one.strokes)

    assert number.number == str(reading.digit) == "0"
    assert number.sentence == reading.sentence
    assert number.digits[0].box == reading.drawing.box
    assert reading.to_json().items() <= number.to_json().items()


def test_several_digits_are_not_one(predictor: Predictor, digits: tuple[PenDigit, ...]) -> None:
    pair = [next(digit for digit in digits if digit.label == label) for label in (0, 3)]
    scene = compose(pair, SPACINGS["spaced"], np.random.default_rng(6))

    for strokes in (scene.strokes, None):
        reading = read_digit(predictor, scene.ink, strokes)
        number = read_number(predictor, scene.ink, strokes)

        assert (reading.verdict, reading.several) == ("not_a_digit", True)
        assert (number.verdict, number.number) == ("digit", "03")
        first, second = (digit["box"] for digit in number.to_json()["digits"])
        assert 0 <= first["left"] < first["right"] <= second["left"] < second["right"] <= 1


def test_scribble_is_not_a_number(predictor: Predictor) -> None:
    generator = np.random.default_rng(7)
    ink = (generator.random((60, 200)) > 0.5).astype(np.uint8) * 255

    number = read_number(predictor, ink)

    assert number.number is None
    assert number.verdict == "not_a_digit"
    assert not read_digit(predictor, ink).several


@given(
    arrays(
        np.uint8,
        array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=80),
        elements=st.sampled_from([0, 5, 70, 255]),
    )
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_ink_is_read(predictor: Predictor, ink: np.ndarray) -> None:
    number = read_number(predictor, ink)

    assert (number.verdict == "blank") == (number.all_ink.verdict == "blank") == (not number.digits)
    if number.all_ink.several:
        assert number.number is not None
        assert len(number.number) > 1


def test_blank_drawing_has_no_digits(predictor: Predictor) -> None:
    number = read_number(predictor, np.zeros((280, 560), np.uint8), [])

    assert (number.verdict, number.number, number.digits) == ("blank", None, ())
    assert number.sentence == "No ink, no digit"
    assert not read_digit(predictor, np.zeros((280, 560), np.uint8), []).several


@pytest.mark.parametrize("on_canvas", [True, False])
def test_grid_is_not_called_several_digits(predictor: Predictor, on_canvas: bool) -> None:
    lines = [[(40, 80), (240, 80)], [(40, 190), (240, 190)], [(90, 40), (90, 240)], [(190, 40), (190, 240)]]
    strokes = [Stroke(np.array(line, float), 20.0) for line in lines]
    ink = np.pad(draw_strokes(strokes).ink, 20)

    reading = read_digit(predictor, ink, strokes if on_canvas else None)

    assert (reading.verdict, reading.several) == ("not_a_digit", False)
