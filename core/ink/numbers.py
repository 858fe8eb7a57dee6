"""Several digits in one drawing: the ways to group its parts into digits, as a lattice of groups and their geometry.

Parts are strokes of a canvas, or pieces of a picture's ink. A path through the lattice uses each part once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.ink.canvas_strokes import InkPatch, Stroke, draw_stroke, join_patches
from core.ink.cuts import ROWS, Pieces, cut_ink
from core.ink.drawing import BOX_SIZE, Pixels, centre_by_mass, prepare

MAX_GROUPS = 160
"""Maximum number of groups; a six-digit number has 10 to 60, and a scribble of many strokes would have thousands."""

Kind = Literal["strokes", "pieces"]
"""The kind of a lattice's parts: strokes of a canvas, or pieces of a picture's ink."""

GEOMETRY: dict[Kind, tuple[str, ...]] = {
    "strokes": ("overlap", "width", "shortness"),
    "pieces": ("crossed", "cuts", "width", "narrowness", "shortness", "shared"),
}
"""Names of a group's geometry features, which are all 0 for a digit that stands alone."""

_MAX_STROKES = 3  # of one digit; in real pen data, nearly all digits have 1 or 2
_MAX_GAP = 0.3  # of the number's height; a digit's strokes are closer to each other
_MAX_STROKES_WIDTH = 1.7  # of the number's height
_MAX_PIECES_WIDTH = 1.3
_MAX_SHARED_WIDTH = 0.3
# Fractions of the number's height; a digit beyond these limits is unusual.
_TYPICAL_MAX_WIDTH, _TYPICAL_MIN_WIDTH, _TYPICAL_MIN_HEIGHT = 0.9, 0.35, 0.7
_NEARLY_ALL = 0.8  # of a component's ink; a group that has this much gets the rest, too


@dataclass(frozen=True)
class Lattice:
    """Groups of parts that may be digits, and the order in which they may follow each other.

    `groups`: the parts of each group. `geometry` float (groups, k): the features named in GEOMETRY. `edges` int (m, 3):
    each row is a node, a later node and the group between them; rows are sorted by the first node. Each path from node
    0 to node `end` uses every part once.
    """

    kind: Kind
    parts: Sequence[InkPatch]
    groups: Sequence[tuple[int, ...]]
    geometry: NDArray[np.float64]
    edges: NDArray[np.int64]
    end: int
    _image: Callable[[tuple[int, ...]], Pixels | None]

    def patch(self, group: int) -> InkPatch:
        """Return the ink of a group and its box in the drawing."""
        return join_patches([self.parts[part] for part in self.groups[group]])

    def image(self, group: int) -> Pixels:
        """Return the image uint8 (28, 28) of a group; all black if its ink is too faint."""
        image = self._image(self.groups[group])
        return np.zeros((28, 28), np.uint8) if image is None else image

    def restricted_to(self, groups: NDArray[np.int64]) -> Lattice:
        """Return the lattice with only these groups."""
        renumbered = np.full(len(self.groups), -1)
        renumbered[groups] = np.arange(len(groups))
        edges = self.edges[renumbered[self.edges[:, 2]] >= 0].copy()
        edges[:, 2] = renumbered[edges[:, 2]]
        return replace(
            self, groups=[self.groups[group] for group in groups], geometry=self.geometry[groups], edges=edges
        )


def stroke_lattice(strokes: Sequence[Stroke]) -> Lattice | None:
    """Return the lattice of a canvas, or None if its strokes form more than MAX_GROUPS groups.

    Groups have up to three strokes near each other, drawn in any order: the bar of a 7 may come last.
    """
    parts = [draw_stroke(stroke) for stroke in strokes]
    low = np.array([stroke.points.min(axis=0) - stroke.width / 2 for stroke in strokes])
    high = np.array([stroke.points.max(axis=0) + stroke.width / 2 for stroke in strokes])
    height = float((high - low)[:, 1].max())
    left, right = low[:, 0], high[:, 0]
    gaps = np.maximum(left[:, np.newaxis], left) - np.minimum(right[:, np.newaxis], right)
    groups = _near_groups(gaps < _MAX_GAP * height)
    if groups is None:
        return None
    widths = [right[list(group)].max() - left[list(group)].min() for group in groups]
    groups = [
        group
        for group, width in zip(groups, widths, strict=True)
        if len(group) == 1 or width < _MAX_STROKES_WIDTH * height
    ]
    overlap = np.clip(-gaps / np.minimum.outer(right - left, right - left), 0, 1)
    geometry = np.array([_stroke_geometry(list(group), low, high, overlap, height) for group in groups])
    edges, end = _exact_covers(groups, np.argsort(left + right, kind="stable").tolist())
    return Lattice(
        "strokes",
        parts,
        groups,
        geometry,
        edges,
        end,
        lambda group: prepare(join_patches([parts[i] for i in group]).ink).image,
    )


def _near_groups(near: NDArray[np.bool_]) -> list[tuple[int, ...]] | None:
    """Return the connected groups of up to three strokes, or None if there are more than MAX_GROUPS."""
    count = len(near)
    groups: set[tuple[int, ...]] = {(stroke,) for stroke in range(count)}
    largest = groups
    for _ in range(_MAX_STROKES - 1):
        if len(groups) > MAX_GROUPS:
            return None
        largest = {
            tuple(sorted((*group, stroke)))
            for group in largest
            for stroke in np.flatnonzero(near[list(group)].any(axis=0)).tolist()
            if stroke not in group
        }
        groups = groups | largest
    return sorted(groups) if len(groups) <= MAX_GROUPS else None


def _stroke_geometry(
    group: list[int],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    overlap: NDArray[np.float64],
    height: float,
) -> list[float]:
    others = [stroke for stroke in range(len(low)) if stroke not in group]
    group_width, group_height = ((high[group].max(axis=0) - low[group].min(axis=0)) / height).tolist()
    return [
        float(overlap[np.ix_(group, others)].sum()),
        max(0.0, group_width - _TYPICAL_MAX_WIDTH),
        max(0.0, _TYPICAL_MIN_HEIGHT - group_height),
    ]


def _exact_covers(groups: Sequence[tuple[int, ...]], order: Sequence[int]) -> tuple[NDArray[np.int64], int]:
    """Return the edges and end of a lattice whose paths use each stroke once; `order`: the strokes from left to right.

    A node is the set of strokes used so far, as a bit mask; each edge adds a group with the leftmost unused stroke.
    """
    bits = [sum(1 << stroke for stroke in group) for group in groups]
    groups_with_stroke = {stroke: [index for index, group in enumerate(groups) if stroke in group] for stroke in order}
    full = (1 << len(order)) - 1
    edges: list[tuple[int, int, int]] = []
    # All sets of one size are complete before the first larger set is visited, so this order is topological.
    by_size: list[set[int]] = [{0}, *(set() for _ in order)]
    for used in (node for nodes in by_size for node in sorted(nodes)):
        if used == full:
            break
        first = next(stroke for stroke in order if not used >> stroke & 1)
        for index in groups_with_stroke[first]:
            if not bits[index] & used:
                target = used | bits[index]
                by_size[target.bit_count()].add(target)
                edges.append((used, target, index))
    numbers = {node: number for number, node in enumerate(node for nodes in by_size for node in sorted(nodes))}
    return np.array([(numbers[source], numbers[target], index) for source, target, index in edges]), numbers[full]


def picture_lattice(ink: Pixels) -> Lattice | None:
    """Return the lattice of a picture's ink (h, w), or None if there is no ink or it is wider than any number."""
    pieces = cut_ink(ink)
    return None if pieces is None else _piece_lattice(pieces)


def _piece_lattice(pieces: Pieces) -> Lattice:
    """Return the lattice whose nodes are the cuts, from left to right."""
    cuts, last = pieces.cuts, len(pieces.cuts.costs) - 1
    cumulative = np.concatenate([np.zeros((1, len(pieces.parts))), np.cumsum(pieces.strip_fractions, axis=0)])
    boxes = np.array([patch.box for patch in pieces.small_parts])
    widths = np.diff(cuts.paths.mean(axis=1)) / ROWS
    groups: list[tuple[int, ...]] = []
    geometry, edges = [], []
    for start, stop in combinations(range(last + 1), 2):
        # Where digits overlap, the ink between two cuts may belong to both.
        shared = start > 0 and cuts.costs[start] > 0 and widths[start - 1] < _MAX_SHARED_WIDTH
        for first in (start, start - 1) if shared else (start,):
            fraction = cumulative[stop] - cumulative[first]
            is_between = (pieces.strip_indices >= first) & (pieces.strip_indices < stop)
            members = np.flatnonzero((fraction >= _NEARLY_ALL) | (is_between & (fraction > 1 - _NEARLY_ALL)))
            if not members.size:
                continue
            height, width = ((boxes[members, 2:].max(axis=0) - boxes[members, :2].min(axis=0)) / ROWS).tolist()
            if width > _MAX_PIECES_WIDTH and stop > start + 1 and (start, stop) != (0, last):
                continue
            edges.append((start, stop, len(groups)))
            groups.append(tuple(members.tolist()))
            geometry.append([*_piece_geometry(cuts.costs[[start, stop]], height, width), float(start - first)])
    return Lattice(
        "pieces",
        pieces.parts,
        groups,
        np.array(geometry),
        np.array(edges),
        last,
        lambda group: _small_image(join_patches([pieces.small_parts[part] for part in group]).ink),
    )


def _piece_geometry(costs: NDArray[np.float64], height: float, width: float) -> list[float]:
    return [
        float(costs.sum()),
        float(np.count_nonzero(costs)),
        max(0.0, width - _TYPICAL_MAX_WIDTH),
        max(0.0, _TYPICAL_MIN_WIDTH - width),
        max(0.0, _TYPICAL_MIN_HEIGHT - height),
    ]


def _small_image(ink: Pixels) -> Pixels | None:
    """Return the 28x28 image of ink with strokes as wide as MNIST's, nearly as `prepare` does but much faster."""
    if not ink.any():
        return None
    ratio = BOX_SIZE / max(ink.shape)
    size = max(1, round(ink.shape[1] * ratio)), max(1, round(ink.shape[0] * ratio))
    scaled = np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.HAMMING), np.float32)
    return centre_by_mass((scaled * (255 / scaled.max()) + 0.5).astype(np.uint8))
