"""The parts of a number in a picture: its connected components, cut where digits may touch.

A cut is a path from top to bottom that crosses as little ink as possible (seam carving, Avidan and Shamir, 2007). There
are deliberately more cuts than gaps between digits; a later step decides which ones separate digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from core.ink.canvas_strokes import Box, InkPatch
from core.ink.drawing import BOX_SIZE, MAX_STROKE_WIDTH, MIN_STROKE_WIDTH, Pixels, Plane, stroke_width

ROWS = 48
"""Height in pixels of the small image: the picture of a number, scaled down to find cuts."""

MAX_ASPECT = 16
"""Maximum width-to-height ratio of ink that is searched for digits."""

_SLANTS = np.arange(-0.3, 0.61, 0.1)  # columns per row; handwriting leans to the right
_BAND = 8  # columns by which a path may deviate from a straight line on either side
_DEVIATION_COST = 0.001  # pixels of ink per row for a path one column off its straight line; grows with the square
_SAME_CUT_INK = 0.1  # squared stroke widths; paths with less ink between them count as one cut
_MIN_PIECE_INK = 4.0  # squared stroke widths; minimum ink between two cuts
_MIN_COST = 0.1  # stroke widths; a cut that crosses less ink counts as crossing none
_MAX_COST = 1.8  # stroke widths of crossed ink; two digits touch in at most two places
_MAX_SPECK_LENGTH = 0.15  # fraction of the number's height; shorter components are specks
_INK_THRESHOLD = 64  # out of 255; fainter pixels are the soft edge of a stroke


@dataclass(frozen=True)
class Cuts:
    """Cuts of a small image with ROWS rows, from left to right; the first and last are its edges.

    `paths` int (k, ROWS): in each row, the first column to the right of the cut. `costs` (k,): the ink that each cut
    crosses, in stroke widths.
    """

    paths: NDArray[np.int64]
    costs: NDArray[np.float64]


def find_cuts(small: Plane) -> Cuts:
    """Find the cuts in a small image of ink: float (ROWS, w), 0..1."""
    width = small.shape[1]
    stroke = max(stroke_width(small > 0.5), 1.0)
    sheared, shift = _without_slant(small)
    costs, paths = _cheapest_paths(sheared)
    costs = costs / stroke
    rows = np.arange(ROWS)
    cumulative_ink = np.pad(np.cumsum(sheared, axis=1), ((0, 0), (1, 0)))
    ink_to_left = cumulative_ink[rows, np.clip(paths, 0, sheared.shape[1])]
    chosen = _choose_cuts(costs, ink_to_left, float(sheared.sum()), stroke)
    inner = np.clip(paths[chosen] + shift, 0, width).reshape(-1, ROWS)
    order = np.argsort(inner.mean(axis=1), kind="stable")
    edges = np.zeros((1, ROWS), int), np.full((1, ROWS), width)
    crossed = np.concatenate([[0.0], costs[chosen][order], [0.0]])
    # Later steps assume that cuts do not cross each other.
    paths = np.maximum.accumulate(np.concatenate([edges[0], inner[order], edges[1]]))
    return Cuts(paths, np.where(crossed < _MIN_COST, 0.0, crossed))


def _without_slant(small: Plane) -> tuple[Plane, NDArray[np.int64]]:
    """Return the image sheared so that its ink is in as few columns as possible, and the shifts that undo this."""
    rows, width = small.shape
    best_shift, best_energy = np.zeros(rows, int), -1.0
    columns = np.arange(width)
    for slant in _SLANTS:
        shift = np.round(slant * (rows / 2 - np.arange(rows))).astype(int)
        targets = columns - shift[:, np.newaxis]
        energy = float((np.bincount((targets - targets.min()).ravel(), small.ravel()) ** 2).sum())
        if energy > best_energy:
            best_shift, best_energy = shift, energy
    targets = columns - best_shift[:, np.newaxis]
    left = int(targets.min())
    sheared = np.zeros((rows, int(targets.max()) - left + 1), np.float32)
    np.put_along_axis(sheared, targets - left, small, axis=1)
    return sheared, best_shift + left


def _cheapest_paths(ink: Plane) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the cheapest path near each column: its cost (n,) in pixels of ink, and its columns int (n, rows)."""
    rows, width = ink.shape
    starts, offsets = np.arange(width + 1), np.arange(-_BAND, _BAND + 1)
    padded = np.pad(ink, ((0, 0), (_BAND, _BAND + 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(offsets), axis=1)
    deviation_cost = _DEVIATION_COST * offsets.astype(np.float32) ** 2
    total = np.zeros((len(starts), len(offsets)), np.float32)
    steps = np.zeros((rows, *total.shape), np.int8)
    neighbours = np.full((len(starts), len(offsets) + 2), np.inf, np.float32)
    for row in range(rows):
        neighbours[:, 1:-1] = total
        options = np.stack([neighbours[:, 1:-1], neighbours[:, :-2], neighbours[:, 2:]])
        step = options.argmin(axis=0)
        total = np.take_along_axis(options, step[np.newaxis], axis=0)[0] + windows[row, : len(starts)] + deviation_cost
        steps[row] = np.array([0, -1, 1], np.int8)[step]
    position = total.argmin(axis=1)
    costs = total[starts, position].astype(float)
    paths = np.empty((len(starts), rows), int)
    for row in range(rows - 1, -1, -1):
        paths[:, row] = starts + offsets[position]
        position = position + steps[row, starts, position]
    return costs, paths


def _choose_cuts(
    costs: NDArray[np.float64], ink_to_left: NDArray[np.floating], total: float, stroke: float
) -> NDArray[np.int64]:
    """Return the indices of the cheapest paths that have enough ink between them.

    `ink_to_left` (n, rows): the ink to the left of each path. `stroke`: the width of a stroke in pixels.
    """
    min_ink = _MIN_PIECE_INK * stroke**2
    starts_new_cut = np.abs(np.diff(ink_to_left, axis=0)).sum(axis=1) > _SAME_CUT_INK * stroke**2
    candidates = []
    for group in np.split(np.arange(len(costs)), np.flatnonzero(starts_new_cut) + 1):
        cheapest = group[costs[group] <= costs[group].min() + 1e-6]
        middle = int(cheapest[len(cheapest) // 2])
        left = float(ink_to_left[middle].sum())
        if costs[middle] <= _MAX_COST and left > min_ink and total - left > min_ink:
            candidates.append(middle)
    chosen: list[int] = []
    for candidate in sorted(candidates, key=lambda candidate: costs[candidate]):
        if not chosen or np.abs(ink_to_left[chosen] - ink_to_left[candidate]).sum(axis=1).min() > min_ink:
            chosen.append(candidate)
    return np.array(chosen, int)


@dataclass(frozen=True)
class Pieces:
    """A picture's ink, cut into parts.

    `parts`: the ink of each part in the picture. `small_parts`: the same in the small image, with strokes about as
    wide as MNIST's. `cuts`: where the ink was cut. `strip_fractions` (cuts - 1, parts): for each part, the fraction of
    its component's ink in each strip between neighbouring cuts. `strip_indices` (parts,): the strip of each part.
    """

    cuts: Cuts
    small_parts: list[InkPatch]
    parts: list[InkPatch]
    strip_fractions: NDArray[np.float64]
    strip_indices: NDArray[np.int64]


def cut_ink(ink: Pixels) -> Pieces | None:
    """Cut the ink (h, w) of a picture into parts; return None without ink, or if it is too wide to be a number."""
    box = _box(ink > _INK_THRESHOLD)
    if box is None or box[3] - box[1] > MAX_ASPECT * (box[2] - box[0]):
        return None
    crop = ink[box[0] : box[2], box[1] : box[3]]
    height, width = crop.shape
    columns = max(1, round(width * ROWS / height))
    small = np.asarray(Image.fromarray(crop).resize((columns, ROWS), Image.Resampling.BOX), np.float32) / 255
    labels, count = ndimage.label(small > _INK_THRESHOLD / 255, structure=np.ones((3, 3)))
    if not count:
        return None
    is_speck = [
        False,
        *(
            max(side.stop - side.start for side in sides) < _MAX_SPECK_LENGTH * ROWS
            for sides in ndimage.find_objects(labels)
        ),
    ]
    labels = np.where(np.array(is_speck)[labels], 0, labels)
    if not labels.any():
        return None
    cuts = find_cuts(np.where(labels > 0, small, 0).astype(np.float32))
    strips = (np.arange(columns) >= cuts.paths[1:-1, :, np.newaxis]).sum(axis=0)
    return _pieces(crop, box, small, labels, strips, cuts)


def _pieces(
    crop: Pixels,
    box: Box,
    small: NDArray[np.floating],
    labels: NDArray[np.int64],
    strips: NDArray[np.int64],
    cuts: Cuts,
) -> Pieces:
    """Return the parts: the ink of each component between each pair of neighbouring cuts."""
    inked = labels > 0
    pairs, index, sizes = np.unique(
        np.stack([labels[inked], strips[inked]]), axis=1, return_inverse=True, return_counts=True
    )
    components, strip_indices = pairs
    count = len(components)
    part_indices = np.full(labels.shape, -1)
    part_indices[inked] = index.ravel()
    # Each pixel belongs to the part whose ink is nearest, so that soft edges and thickened strokes are kept.
    distance, nearest = ndimage.distance_transform_edt(~inked, return_indices=True)
    part_indices = part_indices[tuple(nearest)]
    strokes = _mnist_strokes(small, inked, distance)
    rows = np.minimum(np.arange(crop.shape[0]) * ROWS // crop.shape[0], ROWS - 1)
    columns = np.minimum(np.arange(crop.shape[1]) * labels.shape[1] // crop.shape[1], labels.shape[1] - 1)
    crop_part_indices = part_indices[rows][:, columns]
    pixel_counts = np.zeros((len(cuts.paths) - 1, count))
    pixel_counts[strip_indices, np.arange(count)] = sizes
    totals = np.bincount(components, sizes)
    fractions = np.stack(
        [pixel_counts[:, components == label].sum(axis=1) / totals[label] for label in components], axis=1
    )
    return Pieces(
        cuts,
        _patches(strokes, part_indices, (0, 0), count),
        _patches(crop, crop_part_indices, box[:2], count),
        fractions,
        strip_indices,
    )


def _mnist_strokes(small: Plane, inked: NDArray[np.bool_], distance_to_ink: NDArray[np.float64]) -> Pixels:
    """Return the small image as uint8, with strokes thickened or thinned to about the width of MNIST's at this size."""
    width = stroke_width(small > 0.5)
    scale = ROWS / BOX_SIZE
    change = (float(np.clip(width, MIN_STROKE_WIDTH * scale, MAX_STROKE_WIDTH * scale)) - width) / 2
    if change >= 0:
        thicker = np.clip(change + 1 - distance_to_ink, 0, 1) if change > 0.5 else small
        return (np.maximum(small, thicker) * 255).astype(np.uint8)
    distance_to_background = ndimage.distance_transform_edt(inked)
    thinner = np.clip(distance_to_background + max(change, -width / 4), 0, 1)
    return (np.minimum(small, thinner) * 255).astype(np.uint8)


def _patches(ink: Pixels, part_indices: NDArray[np.int64], corner: tuple[int, int], count: int) -> list[InkPatch]:
    """Return a patch for each of `count` parts, with its box shifted by `corner` (row, column)."""
    blank = InkPatch(np.zeros((1, 1), np.uint8), (corner[0], corner[1], corner[0] + 1, corner[1] + 1))
    patches = []
    for part, region in enumerate(ndimage.find_objects(part_indices + 1, count)):
        # If the picture has fewer pixels than the small image, a thin part may contain no pixel of the picture.
        owned = blank.ink if region is None else np.where(part_indices[region] == part, ink[region], np.uint8(0))
        box = _box(owned > 0)
        if region is None or box is None:
            patches.append(blank)
            continue
        top, left = region[0].start + corner[0], region[1].start + corner[1]
        shifted_box = (box[0] + top, box[1] + left, box[2] + top, box[3] + left)
        patches.append(InkPatch(owned[box[0] : box[2], box[1] : box[3]], shifted_box))
    return patches


def _box(mask: NDArray[np.bool_]) -> Box | None:
    """Return the bounding box of a mask, or None if it is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1
