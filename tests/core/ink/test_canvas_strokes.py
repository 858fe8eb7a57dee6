"""Canvas strokes are read from the browser's description and drawn as the browser draws them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import PictureError
from core.ink import canvas_strokes
from core.ink.canvas_strokes import InkPatch, Stroke, draw_stroke, join_patches, strokes_from_canvas

# A line that bends down, as Fabric.js describes it.
BENT_LINE = {"path": [["M", 10, 20], ["Q", 60, 20, 60, 45], ["L", 60, 70]], "strokeWidth": 12}

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=3) | st.sampled_from(["M", "L", "Q"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["path", "strokeWidth"]), inner),
    max_leaves=12,
)


def line(*points: tuple[float, float], width: float = 12.0) -> Stroke:
    return Stroke(np.array(points, float), width)


def test_stroke_follows_its_curve() -> None:
    (stroke,) = strokes_from_canvas([BENT_LINE])

    assert stroke.width == 12
    assert stroke.points[0].tolist() == [10, 20]
    assert stroke.points[-1].tolist() == [60, 70]
    # The middle of the curve lies halfway between its chord's middle and its control point.
    middle = np.array([47.5, 26.25])
    assert np.hypot(*(stroke.points - middle).T).min() < canvas_strokes._CURVE_STEP / 2


@given(st.lists(JSON, max_size=3))
def test_arbitrary_json_is_read_or_rejected(objects: list[Any]) -> None:
    try:
        strokes = strokes_from_canvas(objects)
    except PictureError:
        return
    assert all(np.isfinite(stroke.points).all() and stroke.width > 0 for stroke in strokes)


@pytest.mark.parametrize(
    "path",
    [
        [],
        [["L", 1, 1]],
        [["M", 1, 1], ["M", 2, 2]],
        [["M", 1]],
        [["M", 1, 1], ["C", 1, 1, 1, 1, 1, 1]],
        [["M", 1e9, 1]],
        [["M", float("nan"), 1]],
        [["M", 1, 1], ["Q", 1e300, 0, 1, 1]],
    ],
)
def test_damaged_stroke_is_rejected(path: list[Any]) -> None:
    with pytest.raises(PictureError, match="arrived incomplete"):
        strokes_from_canvas([{"path": path, "strokeWidth": 20}])


def test_too_many_points_are_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canvas_strokes, "MAX_POINTS", 10)

    with pytest.raises(PictureError, match="too many strokes"):
        strokes_from_canvas([BENT_LINE] * 2)


@given(st.floats(2, 40), st.floats(0, 1), st.floats(0, 100))
def test_line_is_as_wide_as_its_brush(width: float, offset: float, length: float) -> None:
    patch = draw_stroke(line((50 + offset, 60), (50 + offset + length, 60), width=width))

    ink = patch.ink / 255
    assert ink.sum(axis=0).max() == pytest.approx(width, abs=1)
    assert ink.sum(axis=1).max() == pytest.approx(width + length, abs=1.5)


def test_patch_lies_where_the_stroke_is() -> None:
    patch = draw_stroke(line((100, 40), (100, 90)))

    rows, columns = np.nonzero(patch.ink > 127)
    assert rows.mean() + patch.box[0] == pytest.approx(65, abs=1)
    assert columns.mean() + patch.box[1] == pytest.approx(100, abs=1)


@given(st.lists(st.tuples(*[st.integers(-40, 60)] * 4), min_size=1, max_size=4), st.randoms())
def test_joined_ink_contains_all_strokes(lines: list[tuple[int, int, int, int]], random: Any) -> None:
    patches = [draw_stroke(line(ends[:2], ends[2:])) for ends in lines]
    joined = join_patches(patches)

    random.shuffle(patches)
    reordered = join_patches(patches)

    assert reordered.box == joined.box
    assert np.array_equal(reordered.ink, joined.ink)
    for patch in patches:
        assert (within(joined, patch) >= patch.ink).all()


def within(joined: InkPatch, patch: InkPatch) -> np.ndarray:
    """Return the joined ink in the box of one patch."""
    top, left = joined.box[:2]
    return joined.ink[patch.box[0] - top : patch.box[2] - top, patch.box[1] - left : patch.box[3] - left]
