"""Conversion of ink to the 28x28 image, on synthetic digits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image, ImageDraw

from core.data.datasets import Dataset
from core.ink.drawing import (
    ALL_STEPS,
    BOX_SIZE,
    Drawing,
    Pixels,
    Steps,
    bounding_box,
    ink_from_canvas,
    prepare,
)
from tests.support.drawn_digits import CANVAS, FIVE, ONE, OPEN_EIGHT, SEVEN, drawn


def image_of(ink: Pixels) -> Pixels:
    image = prepare(ink).image
    assert image is not None
    return image


def difference(first: Pixels, second: Pixels) -> float:
    """Return the mean difference divided by the mean ink; 0 for images that differ only by a shift of one pixel."""
    shifts = [(rows, columns) for rows in (-1, 0, 1) for columns in (-1, 0, 1)]
    smallest = min(np.abs(np.roll(first, shift, axis=(0, 1)).astype(int) - second).sum() for shift in shifts)
    return float(smallest / min(first.sum(dtype=int), second.sum(dtype=int)))


def centre_of_mass(image: Pixels) -> tuple[float, float]:
    rows, columns = np.indices(image.shape)
    return float((rows * image).sum() / image.sum()), float((columns * image).sum() / image.sum())


def mean_stroke_width(image: Pixels) -> float:
    mask = np.pad(image > 127, 1)
    steps = np.count_nonzero(mask[1:] != mask[:-1]) + np.count_nonzero(mask[:, 1:] != mask[:, :-1])
    return 8 / np.pi * np.count_nonzero(mask) / steps


@given(left=st.integers(10, 160), top=st.integers(10, 120))
def test_image_does_not_depend_on_the_position_on_the_canvas(left: int, top: int) -> None:
    moved_image = image_of(drawn(FIVE, left=left, top=top))

    assert difference(moved_image, image_of(drawn(FIVE))) < 0.02


@given(height=st.floats(50, 250), margin=st.integers(12, 18))
def test_image_hardly_depends_on_the_size_of_the_drawing(height: float, margin: int) -> None:
    resized_image = image_of(drawn(SEVEN, height=height, left=margin, top=margin, brush=height / 8))

    assert difference(resized_image, image_of(drawn(SEVEN, brush=140 / 8))) < 0.25


@given(strokes=st.sampled_from([SEVEN, FIVE, OPEN_EIGHT, ONE]), height=st.floats(20, 250), brush=st.floats(2, 30))
def test_image_is_centred_and_its_longest_side_is_20(
    strokes: list[list[tuple[float, float]]], height: float, brush: float
) -> None:
    drawing = prepare(drawn(strokes, height=height, left=15, top=15, brush=brush))

    assert drawing.image is not None
    assert drawing.scaled is not None
    assert centre_of_mass(drawing.image) == pytest.approx((14, 14), abs=0.51)
    assert max(drawing.scaled.shape) == BOX_SIZE
    assert drawing.image.sum(dtype=int) == drawing.scaled.sum(dtype=int), "nothing is clipped"
    assert drawing.image.max() == 255


@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=90)))
def test_any_ink_gives_an_image_or_is_blank(ink: Pixels) -> None:
    drawing = prepare(ink)

    assert drawing.blank == (ink.max() <= 4)
    if drawing.image is not None:
        assert drawing.image.shape == (28, 28)
        assert drawing.image.dtype == np.uint8
        assert drawing.image.any()


def test_two_faint_pixels_far_apart_still_give_an_image() -> None:
    ink = np.zeros((3000, 3000), np.uint8)
    ink[5, 7] = ink[2990, 2900] = 6

    assert image_of(ink).max() == 255


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (280, 280)])
def test_filled_canvas_gives_an_image(size: tuple[int, int]) -> None:
    assert image_of(np.full(size, 255, np.uint8)).any()


def test_image_in_the_layout_of_mnist_is_returned_unchanged() -> None:
    image = image_of(drawn(FIVE))

    np.testing.assert_array_equal(image_of(image), image)


@given(
    strokes=st.sampled_from([SEVEN, FIVE, OPEN_EIGHT, ONE]),
    height=st.floats(16, 250),
    brush=st.floats(2, 40),
    position=st.tuples(st.integers(-30, 200), st.integers(-30, 200)),
    dot=st.none() | st.tuples(st.integers(0, 279), st.integers(0, 279)),
)
def test_preparing_an_image_again_changes_nothing(
    strokes: list[list[tuple[float, float]]],
    height: float,
    brush: float,
    position: tuple[int, int],
    dot: tuple[int, int] | None,
) -> None:
    ink = drawn(strokes, height=height, left=position[0], top=position[1], brush=brush).copy()
    if dot is not None:
        ink[dot[0] : dot[0] + 5, dot[1] : dot[1] + 5] = 255
    image = prepare(ink).image
    assume(image is not None)

    np.testing.assert_array_equal(image_of(image_of(ink)), image)


def test_mnist_images_are_hardly_changed(mnist: Dataset) -> None:
    images = mnist.validation.images[:1000]

    prepared = np.stack([image_of(image) for image in images])

    assert np.mean([np.array_equal(*pair) for pair in zip(prepared, images, strict=True)]) > 0.9
    prepared_twice = np.stack([image_of(image) for image in prepared])
    assert np.mean([np.array_equal(*pair) for pair in zip(prepared, prepared_twice, strict=True)]) > 0.995


@pytest.mark.parametrize("brush", [3, 8, 16, 30])
def test_every_brush_gives_strokes_as_wide_as_in_mnist(brush: float) -> None:
    image = image_of(drawn(SEVEN, height=200, left=40, top=40, brush=brush))

    assert 1.6 < mean_stroke_width(image) < 3.6


def test_stages_of_the_drawing_are_consistent() -> None:
    ink = drawn(SEVEN, left=31, top=17)

    drawing = prepare(ink)

    assert drawing.box is not None
    top, left, bottom, right = drawing.box
    np.testing.assert_array_equal(drawing.crop, ink[top:bottom, left:right])
    np.testing.assert_array_equal(drawing.ink, ink)
    assert not ink[:top].any()
    assert not ink[:, right:].any()


@pytest.mark.parametrize("position", [(10, 10), (270, 20), (265, 265), (20, 140)])
@pytest.mark.parametrize("radius", [2, 8])
def test_stray_dot_changes_nothing(position: tuple[int, int], radius: int) -> None:
    ink = drawn(SEVEN)
    dotted = Image.fromarray(ink)
    x, y = position
    ImageDraw.Draw(dotted).ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)

    np.testing.assert_array_equal(image_of(np.asarray(dotted)), image_of(ink))


@pytest.mark.parametrize("digit", [FIVE, OPEN_EIGHT], ids=["broken 5", "open 8"])
@pytest.mark.parametrize("brush", [6, 16, 20])
def test_all_components_of_a_broken_digit_are_kept(digit: list[list[tuple[float, float]]], brush: float) -> None:
    ink = drawn(digit, height=180, left=40, top=40, brush=brush)

    crop = prepare(ink).crop

    assert crop is not None
    assert crop.sum(dtype=int) == ink.sum(dtype=int)


def test_digit_cut_off_by_the_edge_keeps_the_rest_of_its_ink() -> None:
    drawing = prepare(drawn(SEVEN, left=-20, top=-4))

    assert drawing.box is not None
    assert drawing.box[:2] == (0, 0)
    assert not drawing.blank


def test_tiny_digit_in_a_corner_is_scaled_up() -> None:
    tiny = image_of(drawn(SEVEN, height=24, left=4, top=4, brush=3))

    assert difference(tiny, image_of(drawn(SEVEN, height=192, left=40, top=40, brush=24))) < 0.3


def test_empty_canvas_is_blank() -> None:
    drawing = prepare(np.zeros((280, 280), np.uint8))

    assert drawing.blank
    assert (drawing.image, drawing.scaled, drawing.crop, drawing.box) == (None, None, None, None)


def test_white_strokes_on_black_are_ink() -> None:
    ink = drawn(SEVEN)
    canvas = np.dstack([ink, ink, ink, np.full_like(ink, 255)])

    np.testing.assert_array_equal(ink_from_canvas(canvas), ink)


@pytest.mark.parametrize("colour", [0, 255])
def test_strokes_of_any_colour_on_transparency_are_ink(colour: int) -> None:
    ink = drawn(SEVEN)
    canvas = np.dstack([np.full_like(ink, colour)] * 3 + [ink])

    np.testing.assert_array_equal(ink_from_canvas(canvas), ink)


def with_steps(ink: Pixels, **steps: bool) -> Drawing:
    drawing = prepare(ink, replace(ALL_STEPS, **steps))
    assert drawing.image is not None
    return drawing


def test_uncentred_digit_stays_in_its_corner() -> None:
    ink = drawn(SEVEN, height=80, left=10, top=10)

    drawing = with_steps(ink, centre=False)

    assert drawing.image is not None
    assert drawing.scaled is not None
    assert bounding_box(drawing.image) == (0, 0, *drawing.scaled.shape)


def test_unscaled_digit_keeps_its_relative_size() -> None:
    ink = drawn(SEVEN, height=124, brush=16)

    scaled = with_steps(ink, scale=False).scaled

    assert scaled is not None
    assert max(scaled.shape) == round(28 * (124 + 16) / CANVAS)


def test_uncropped_drawing_keeps_its_strays_and_margin() -> None:
    ink = drawn(SEVEN)
    ink = np.where(drawn([[(0, 0), (0, 0.01)]], left=20, top=20, brush=8), np.uint8(255), ink)

    drawing = with_steps(ink, crop=False)

    assert drawing.box == (0, 0, CANVAS, CANVAS)
    assert drawing.scaled is not None
    assert drawing.scaled.shape == (BOX_SIZE, BOX_SIZE)
    assert drawing.scaled[:4, :4].any()


def test_without_the_stroke_step_a_thin_line_stays_thin() -> None:
    ink = drawn(ONE, height=200, brush=6)

    thin_image = with_steps(ink, stroke_width=False).image

    assert thin_image is not None
    assert thin_image.sum(dtype=int) < 0.6 * image_of(ink).sum(dtype=int)


@given(
    arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=60)),
    st.builds(Steps, st.booleans(), st.booleans(), st.booleans(), st.booleans()),
)
def test_any_ink_can_be_prepared_with_any_steps(ink: Pixels, steps: Steps) -> None:
    drawing = prepare(ink, steps)

    assert drawing.image is None or (drawing.image.shape == (28, 28) and drawing.image.any())
