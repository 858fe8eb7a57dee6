"""Synthetic photos of digits on paper in any light and on any table: the ink is found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw, ImageFilter
from skimage.filters import threshold_otsu

from core.ink.drawing import prepare
from core.ink.photo import ink_from_array, ink_from_picture
from core.ink.sheet import find_sheet, otsu_threshold
from tests.support.papers import SIZE, assert_shows_the_five, encoded, five, on_paper, photo


@pytest.mark.parametrize("paper", [(250, 250, 245), (240, 225, 120), (150, 150, 150), (200, 70, 60)])
def test_paper_of_any_colour_is_paper(paper: tuple[int, int, int]) -> None:
    ink = five()
    channels = [photo(on_paper(ink, paper=level)) for level in paper]

    assert_shows_the_five(ink_from_picture(encoded(np.dstack(channels), "JPEG", quality=60)))


@pytest.mark.parametrize("pen", [(40, 60, 160), (200, 30, 40), (150, 150, 150)], ids=["blue", "red", "pencil"])
def test_pen_of_any_colour_is_ink(pen: tuple[int, int, int]) -> None:
    ink = five()

    assert_shows_the_five(ink_from_array(np.dstack([photo(on_paper(ink, pen=level)) for level in pen])))


@pytest.mark.parametrize(
    ("pen", "paper"),
    [
        ((240, 130, 20), (190, 150, 105)),
        ((140, 220, 60), (150, 205, 240)),
        ((200, 30, 40), (40, 85, 65)),
        ((255, 255, 0), (255, 255, 255)),
    ],
    ids=["orange on brown", "green on blue", "red on a board", "yellow on white"],
)
@pytest.mark.parametrize("channels", [3, 4], ids=["opaque", "with an alpha channel"])
@pytest.mark.parametrize("noise", [0, 3])
def test_pen_as_bright_as_its_paper_is_ink(
    pen: tuple[int, int, int], paper: tuple[int, int, int], channels: int, noise: float
) -> None:
    ink = five()
    colours = [photo(on_paper(ink, *levels), noise) for levels in zip(paper, pen, strict=True)]

    assert_shows_the_five(ink_from_array(np.dstack([*colours, np.full(SIZE, 255, np.uint8)][:channels])))


def test_tint_of_the_light_is_not_ink() -> None:
    daylight = np.linspace(0.85, 1, SIZE[1])
    blank = np.dstack([photo(np.full(SIZE, 240) * tint, noise=3) for tint in (daylight, 0.95, daylight[::-1])])

    assert ink_from_array(blank).blank


@pytest.mark.parametrize(("board", "chalk"), [(60, 220), (110, 130)], ids=["fresh", "faded"])
def test_chalk_on_a_board_is_ink(board: float, chalk: float) -> None:
    assert_shows_the_five(ink_from_array(photo(on_paper(five(), board, chalk))))


@pytest.mark.parametrize("turns", range(4))
def test_gradient_of_light_is_not_ink(turns: int) -> None:
    light = np.rot90(np.linspace(0.3, 1, max(SIZE))[: SIZE[turns % 2 == 0]] * np.ones((SIZE[turns % 2], 1)), turns)

    assert_shows_the_five(ink_from_array(photo(on_paper(five()) * light)))


@pytest.mark.parametrize("softness", [1, 20])
def test_shadow_is_not_ink(softness: float) -> None:
    shadow = Image.new("L", SIZE[::-1], 255)
    ImageDraw.Draw(shadow).polygon([(300, 0), (420, 480), (640, 480), (640, 0)], fill=115)
    light = np.asarray(shadow.filter(ImageFilter.GaussianBlur(softness))) / 255

    assert_shows_the_five(ink_from_array(photo(on_paper(five()) * light)))


def test_dark_corners_are_not_ink() -> None:
    rows, columns = np.mgrid[-1 : 1 : SIZE[0] * 1j, -1 : 1 : SIZE[1] * 1j]

    assert_shows_the_five(ink_from_array(photo(on_paper(five()) * (1 - 0.3 * (rows**2 + columns**2)))))


@pytest.mark.parametrize("slope", [0, 0.05])
@pytest.mark.parametrize("level", [190, 75], ids=["light", "dark"])
@pytest.mark.parametrize("squared", [False, True])
def test_ruled_lines_are_not_ink(slope: float, level: int, squared: bool) -> None:
    rows, columns = np.indices(SIZE)
    ruled = (rows + slope * columns) % 40 < 2
    if squared:
        ruled |= (columns - slope * rows) % 40 < 2
    brightness = np.minimum(on_paper(five()), np.where(ruled, level, 255))

    assert_shows_the_five(ink_from_array(photo(brightness)))


@pytest.mark.parametrize("quality", [20, 60, 95])
def test_compression_artefacts_are_not_ink(quality: int) -> None:
    assert_shows_the_five(ink_from_picture(encoded(photo(on_paper(five())), "JPEG", quality=quality)))


@pytest.mark.parametrize("noise", [10, 25])
def test_noise_is_not_ink(noise: float) -> None:
    assert_shows_the_five(ink_from_array(photo(on_paper(five()), noise)))


def test_faint_pencil_in_noise_is_ink() -> None:
    assert_shows_the_five(ink_from_array(photo(on_paper(five(), pen=200), noise=18)))


def test_blurred_picture_is_read() -> None:
    blurred = Image.fromarray(photo(on_paper(five()))).filter(ImageFilter.GaussianBlur(5))

    assert_shows_the_five(ink_from_array(np.asarray(blurred)))


def test_photo_of_six_million_pixels_is_read() -> None:
    ink = five((2000, 3000))

    assert_shows_the_five(ink_from_picture(encoded(photo(on_paper(ink)), "JPEG")), ink)


def test_digit_that_fills_the_picture_is_read() -> None:
    box = prepare(five()).box
    assert box is not None
    top, left, bottom, right = box
    ink = five()[top:bottom, left:right]

    assert_shows_the_five(ink_from_array(photo(on_paper(ink))), ink)


def on_table(sheet: np.ndarray, table: float, degrees: float = 0, position: tuple[int, int] = (70, 60)) -> np.ndarray:
    """Return a sheet at 70% of its size on a table; at a negative position, the picture's edge cuts it off."""
    small = Image.fromarray(sheet.astype(np.float32)).resize((448, 336), Image.Resampling.BILINEAR)
    small = small.rotate(degrees, Image.Resampling.BILINEAR, True, fillcolor=-1)
    picture = Image.new("F", SIZE[::-1], table)
    picture.paste(small, position, Image.fromarray((np.asarray(small) >= 0).astype(np.uint8) * 255))
    return np.asarray(picture)


@pytest.mark.parametrize("table", [20, 110, 175])
@pytest.mark.parametrize("degrees", [0, -4])
@pytest.mark.parametrize("position", [(90, 70), (-40, -20), (170, 130)])
def test_table_around_the_sheet_is_not_ink(table: float, degrees: float, position: tuple[int, int]) -> None:
    picture = on_table(on_paper(five()), table, degrees, position)

    expected = np.asarray(Image.fromarray(five()).rotate(degrees, Image.Resampling.BILINEAR, True))
    assert_shows_the_five(ink_from_array(photo(picture)), expected)


def test_ruled_sheet_on_a_table_is_read() -> None:
    ruled = np.where(np.indices(SIZE)[0] % 40 < 3, 150.0, 255.0)

    assert_shows_the_five(ink_from_array(photo(on_table(np.minimum(on_paper(five()), ruled), 50))))


def test_blank_sheet_on_a_table_has_no_dark_pixels() -> None:
    sheet = find_sheet(on_table(on_paper(np.zeros(SIZE, np.uint8)), 50).astype(np.float32))

    assert sheet is not None
    assert sheet.grey.min() > 200


@pytest.mark.parametrize("column", [150, 430, 520])
def test_digit_in_or_across_a_hard_shadow_is_complete(column: int) -> None:
    light = np.where(np.indices(SIZE)[1] < column, 0.45, 1.0)

    assert_shows_the_five(ink_from_array(photo(on_paper(five()) * light)))


@pytest.mark.parametrize("row", [160, 270, 390])
@pytest.mark.parametrize("top_is_lit", [False, True], ids=["shadow above", "shadow below"])
def test_digit_that_extends_out_of_a_hard_shadow_is_complete(row: int, top_is_lit: bool) -> None:
    light = np.where((np.indices(SIZE)[0] < row) == top_is_lit, 1.0, 0.45)

    assert_shows_the_five(ink_from_array(photo(on_paper(five()) * light)))


@pytest.mark.parametrize(("level", "radius"), [(40, 30), (200, 20)], ids=["dark", "light"])
def test_coin_beside_the_sheet_is_not_ink(level: float, radius: float) -> None:
    rows, columns = np.indices(SIZE)
    coin = np.hypot(rows - 240, columns - 570) < radius

    assert_shows_the_five(ink_from_array(photo(np.where(coin, level, on_table(on_paper(five()), 110, 0, (20, 70))))))


@pytest.mark.parametrize("corner", [(0, 0), (0, 480), (640, 480)])
def test_thumb_in_a_corner_is_not_ink(corner: tuple[int, int]) -> None:
    x, y = corner
    picture = Image.fromarray(on_paper(five()))
    ImageDraw.Draw(picture).ellipse((x - 100, y - 90, x + 100, y + 90), fill=110)

    assert_shows_the_five(ink_from_array(photo(np.asarray(picture))))


@pytest.mark.parametrize("width", [60, 200])
def test_strokes_as_wide_as_a_third_of_the_picture_are_filled(width: int) -> None:
    rows, columns = np.indices(SIZE)
    ink = np.where((np.abs(rows - 240) < 180) & (np.abs(columns - 320) < width / 2), np.uint8(255), np.uint8(0))

    assert_shows_the_five(ink_from_array(photo(on_paper(ink))), ink)


def test_wide_band_of_shadow_is_not_ink() -> None:
    columns = np.indices(SIZE)[1]

    assert_shows_the_five(ink_from_array(photo(on_paper(five()) * np.where(np.abs(columns - 250) < 150, 0.6, 1.0))))


def test_dust_does_not_hide_a_digit_cut_off_by_the_edge() -> None:
    ink = five()[96:]
    dusty = ink.copy()
    dusty[200:206, 40:46] = 255
    assert ink[0].any()

    assert_shows_the_five(ink_from_array(photo(on_paper(dusty))), ink)


def bright_sheet(mask: np.ndarray, sheet: float = 220, table: float = 60) -> np.ndarray:
    return np.where(mask, np.float32(sheet), np.float32(table))


def rectangle(top: int, left: int, bottom: int, right: int) -> np.ndarray:
    rows, columns = np.indices(SIZE)
    return (rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)


def test_inside_of_a_sheet_excludes_its_blurred_outline() -> None:
    sheet = find_sheet(bright_sheet(rectangle(100, 160, 380, 480)))

    assert sheet is not None
    assert sheet.box == (110, 170, 370, 470)


@pytest.mark.parametrize(("side", "found"), [(150, False), (240, True)])
def test_sheet_covers_at_least_an_eighth_of_the_picture(side: int, found: bool) -> None:
    assert (find_sheet(bright_sheet(rectangle(100, 160, 100 + side, 160 + side))) is not None) == found


@pytest.mark.parametrize(("table", "found"), [(200, False), (180, True)])
def test_sheet_is_brighter_than_its_table(table: float, found: bool) -> None:
    assert (find_sheet(bright_sheet(rectangle(100, 160, 380, 480), 220, table)) is not None) == found


@pytest.mark.parametrize(("height", "found"), [(180, True), (300, False)])
def test_light_that_fades_along_half_its_edge_is_not_a_sheet(height: int, found: bool) -> None:
    rows, columns = np.indices(SIZE)
    fading = np.clip(220 - 0.45 * (np.abs(columns - 320) - 30), 60, 220)

    assert (find_sheet(np.where(np.abs(rows - 240) > height / 2, 60, fading).astype(np.float32)) is not None) == found


@pytest.mark.parametrize(("width", "bridged"), [(30, True), (60, False)])
def test_strokes_that_run_off_a_sheet_are_part_of_it(width: int, bridged: bool) -> None:
    stroke = rectangle(100, 300, 250, 300 + width)

    sheet = find_sheet(bright_sheet(rectangle(100, 160, 380, 480) & ~stroke))

    assert sheet is not None
    assert sheet.inside[200 - sheet.box[0], 300 + width // 2 - sheet.box[1]] == bridged


def test_blot_on_a_sheet_is_part_of_it() -> None:
    sheet = find_sheet(bright_sheet(rectangle(100, 160, 380, 480) & ~rectangle(180, 270, 300, 370)))

    assert sheet is not None
    assert sheet.inside.all()


def test_thin_object_that_touches_a_sheet_is_not_part_of_it() -> None:
    sheet = find_sheet(bright_sheet(rectangle(100, 160, 380, 480) | rectangle(230, 480, 245, 640)))

    assert sheet is not None
    assert sheet.box[3] < 500


def test_round_objects_are_not_sheets() -> None:
    rows, columns = np.indices(SIZE)

    assert find_sheet(bright_sheet(((rows - 240) / 200) ** 2 + ((columns - 320) / 140) ** 2 < 1)) is None


def test_objects_with_notches_are_not_sheets() -> None:
    assert find_sheet(bright_sheet(rectangle(100, 160, 380, 480) & ~rectangle(100, 240, 300, 400))) is None


def zero(brush: float) -> np.ndarray:
    """Draw a 0, white on black; `brush` is a fraction of the height."""
    rows, columns = np.indices(SIZE)
    radius = np.hypot((rows - 240) / 200, (columns - 320) / 140)
    return np.where((radius < 1) & (radius > 1 - brush * 480 / 200), np.uint8(255), np.uint8(0))


@pytest.mark.parametrize("margin", [0.02, 0.05, 0.1])
@pytest.mark.parametrize(("background", "pen"), [(240, 30), (20, 230)], ids=["dark on light", "light on dark"])
@pytest.mark.parametrize(
    "ink",
    [five(), five(brush=0.1), zero(0.04), zero(0.12), zero(0.22)],
    ids=["5", "bold 5", "0", "bold 0", "very bold 0"],
)
def test_closely_cropped_digit_is_read(ink: np.ndarray, background: float, pen: float, margin: float) -> None:
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    cropped = np.pad(ink, round(margin * max(ink.shape)))

    assert_shows_the_five(ink_from_array(photo(on_paper(cropped, background, pen))), cropped)


@pytest.mark.parametrize(("background", "pen"), [(240, 30), (5, 230)], ids=["dark on light", "light on dark"])
def test_bold_digit_that_touches_the_edges_is_read(background: float, pen: float) -> None:
    ink = zero(0.18)[41:440, 181:460]
    assert ink[0].any()
    assert ink[:, 0].any()

    assert_shows_the_five(ink_from_array(photo(on_paper(ink, background, pen))), ink)


@given(plane=arrays(np.float32, (9, 12), elements=st.integers(0, 255).map(float)))
def test_threshold_agrees_with_scikit_image(plane: np.ndarray) -> None:
    assert otsu_threshold(plane) == float(threshold_otsu(plane, nbins=64))
