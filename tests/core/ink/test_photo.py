"""Pictures of digits in any format: their ink comes out white on black; other files are rejected."""

from __future__ import annotations

import subprocess
import sys
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image, ImageDraw, ImageFilter

from core.errors import PictureError, PictureTooLarge
from core.ink import photo as photo_module
from core.ink.drawing import Pixels, prepare
from core.ink.photo import ink_from_array, ink_from_canvas_file, ink_from_picture
from core.ink.picture_file import MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS, WORKING_SIZE, decode_frames
from tests.support.papers import SIZE, assert_shows_the_five, encoded, five, on_paper, photo


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I;16", "I", "F"])
@pytest.mark.parametrize("inverted", [False, True], ids=["dark on light", "light on dark"])
def test_every_mode_is_read(mode: str, inverted: bool) -> None:
    grey = 255 - five() if inverted else five()
    if mode == "I;16":
        picture = Image.fromarray(grey.astype(np.uint16) * 257)
    elif mode == "F":
        picture = Image.fromarray((grey / 255).astype(np.float32))
    else:
        picture = Image.fromarray(grey).convert(mode)
    assert picture.mode == mode

    assert_shows_the_five(ink_from_picture(encoded(picture, "TIFF")))


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_sixteen_bits_with_empty_high_bits_are_read(bits: int) -> None:
    levels = (255 - five()).astype(np.uint16) << (bits - 8)

    assert_shows_the_five(ink_from_picture(encoded(Image.fromarray(levels))))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
def test_every_format_is_read(kind: str) -> None:
    assert_shows_the_five(ink_from_picture(encoded(255 - five(), kind)))


@pytest.mark.parametrize("pen", [0, 255])
def test_strokes_on_a_transparent_background_are_ink(pen: int) -> None:
    ink = five()
    picture = np.dstack([np.full_like(ink, pen)] * 3 + [ink])

    assert_shows_the_five(ink_from_picture(encoded(picture)))


def test_transparent_margin_is_not_ink() -> None:
    picture = np.dstack([255 - five()] * 3 + [np.full(SIZE, 255, np.uint8)])
    picture[:60, :, 3] = 0

    assert_shows_the_five(ink_from_picture(encoded(picture)))


def test_transparent_palette_is_read() -> None:
    picture = Image.fromarray(np.where(five() > 0, np.uint8(1), np.uint8(0)), "P")
    picture.putpalette([255, 255, 255, 0, 0, 0])

    assert_shows_the_five(ink_from_picture(encoded(picture, transparency=0)))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    transpositions = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    picture = Image.fromarray(255 - five())
    if orientation in transpositions:
        picture = picture.transpose(transpositions[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation

    assert_shows_the_five(ink_from_picture(encoded(picture, "JPEG", exif=exif)))


def test_small_copy_of_a_picture_keeps_its_colours() -> None:
    sheet = Image.new("RGB", (1000, 600), "yellow")
    sheet.paste("navy", (450, 100, 550, 500))

    picture = ink_from_picture(encoded(sheet)).picture

    assert picture is not None
    assert max(picture.shape[:2]) <= 480
    assert picture[0, 0].tolist() == [255, 255, 0]
    assert picture[picture.shape[0] // 2, picture.shape[1] // 2].tolist() == [0, 0, 128]


def test_mnist_image_is_almost_unchanged() -> None:
    image = prepare(five()).image
    assert image is not None

    result = prepare(ink_from_picture(encoded(image)).likeliest).image

    assert result is not None
    assert np.abs(result.astype(int) - image).max() <= 8


@pytest.mark.parametrize("level", [0, 20, 128, 240, 255])
@pytest.mark.parametrize("size", [(1, 1), (28, 28), SIZE])
def test_flat_picture_is_blank(level: int, size: tuple[int, int]) -> None:
    assert ink_from_picture(encoded(np.full(size, level, np.uint8))).blank


@pytest.mark.parametrize("noise", [2, 10, 40, 60])
@pytest.mark.parametrize("size", [(64, 64), SIZE])
def test_noise_alone_is_blank(noise: float, size: tuple[int, int]) -> None:
    assert ink_from_array(photo(np.full(size, 160.0), noise)).blank


def test_noise_in_a_deep_shadow_is_blank() -> None:
    light = np.where(np.indices(SIZE)[1] < 280, 0.1, 1.0)

    assert ink_from_array(photo(240 * light, noise=10)).blank


def test_empty_ruled_paper_in_a_shadow_is_blank() -> None:
    rows, columns = np.indices(SIZE)
    brightness = np.where(rows % 40 < 2, 150.0, 240.0) * np.where(columns > 300, 0.5, 1.0)

    assert ink_from_array(photo(brightness)).blank


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("edge", [0.3, 0.7])
@pytest.mark.parametrize("left_is_lit", [False, True], ids=["shadow at the left", "shadow at the right"])
def test_digit_on_ruled_paper_is_read_in_and_beside_a_shadow(squared: bool, edge: float, left_is_lit: bool) -> None:
    ink = five()
    rows, columns = np.indices(ink.shape)
    lines = (rows % 44 < 2) | (squared & (columns % 44 < 2))
    sheet = np.minimum(on_paper(ink), np.where(lines, 160.0, 240.0))
    shadow = np.where((columns + rows / 4 < edge * ink.shape[1]) == left_is_lit, 1.0, 0.5)

    assert_shows_the_five(ink_from_array(photo(sheet * shadow)))


def test_small_digit_in_uneven_light_and_a_hard_shadow_is_read() -> None:
    ink = np.zeros(SIZE, np.uint8)
    small = np.asarray(Image.fromarray(five()).reduce(5))
    ink[30 : 30 + small.shape[0], 30 : 30 + small.shape[1]] = small
    rows, columns = np.indices(ink.shape)
    light = (0.4 + 0.6 * columns / ink.shape[1]) * np.where(columns + rows < 0.8 * ink.shape[1], 1.0, 0.5)

    assert_shows_the_five(ink_from_array(photo(on_paper(ink) * light)))


def test_dust_alone_is_blank() -> None:
    dust = np.random.default_rng(1).random(SIZE) < 0.002
    dust |= np.roll(dust, 1, axis=0) | np.roll(dust, 1, axis=1)

    assert ink_from_array(photo(np.where(dust, 40.0, 240.0))).blank


@pytest.mark.parametrize(("background", "pen"), [(0, 255), (255, 0), (60, 160)])
def test_opaque_card_is_the_background_of_its_digit(background: int, pen: int) -> None:
    ink = five()
    grey = np.where(ink > 127, np.uint8(pen), np.uint8(background))
    alpha = np.zeros_like(grey)
    alpha[60:440, 310:550] = 255

    assert_shows_the_five(ink_from_picture(encoded(np.dstack([grey, grey, grey, alpha]))))


def test_card_with_strokes_along_its_rim_is_read() -> None:
    ink = five()
    grey = np.where(ink > 127, np.uint8(30), np.uint8(240))
    alpha = np.zeros(SIZE, np.uint8)
    alpha[100:440, 320:505] = 255

    assert_shows_the_five(ink_from_picture(encoded(np.dstack([grey, grey, grey, alpha]))), np.where(alpha, ink, 0))


def test_closely_cropped_bold_strokes_of_two_tones_are_ink() -> None:
    ink = five(brush=0.08)[70:420, 320:540]
    grey = np.where(np.indices(ink.shape)[0] < 200, np.uint8(30), np.uint8(110))
    assert (ink > 127).mean() > 0.25

    assert_shows_the_five(ink_from_picture(encoded(np.dstack([grey, grey, grey, ink]))), ink)


@pytest.mark.parametrize("dark", [30, 60])
def test_strokes_of_two_tones_are_not_a_card(dark: int) -> None:
    ink = five()
    grey = np.where(np.indices(SIZE)[0] < 300, np.uint8(dark), np.uint8(110))

    assert_shows_the_five(ink_from_picture(encoded(np.dstack([grey, grey, grey, ink]))))


def test_digit_cut_out_of_an_opaque_sheet_is_ink() -> None:
    ink = five()
    sheet = np.random.default_rng(0).integers(188, 212, SIZE, np.uint8)

    assert_shows_the_five(ink_from_picture(encoded(np.dstack([sheet, sheet, sheet, 255 - ink]))))


def test_pale_digit_on_a_card_is_ink() -> None:
    ink = five()
    grey = np.where(ink > 127, np.uint8(155), np.uint8(200))
    alpha = np.zeros_like(ink)
    alpha[60:440, 310:550] = 255

    assert_shows_the_five(ink_from_picture(encoded(np.dstack([grey, grey, grey, alpha]))))


def test_transparent_margin_of_a_board_is_not_ink() -> None:
    ink = np.zeros(SIZE, np.uint8)
    small = np.asarray(Image.fromarray(five()).reduce(4))
    ink[150 : 150 + small.shape[0], 230 : 230 + small.shape[1]] = small
    chalk = photo(on_paper(ink, 60, 220))
    alpha = np.full_like(ink, 255)
    alpha[:60] = 0
    alpha[:, :60] = 0

    assert_shows_the_five(ink_from_picture(encoded(np.dstack([chalk, chalk, chalk, alpha]))), ink)


@pytest.mark.parametrize(("light", "spacing"), [(200, 24), (90, 8)], ids=["few", "faint"])
def test_dark_strokes_with_light_specks_are_not_a_card(light: int, spacing: int) -> None:
    ink = five()
    rows, columns = np.indices(SIZE)
    inside = np.asarray(Image.fromarray(ink).filter(ImageFilter.MinFilter(9))) > 0
    specks = inside & (rows % spacing < 4) & (columns % spacing < 3)
    grey = np.where(specks, np.uint8(light), np.uint8(40))

    assert_shows_the_five(ink_from_picture(encoded(np.dstack([grey, grey, grey, ink]))))


def test_small_digit_on_a_small_card_is_read() -> None:
    ink, alpha = np.zeros(SIZE, np.uint8), np.zeros(SIZE, np.uint8)
    small = np.asarray(Image.fromarray(five()).reduce(4))
    ink[200 : 200 + small.shape[0], 260 : 260 + small.shape[1]] = small
    alpha[160:340, 220:420] = 255
    grey = np.where(ink > 127, np.uint8(30), np.uint8(240))

    assert_shows_the_five(ink_from_picture(encoded(np.dstack([grey, grey, grey, alpha]))))


@pytest.mark.parametrize(("outline", "pen"), [(0, 255), (255, 0)])
def test_outline_of_a_sticker_is_not_ink(outline: int, pen: int) -> None:
    ink = five()
    grey = np.where(ink > 127, np.uint8(pen), np.uint8(outline))
    alpha = np.asarray(Image.fromarray(ink).filter(ImageFilter.MaxFilter(19)))

    assert_shows_the_five(ink_from_picture(encoded(np.dstack([grey, grey, grey, alpha]))))


def test_fully_transparent_picture_is_blank() -> None:
    assert ink_from_picture(encoded(np.zeros((40, 40, 4), np.uint8))).blank


def png_header(width: int, height: int) -> bytes:
    """Return a PNG file that claims a size but has no pixels."""
    chunk = b"IHDR" + width.to_bytes(4) + height.to_bytes(4) + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4) + bytes(4) + b"IDAT"


@pytest.mark.parametrize("data", [b"", b"no picture", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"<svg/>"])
def test_other_files_are_rejected(data: bytes) -> None:
    with pytest.raises(PictureError, match="not a picture"):
        ink_from_picture(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("fraction", [0.3, 0.9])
def test_truncated_picture_is_rejected(kind: str, fraction: float) -> None:
    data = encoded(photo(on_paper(five())), kind)

    with pytest.raises(PictureError):
        ink_from_picture(data[: int(len(data) * fraction)])


def test_too_many_bytes_are_rejected() -> None:
    with pytest.raises(PictureTooLarge, match="10 MB"):
        ink_from_picture(bytes(MAX_PICTURE_BYTES + 1))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [6_400, 10_000, 60_000])
def test_too_many_pixels_are_rejected_before_decoding(side: int) -> None:
    assert side**2 > MAX_PICTURE_PIXELS

    with pytest.raises(PictureTooLarge, match="40 million pixels"):
        ink_from_picture(png_header(side, side))


@given(
    st.one_of(
        arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=80)),
        st.tuples(st.integers(1, 60), st.integers(1, 60), st.sampled_from([1, 3, 4])).flatmap(
            lambda shape: arrays(np.uint8, shape)
        ),
    )
)
def test_any_array_gives_ink(array: Pixels) -> None:
    ink = ink_from_array(array).likeliest

    assert ink.shape == array.shape[:2]
    assert ink.dtype == np.uint8
    assert prepare(ink).ink is ink


@pytest.mark.filterwarnings("ignore:.*EXIF:UserWarning")
@given(st.data())
def test_damaged_file_is_read_or_rejected(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"]))
    damaged = bytearray(encoded(255 - five((40, 40)), kind))
    positions = st.integers(0, len(damaged) - 1)
    for position, value in data.draw(st.lists(st.tuples(positions, st.integers(0, 255)), min_size=1, max_size=8)):
        damaged[position] = value

    with suppress(PictureError):
        assert max(ink_from_picture(bytes(damaged)).likeliest.shape) <= 640


def test_canvas_file_gives_the_ink_on_the_canvas() -> None:
    ink = five((280, 280))

    np.testing.assert_array_equal(ink_from_canvas_file(encoded(np.dstack([ink, ink, ink, ink | 255]), "PNG")), ink)


@pytest.mark.parametrize("kind", ["EPS", "GIF", "TIFF"])
def test_canvas_file_in_another_format_is_not_decoded(kind: str) -> None:
    with pytest.raises(PictureError, match="arrived incomplete"):
        ink_from_canvas_file(encoded(five((28, 28)), kind))


@pytest.mark.parametrize("side", [2001, 20_000])
def test_canvas_file_with_too_many_pixels_is_rejected(side: int) -> None:
    with pytest.raises(PictureError):
        ink_from_canvas_file(png_header(side, side))


@pytest.mark.parametrize(("frame", "board"), [(255, 10), (128, 0)])
def test_thin_frame_around_a_board_is_not_its_background(frame: int, board: int) -> None:
    framed = np.full(SIZE, frame, np.uint8)
    framed[5:-5, 5:-5] = np.round(on_paper(five(), board, frame))[5:-5, 5:-5]

    assert_shows_the_five(ink_from_array(framed))


def test_ruled_lines_without_noise_are_not_ink() -> None:
    ruled = np.where(np.indices(SIZE)[0] % 40 > 37, 60.0, 240.0)

    assert_shows_the_five(ink_from_array(np.minimum(on_paper(five()), ruled).astype(np.uint8)))


def test_drawing_is_read_without_a_search_for_its_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    def search(_grey: Pixels) -> Pixels:
        raise AssertionError

    monkeypatch.setattr(photo_module, "ink_on_uneven_paper", search)
    monkeypatch.setattr(photo_module, "find_sheet", search)

    assert_shows_the_five(ink_from_array(255 - five()))


def canvas(side: int = 100) -> Pixels:
    """Draw a vertical stroke with soft edges on a canvas, white on black."""
    large = np.zeros((3 * side, 3 * side), np.uint8)
    large[side : 2 * side, 130:163] = 255
    return np.asarray(Image.fromarray(large).reduce(3))


@pytest.mark.parametrize(("page", "noise", "difference"), [(255, 0, 0), (255, 2, 2), (20, 0, 1), (20, 2, 2)])
@pytest.mark.parametrize("margin", [4, 20])
def test_canvas_on_a_page_is_read_from_inside_its_frame(
    page: int, noise: float, difference: float, margin: int
) -> None:
    picture = photo(np.pad(canvas().astype(float), margin, constant_values=page), noise)

    found = ink_from_array(picture)

    inside = found.likeliest[margin:-margin, margin:-margin]
    assert np.abs(inside.astype(int) - canvas()).mean() <= difference
    assert np.count_nonzero(found.likeliest) == np.count_nonzero(inside)


def test_labels_around_a_canvas_on_a_page_are_not_ink() -> None:
    page = np.pad(canvas(), 40, constant_values=255)
    page[10:18, 60:100] = page[80:88, 10:30] = 0
    page[80, 30:40] = 0  # a tick that touches the canvas

    found = ink_from_array(page).likeliest

    np.testing.assert_array_equal(found[43:-43, 43:-43], canvas()[3:-3, 3:-3])
    assert np.count_nonzero(found) == np.count_nonzero(canvas())


def test_wide_tick_at_a_corner_of_a_canvas_is_not_part_of_it() -> None:
    drawing = Image.new("L", (200, 200))
    ImageDraw.Draw(drawing).line([(60, 60), (140, 60), (85, 220)], fill=255, width=12)  # to the lower side
    page = np.pad(np.asarray(drawing), 80, constant_values=255)
    without_tick = ink_from_array(page).likeliest
    page[280:292, 80:140] = 0

    np.testing.assert_array_equal(ink_from_array(page).likeliest, without_tick)


def test_round_thumb_is_not_a_frame() -> None:
    sheet = Image.new("L", (400, 300), 255)
    ImageDraw.Draw(sheet).line([(60, 60), (140, 60), (85, 220)], fill=0, width=12)
    digit = ink_from_array(np.asarray(sheet)).likeliest
    ImageDraw.Draw(sheet).ellipse([270, 170, 530, 430], fill=30)

    found = ink_from_array(np.asarray(sheet)).likeliest

    assert np.count_nonzero((found > 127) != (digit > 127)) < 0.05 * np.count_nonzero(digit)


@pytest.mark.parametrize("width", [1, 2])
def test_frame_around_a_canvas_is_not_ink(width: int) -> None:
    ink = canvas()
    framed = np.pad(np.pad(255 - ink, width, constant_values=0), 12, constant_values=255)
    # A stroke next to the frame is kept.
    framed[40:60, 16 + width : 22 + width] = 0

    found = ink_from_array(framed).likeliest

    assert not found[:, : 12 + width].any()
    assert found[50, 16 + width : 22 + width].all()
    np.testing.assert_array_equal(found[12 + width : -12 - width, 30:-20], ink[:, 30 - 12 - width : width - 8])


def test_strokes_along_two_sides_are_not_a_frame() -> None:
    ink = np.zeros((100, 100), np.uint8)
    ink[20:80, 20:28] = 255
    ink[72:80, 20:80] = 255
    ink[30:50, 50:60] = 255

    found = ink_from_array(ink)

    np.testing.assert_array_equal(found.likeliest, ink)
    assert len(found.candidates) == 1


def bold_zero(side: int = 120) -> Pixels:
    """Draw a bold 0 with square corners, white on black."""
    ink = np.zeros((side, side), np.uint8)
    ink[10:-10, 20:-20] = 255
    ink[35:-35, 45:-45] = 0
    return ink


@pytest.mark.parametrize("noise", [0, 2])
def test_complete_digit_comes_before_its_hole(noise: float) -> None:
    found = ink_from_array(photo(on_paper(bold_zero(), 20, 230), noise))

    assert np.abs(found.candidates[0].astype(int) - bold_zero()).mean() < 8
    assert len(found.candidates) > 1


@pytest.mark.parametrize("noise", [0, 2])
def test_complete_digit_comes_before_its_inner_components(noise: float) -> None:
    ink = np.zeros((120, 120), np.uint8)
    ink[:20, 30:60] = 255
    ink[40:110, 55:65] = 255

    found = ink_from_array(photo(on_paper(ink), noise))

    assert found.candidates[0][10, 45] == 255
    assert not found.likeliest[:30].any()
    assert found.likeliest[80, 60] == 255
    assert any(np.array_equal(found.likeliest, candidate) for candidate in found.candidates)


def test_stroke_like_a_ruled_line_is_a_candidate() -> None:
    ink = np.zeros((120, 120), np.uint8)
    ink[20:90, 55:75] = 255
    ink[100:102] = 255

    found = ink_from_array(photo(on_paper(ink)))

    assert found.candidates[0][100, 10] > 127
    assert not found.likeliest[100].any()


@pytest.mark.parametrize("noise", [0, 2])
def test_dust_is_not_a_candidate(noise: float) -> None:
    dust = np.zeros((200, 200), np.uint8)
    dust[::40, ::40] = dust[1::40, ::40] = 255

    found = ink_from_array(photo(on_paper(dust), noise))

    assert found.blank
    assert not any(candidate.any() for candidate in found.candidates)


def test_uniform_sheet_on_a_uniform_table_is_not_a_stroke() -> None:
    table = np.zeros(SIZE, np.uint8)
    table[120:360, 200:400] = np.round(on_paper(five((240, 200)), 255, 40))

    assert_shows_the_five(ink_from_array(table), five((240, 200)))


LOW_MEMORY_SCRIPT = """
import resource, sys
from pathlib import Path
from core.ink.photo import ink_from_picture

with open("/proc/self/status") as file:
    (used,) = (int(line.split()[1]) * 1024 for line in file if line.startswith("VmSize"))
resource.setrlimit(resource.RLIMIT_AS, (used + 50_000_000, -1))
try:
    ink_from_picture(Path(sys.argv[1]).read_bytes())
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process limit its memory this way")
def test_picture_too_large_for_memory_is_not_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    Image.new("RGB", (6000, 6000), "white").save(path, compress_level=1)

    finished = subprocess.run(
        [sys.executable, "-c", LOW_MEMORY_SCRIPT, str(path)], capture_output=True, text=True, timeout=300, check=True
    )

    assert finished.stdout.startswith("PictureTooLarge There is not enough memory")


@pytest.mark.parametrize("mode", ["I;16", "I", "F"])
def test_high_bit_depths_are_shrunk_like_8_bit_pictures(mode: str) -> None:
    paper = on_paper(five((1500, 1200)))
    deep_picture = {
        "I;16": paper.astype(np.uint16) * 257,
        "I": paper.astype(np.int32) * 257,
        "F": paper.astype(np.float32),
    }[mode]

    expected = next(decode_frames(encoded(Image.fromarray(np.round(paper).astype(np.uint8)), "TIFF")))
    pixels = next(decode_frames(encoded(Image.fromarray(deep_picture), "TIFF")))

    assert pixels.shape == expected.shape
    assert max(pixels.shape) <= WORKING_SIZE
    assert relative_difference(ink_from_array(pixels).likeliest, ink_from_array(expected).likeliest) < 0.05


def relative_difference(one: Pixels, other: Pixels) -> float:
    """Return the mean difference between two arrays of ink as a fraction of the ink."""
    return float(np.abs(one.astype(float) - other).sum() / max(1.0, other.sum(dtype=float)))
