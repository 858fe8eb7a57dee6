"""The notation of skeletons."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.handwriting.strokes.notation import parse_skeleton
from core.handwriting.strokes.pen import Dice, Skeleton

SEEDS = st.integers(0, 2**32 - 1)


def parse(text: str, seed: int = 0) -> Skeleton:
    return parse_skeleton(text, Dice(np.random.default_rng(seed)))


def test_anchors_and_corners_are_read_in_order() -> None:
    assert parse("0,10 20,-3.5! 4,4 / 1,2 3,4") == [[(0, 10), (20, -3.5, 1), (4, 4)], [(1, 2), (3, 4)]]


def test_rectangle_is_closed_and_has_corners() -> None:
    assert parse("#0,0,60,80") == [[(0, 0, 1), (0, 80, 1), (60, 80, 1), (60, 0, 1), (0, 0, 1)]]


@given(x=st.integers(0, 100), y=st.integers(0, 100), width=st.integers(5, 50), height=st.integers(5, 50), seed=SEEDS)
def test_ellipse_keeps_its_centre_and_radii(x: int, y: int, width: int, height: int, seed: int) -> None:
    (line,) = parse(f"@{x},{y},{width},{height}", seed)

    radii = np.hypot((np.array(line)[:, 0] - x) / width, (np.array(line)[:, 1] - y) / height)
    assert np.allclose(radii, 1, atol=0.04)
    assert len(line) >= 10


def test_optional_line_is_drawn_only_sometimes() -> None:
    counts = {len(parse("0,0 1,1 / ?2,2 3,3", seed)) for seed in range(20)}

    assert counts == {1, 2}
