"""Lattices: the ways to group strokes, or pieces of a picture, into digits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ink import numbers
from core.ink.canvas_strokes import Stroke, draw_stroke, join_patches
from core.ink.numbers import GEOMETRY, Lattice, picture_lattice, stroke_lattice

Box = tuple[int, int, int, int]
BOXES = st.tuples(st.integers(0, 300), st.integers(0, 60), st.integers(1, 60), st.integers(30, 120))
"""Left, top, width and height of a stroke."""


def diagonal(left: int, top: int, width: int, height: int) -> Stroke:
    return Stroke(np.array([(left, top), (left + width, top + height)], float), 10)


def paths(lattice: Lattice) -> Iterator[list[int]]:
    """Yield the groups of every path."""
    successors: dict[int, list[tuple[int, int]]] = {}
    for source, target, group in lattice.edges.tolist():
        successors.setdefault(source, []).append((target, group))

    def extend(node: int, path: list[int]) -> Iterator[list[int]]:
        if node == lattice.end:
            yield path
        for target, group in successors.get(node, []):
            yield from extend(target, [*path, group])

    return extend(0, [])


def partitions(items: Sequence[int]) -> Iterator[list[tuple[int, ...]]]:
    """Yield every way to divide items into groups."""
    if not items:
        yield []
        return
    first, rest = items[0], items[1:]
    for bits in range(1 << len(rest)):
        group = (first, *(item for index, item in enumerate(rest) if bits >> index & 1))
        for others in partitions([item for item in rest if item not in group]):
            yield [group, *others]


@given(st.lists(BOXES, min_size=1, max_size=5))
@settings(max_examples=50)
def test_paths_are_all_partitions_into_groups(boxes: list[Box]) -> None:
    lattice = stroke_lattice([diagonal(*box) for box in boxes])

    assert lattice is not None
    found = [sorted(lattice.groups[group] for group in path) for path in paths(lattice)]
    groups = set(lattice.groups)
    expected = [sorted(parts) for parts in partitions(range(len(boxes))) if set(parts) <= groups]
    assert sorted(found) == sorted(expected)
    assert {(stroke,) for stroke in range(len(boxes))} <= groups


@given(st.lists(BOXES, min_size=1, max_size=5), st.permutations(range(5)))
@settings(max_examples=50)
def test_writing_order_does_not_change_the_groups(boxes: list[Box], order: list[int]) -> None:
    order = [index for index in order if index < len(boxes)]
    lattice = stroke_lattice([diagonal(*box) for box in boxes])
    other = stroke_lattice([diagonal(*boxes[index]) for index in order])

    assert lattice is not None
    assert other is not None
    renumbered = {tuple(sorted(order[stroke] for stroke in group)) for group in other.groups}
    assert renumbered == set(lattice.groups)


def test_distant_strokes_do_not_form_a_group() -> None:
    lattice = stroke_lattice([diagonal(0, 0, 30, 100), diagonal(100, 0, 30, 100)])

    assert lattice is not None
    assert list(lattice.groups) == [(0,), (1,)]


def test_scribble_of_many_strokes_has_no_lattice() -> None:
    assert stroke_lattice([diagonal(offset, offset, 50, 50) for offset in range(20)]) is None


def test_number_with_many_digits_has_a_lattice() -> None:
    lattice = stroke_lattice([diagonal(60 * index, 0, 20, 100) for index in range(30)])

    assert lattice is not None
    assert len(lattice.groups) <= numbers.MAX_GROUPS


@pytest.mark.parametrize("gap", [30, -8])
def test_each_path_covers_all_pieces_and_all_ink(gap: int) -> None:
    ink = np.pad(
        join_patches([draw_stroke(diagonal(*box)) for box in ((0, 0, 40, 100), (40 + gap, 0, 40, 100))]).ink, 5
    )

    lattice = picture_lattice(ink)

    assert lattice is not None
    assert lattice.geometry.shape == (len(lattice.groups), len(GEOMETRY["pieces"]))
    for path in paths(lattice):
        assert sorted({part for group in path for part in lattice.groups[group]}) == list(range(len(lattice.parts)))
        assert join_patches([lattice.patch(group) for group in path]).ink.sum() == ink.sum()


def test_image_of_a_group_shows_only_its_ink() -> None:
    strokes = [diagonal(0, 0, 20, 100), diagonal(100, 0, 20, 100)]
    lattice, single_lattice = stroke_lattice(strokes), stroke_lattice(strokes[1:])

    assert lattice is not None
    assert single_lattice is not None
    assert np.array_equal(lattice.image(1), single_lattice.image(0))


def test_restricted_lattice_keeps_its_groups() -> None:
    lattice = stroke_lattice([diagonal(40 * index, 0, 30, 100) for index in range(3)])
    assert lattice is not None
    kept_groups = np.array([group for group, strokes in enumerate(lattice.groups) if len(strokes) < 3])

    restricted = lattice.restricted_to(kept_groups)

    assert [restricted.groups[group] for _, _, group in restricted.edges] == [
        lattice.groups[group] for _, _, group in lattice.edges if group in kept_groups
    ]
    assert len(list(paths(restricted))) == 3
