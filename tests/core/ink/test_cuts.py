"""Cuts between digits that may touch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image, ImageDraw

from core.ink.canvas_strokes import join_patches
from core.ink.cuts import MAX_ASPECT, ROWS, cut_ink, find_cuts
from core.ink.drawing import Pixels


def rings(gap: float, lean: float = 0.0) -> Pixels:
    """Return two rings, 80 pixels across and `gap` apart; each row lies `lean` pixels to the right of the next one."""
    picture = Image.new("L", (400, 120))
    pen = ImageDraw.Draw(picture)
    for left in (100.0, 180 + gap):
        pen.ellipse((left, 20, left + 80, 100), outline=255, width=9)
    return np.asarray(picture.transform(picture.size, Image.Transform.AFFINE, (1, lean, -60 * lean, 0, 1, 0)))


def small_image(ink: Pixels) -> np.ndarray:
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    crop = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    size = round(crop.shape[1] * ROWS / crop.shape[0]), ROWS
    return np.asarray(Image.fromarray(crop).resize(size, Image.Resampling.BOX), np.float32) / 255


@pytest.mark.parametrize("lean", [0.0, 0.3])
@pytest.mark.parametrize(("gap", "crosses_ink"), [(20, False), (6, False), (-4, True)])
def test_a_cut_passes_between_two_rings(gap: float, crosses_ink: bool, lean: float) -> None:
    plane = small_image(rings(gap, lean))
    cuts = find_cuts(plane)

    middle = np.abs(cuts.paths.mean(axis=1) - plane.shape[1] / 2).argmin()
    assert abs(cuts.paths[middle].mean() - plane.shape[1] / 2) < 5
    assert (cuts.costs[middle] > 0) == crosses_ink


@given(
    arrays(
        np.uint8, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=60), elements=st.sampled_from([0, 90, 255])
    )
)
def test_cuts_never_cross_and_parts_add_no_ink(ink: Pixels) -> None:
    pieces = cut_ink(ink)

    if pieces is None:
        return
    assert (np.diff(pieces.cuts.paths, axis=0) >= 0).all()
    assert pieces.cuts.costs[0] == pieces.cuts.costs[-1] == 0
    assert np.allclose(pieces.strip_fractions.sum(axis=0), 1)
    joined = join_patches(pieces.parts)
    top, left, bottom, right = joined.box
    assert joined.ink.sum() <= ink.sum()
    assert (joined.ink <= ink[top:bottom, left:right]).all()


def test_every_part_of_a_drawing_keeps_its_soft_edge() -> None:
    ink = rings(-4)

    pieces = cut_ink(ink)

    assert pieces is not None
    assert len(pieces.parts) > 1
    assert join_patches(pieces.parts).ink.sum() == ink.sum()


def test_specks_are_not_parts() -> None:
    ink = rings(20).copy()
    without_specks = cut_ink(ink)
    ink[30:34, 330:334] = 255

    pieces = cut_ink(ink)

    assert pieces is not None
    assert without_specks is not None
    assert len(pieces.small_parts) == len(without_specks.small_parts)


def test_no_ink_and_very_wide_ink_have_no_parts() -> None:
    assert cut_ink(np.zeros((50, 50), np.uint8)) is None
    assert cut_ink(np.full((10, 10 * MAX_ASPECT + 1), 255, np.uint8)) is None
