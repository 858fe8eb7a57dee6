"""On paper of uniform brightness, all ink is found, exactly as drawn if there is no noise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from core.ink.drawing import Pixels
from core.ink.even import ink_on_even_paper
from tests.support.papers import photo

SIDE = 100
NOISE = pytest.mark.parametrize("noise", [0, 2], ids=["drawn", "noisy"])


def paper(*parts: tuple[int, int, int, int, int], level: int = 200) -> np.ndarray:
    """Return paper of uniform brightness with rectangles (top, left, bottom, right, brightness)."""
    grey = np.full((SIDE, SIDE), float(level))
    for top, left, bottom, right, brightness in parts:
        grey[top:bottom, left:right] = brightness
    return grey


def canvas(points: list[tuple[int, int]], width: int) -> Pixels:
    """Draw a stroke with soft edges, white on black."""
    large = Image.new("L", (4 * SIDE, 4 * SIDE))
    ImageDraw.Draw(large).line([(4 * x, 4 * y) for x, y in points], fill=255, width=4 * width, joint="curve")
    return np.asarray(large.reduce(4))


STROKE = (30, 40, 70, 52, 50)


@given(st.lists(st.tuples(st.integers(15, 85), st.integers(15, 85)), min_size=2, max_size=6), st.integers(8, 14))
def test_drawing_sent_as_a_picture_has_the_same_ink(points: list[tuple[int, int]], width: int) -> None:
    ink = canvas([(50, 20), *points], width)
    # A dot may be mostly soft edges, like a blurred picture.
    assume(np.ptp([(50, 20), *points], axis=0).max() >= 10)

    for picture in (ink, 255 - ink):
        found = ink_on_even_paper(picture)
        assert found is not None
        assert np.array_equal(found, ink)


@pytest.mark.parametrize("points", [[(50, 10), (50, 90)], [(0, 20), (80, 20), (40, 99)]], ids=["free", "edge to edge"])
@pytest.mark.parametrize(("background", "pen"), [(0, 255), (255, 0), (40, 200), (230, 90)])
def test_levels_of_drawn_ink_are_kept(points: list[tuple[int, int]], background: int, pen: int) -> None:
    ink = canvas(points, 10)
    picture = np.round(background + (pen - background) * (ink / 255)).astype(np.uint8)

    found = ink_on_even_paper(picture)

    assert found is not None
    assert np.abs(found.astype(int) - ink).max() <= 255 / abs(pen - background)


@NOISE
@pytest.mark.parametrize(("pen", "level"), [(50, 200), (200, 50)], ids=["dark on light", "light on dark"])
def test_ink_is_found_on_light_and_dark_paper(noise: float, pen: int, level: int) -> None:
    found = ink_on_even_paper(photo(paper((30, 40, 70, 52, pen), level=level), noise))

    assert found is not None
    expected = paper((30, 40, 70, 52, 255), level=0)
    assert np.abs(found - expected).mean() < 3


@NOISE
@pytest.mark.parametrize(("length", "is_even"), [(20, True), (27, True), (38, False), (48, False)])
def test_most_of_the_rim_must_be_paper(noise: float, length: int, is_even: bool) -> None:
    # The bars cover `length` of the 100 pixels on each side of the picture.
    bars = [(0, 0, length, 8, 50), (100 - length, 92, 100, 100, 50), (0, 40, 8, 40 + length, 50)]
    fraction = (4 * length) / 396

    found = ink_on_even_paper(photo(paper(*bars), noise))

    assert (found is not None) == is_even, fraction


@pytest.mark.parametrize(("light", "is_even"), [(222, True), (238, False)])
def test_paper_beside_a_much_lighter_patch_is_not_even(light: int, is_even: bool) -> None:
    found = ink_on_even_paper(photo(paper(STROKE, (5, 5, 30, 30, light)), 1))

    assert (found is not None) == is_even


@NOISE
@pytest.mark.parametrize(("width", "is_even"), [(5, True), (20, False)])
def test_paper_with_more_shade_than_ink_is_not_even(noise: float, width: int, is_even: bool) -> None:
    found = ink_on_even_paper(photo(paper(STROKE, (30, 70, 70, 70 + width, 125)), noise))

    assert (found is not None) == is_even


def test_drawn_ink_has_levels_between_paper_and_pen() -> None:
    two_tones = paper(STROKE, (30, 60, 70, 64, 110))

    found = ink_on_even_paper(two_tones.astype(np.uint8))

    assert found is not None
    assert found[50, 62] == 153


@pytest.mark.parametrize(("haze", "is_ink"), [(1, True), (4, False)])
def test_faint_compression_artefacts_are_not_ink(haze: int, is_ink: bool) -> None:
    marks = [(30, 38, 70, 40, 125), (30, 60, 70, 60 + haze, 190)]

    found = ink_on_even_paper(paper(STROKE, *marks).astype(np.uint8))

    assert found is not None
    assert (found[50, 60] > 0) == is_ink


@NOISE
@pytest.mark.parametrize("level", [200, 20])
def test_blank_paper_has_no_ink(noise: float, level: int) -> None:
    assert ink_on_even_paper(photo(paper(level=level), noise)) is None


@pytest.mark.parametrize(("pen", "level"), [(185, 200), (34, 20)])
def test_paper_with_only_faint_marks_has_no_ink(pen: int, level: int) -> None:
    assert ink_on_even_paper(paper((30, 40, 70, 52, pen), level=level).astype(np.uint8)) is None


@pytest.mark.parametrize("side", [28, 64])
def test_small_picture_keeps_its_grey_levels(side: int) -> None:
    ink = np.asarray(Image.fromarray(canvas([(50, 10), (50, 90)], 18)).resize((side, side)))

    found = ink_on_even_paper(photo(255.0 - ink, 0.4))

    assert found is not None
    assert np.abs(found.astype(int) - ink).max() <= 8
