"""Digits on forms and pages: lines around them, and print elsewhere, are removed; parts of digits are kept."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from core.ink.drawing import Pixels, bounding_box
from core.ink.photo import ink_from_array, ink_from_picture
from core.ink.ruled_lines import without_base_line, without_thin_lines
from core.ink.surroundings import without_far_marks, without_form_lines
from tests.support.papers import SIZE, assert_shows_the_five, encoded, five, on_paper, photo

Draw = Callable[[ImageDraw.ImageDraw], object]

TOP, LEFT, BOTTOM, RIGHT = bounding_box(five()) or (0, 0, 0, 0)
BOX = LEFT - 50, TOP - 40, RIGHT + 50, BOTTOM + 40


def printed(draw: Draw) -> Pixels:
    plate = Image.new("L", SIZE[::-1])
    draw(ImageDraw.Draw(plate))
    return np.asarray(plate)


def row_of_boxes(pen: ImageDraw.ImageDraw) -> None:
    width = BOX[2] - BOX[0]
    for cell in range(-4, 5):
        pen.rectangle((BOX[0] + cell * width, BOX[1], BOX[2] + cell * width, BOX[3]), outline=255, width=3)


def comb(pen: ImageDraw.ImageDraw) -> None:
    pen.line([(BOX[0], 300), (BOX[0], BOX[3]), (BOX[2], BOX[3]), (BOX[2], 300)], 255, 5)


def corner_marks(pen: ImageDraw.ImageDraw) -> None:
    for x, along in ((BOX[0], 50), (BOX[2], -50)):
        for y, down in ((BOX[1], 50), (BOX[3], -50)):
            pen.line([(x + along, y), (x, y), (x, y + down)], 255, 4)


FORMS: dict[str, Draw] = {
    "box": lambda pen: pen.rectangle(BOX, outline=255, width=6),
    "row of boxes": row_of_boxes,
    "comb": comb,
    "corner marks": corner_marks,
    "base line": lambda pen: pen.line([(BOX[0], BOX[3]), (BOX[2], BOX[3])], 255, 4),
    "slanted underline": lambda pen: pen.line([(LEFT, BOX[3]), (RIGHT, BOX[3] + 8)], 255, 12),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("light", [1.0, np.linspace(1, 0.6, SIZE[1])], ids=["even light", "uneven light"])
@pytest.mark.parametrize("degrees", [0, 4])
def test_lines_of_a_form_are_not_ink(form: str, light: float | np.ndarray, degrees: float) -> None:
    ink = np.maximum(five(), printed(FORMS[form]))
    turned = np.asarray(Image.fromarray(ink).rotate(degrees, Image.Resampling.BILINEAR))
    digit = np.asarray(Image.fromarray(five()).rotate(degrees, Image.Resampling.BILINEAR))

    found = ink_from_picture(encoded(photo(on_paper(turned) * light), "JPEG"))

    assert_shows_the_five(found, digit)


def test_form_on_a_table_is_read() -> None:
    sheet = Image.fromarray(photo(on_paper(np.maximum(five(), printed(row_of_boxes)))))
    table = Image.new("L", (900, 700), 60)
    table.paste(sheet, (130, 110))

    assert_shows_the_five(ink_from_array(np.asarray(table)))


def test_lines_between_boxes_in_a_frame_are_not_ones() -> None:
    offset = 260
    digits = np.maximum(np.roll(five(), -offset, axis=1), five())
    middle = (LEFT + RIGHT - offset) // 2
    boxes = printed(
        lambda pen: [
            pen.rectangle(box, outline=255, width=3)
            for box in ((LEFT - offset - 25, 40, middle, 440), (middle, 40, RIGHT + 25, 440))
        ]
    )

    first, *_ = ink_from_array(photo(on_paper(np.maximum(digits, boxes)))).candidates

    assert_shows_the_five(first, digits)


@given(margins=st.tuples(*[st.integers(12, 60)] * 4), width=st.integers(2, 10), pen=st.integers(0, 120))
def test_any_box_around_a_digit_is_removed(margins: tuple[int, int, int, int], width: int, pen: int) -> None:
    left, top, right, bottom = np.array((LEFT, TOP, RIGHT, BOTTOM)) + np.array(margins) * (-1, -1, 1, 1)
    assume(left > width and top > width and right < SIZE[1] - width and bottom < SIZE[0] - width)
    box = printed(
        lambda plate: plate.rectangle((left - width, top - width, right + width, bottom + width), None, 255, width)
    )

    found = ink_from_array(np.minimum(on_paper(five()), on_paper(box, pen=pen)).astype(np.uint8))

    assert_shows_the_five(found)


def test_bar_of_a_five_is_kept() -> None:
    bar = printed(lambda pen: pen.line([(LEFT + 20, TOP - 20), (RIGHT + 20, TOP - 20)], 255, 24))

    assert without_form_lines(np.maximum(five(), bar)) is None


@pytest.mark.parametrize(
    "draw",
    [
        lambda pen: pen.line([(300, 100), (300, 400)], 255, 20),
        lambda pen: [pen.line([(x, 100), (x, 400)], 255, 20) for x in (200, 300)],
        lambda pen: pen.rectangle((100, 100, 400, 400), outline=255, width=5),
    ],
    ids=["a one", "eleven", "an empty box"],
)
def test_lines_without_a_digit_are_kept(draw: Draw) -> None:
    assert without_form_lines(printed(draw)) is None


@pytest.mark.parametrize("width", [8, 24])
def test_open_four_of_a_corner_and_a_line_is_kept(width: int) -> None:
    four = printed(
        lambda pen: (
            pen.line([(220, 80), (210, 300), (430, 300)], 255, width),
            pen.line([(340, 100), (340, 290 - width)], 255, width),
        )
    )

    found = ink_from_array(four)

    for ink in (*found.candidates, *found.late_candidates()):
        np.testing.assert_array_equal(ink, four)


def test_bold_comb_is_removed_by_a_late_candidate() -> None:
    bold_comb = printed(
        lambda pen: pen.line([(BOX[0], 300), (BOX[0], BOX[3]), (BOX[2], BOX[3]), (BOX[2], 300)], 255, 24)
    )

    found = ink_from_array(np.maximum(five(), bold_comb))

    assert any(np.array_equal(ink, five()) for ink in found.late_candidates())


def test_one_in_a_box_is_kept() -> None:
    one = printed(lambda pen: pen.line([(300, 150), (300, 350)], 255, 20))
    box = printed(lambda pen: pen.rectangle((200, 100, 400, 400), outline=255, width=5))

    found = without_form_lines(np.maximum(one, box))

    assert found is not None
    np.testing.assert_array_equal(found, one)


def test_small_print_far_from_the_digit_is_a_late_candidate() -> None:
    toolbar = printed(lambda pen: [pen.ellipse((x, 5, x + 20, 25), fill=255) for x in range(10, 150, 30)])

    found = ink_from_array(np.maximum(five(), toolbar))

    assert any(np.array_equal(ink, five()) for ink in found.late_candidates())


@pytest.mark.parametrize(("gap", "kept"), [(20, True), (200, False)])
@pytest.mark.parametrize(("size", "small"), [(60, True), (200, False)])
def test_only_small_and_far_marks_are_removed(gap: int, kept: bool, size: int, small: bool) -> None:
    mark = printed(lambda pen: pen.rectangle((LEFT - gap - 10, TOP, LEFT - gap, TOP + size), fill=255))
    ink = np.maximum(five(), mark)

    found = without_far_marks(ink)

    if kept or not small:
        assert found is None
    else:
        assert found is not None
        np.testing.assert_array_equal(found, five())


@pytest.mark.parametrize("side", range(4))
def test_thin_box_that_touches_a_digit_is_a_late_candidate(side: int) -> None:
    box = list(BOX)
    box[side] = (LEFT + 10, TOP + 10, RIGHT - 10, BOTTOM - 10)[side]
    ink = np.maximum(five(), printed(lambda pen: pen.rectangle(tuple(box), outline=255, width=6)))

    *_, found = ink_from_array(photo(on_paper(ink))).late_candidates()

    assert_shows_the_five(found)


@pytest.mark.parametrize("degrees", [0, 3])
@pytest.mark.parametrize("row", [BOTTOM - 8, TOP + 10], ids=["below", "through the top"])
def test_digit_that_touches_a_wide_thin_line_is_read_without_it(degrees: float, row: int) -> None:
    line = printed(lambda pen: pen.line([(LEFT - 90, row), (RIGHT + 60, row)], 255, 5))
    ink = np.asarray(Image.fromarray(np.maximum(five(), line)).rotate(degrees, Image.Resampling.BILINEAR))

    found = ink_from_array(photo(on_paper(ink)))

    assert_shows_the_five(found, np.asarray(Image.fromarray(five()).rotate(degrees, Image.Resampling.BILINEAR)))


@pytest.mark.parametrize(
    "draw",
    [
        lambda pen: pen.line([(200, 100), (400, 100), (300, 100), (300, 400)], 255, 20),
        lambda pen: (pen.line([(200, 100), (400, 100)], 255, 8), pen.line([(390, 100), (300, 400)], 255, 20)),
        lambda pen: (pen.line([(0, 300), (640, 300)], 255, 5), pen.line([(300, 100), (300, 310)], 255, 20)),
        lambda pen: pen.line([(200, 300), (400, 300)], 255, 5),
    ],
    ids=["as wide as the writing", "flush with a stroke", "edge to edge", "alone"],
)
def test_other_lines_are_not_base_lines(draw: Draw) -> None:
    assert without_base_line(printed(draw)) is None


@pytest.mark.parametrize(
    "draw",
    [
        lambda pen: pen.line([(200, 100), (400, 100), (300, 100), (300, 400)], 255, 20),
        lambda pen: pen.line([(250, 400), (300, 100), (380, 400)], 255, 10),
        lambda pen: pen.ellipse((200, 100, 400, 400), outline=255, width=10),
    ],
    ids=["T of one pen", "slanted strokes", "round strokes"],
)
def test_strokes_of_one_pen_are_not_thin_lines(draw: Draw) -> None:
    assert without_thin_lines(printed(draw)) is None
