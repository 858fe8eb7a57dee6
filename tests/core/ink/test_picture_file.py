"""Picture files with several frames, and JPEGs with more scans than any honest encoder writes."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import ExifTags, Image

from core.errors import PictureError, PictureTooLarge
from core.ink.photo import ink_from_array, ink_from_picture
from core.ink.picture_file import MAX_FRAMES, MAX_SCANS
from tests.support.fuzzing import drawn_seven
from tests.support.hostile_pictures import jpeg_with_scans

KINDS = ("GIF", "PNG", "WEBP", "TIFF")
SIDE = 60


def blank_picture(level: int) -> Image.Image:
    return Image.new("L", (SIDE, SIDE), level)


def encode_frames(kind: str, frames: list[Image.Image], **options: object) -> bytes:
    file = io.BytesIO()
    if kind == "WEBP":
        options["lossless"] = True
    frames[0].save(file, kind, save_all=True, append_images=frames[1:], **options)
    return file.getvalue()


def segment(marker: bytes, content: bytes) -> bytes:
    return marker + (len(content) + 2).to_bytes(2) + content


def with_segment(jpeg: bytes, inserted: bytes) -> bytes:
    return jpeg[:2] + inserted + jpeg[2:]


@pytest.mark.parametrize("kind", KINDS)
def test_first_frame_with_ink_is_read(kind: str) -> None:
    seven, mirrored = drawn_seven("L", SIDE), drawn_seven("L", SIDE).transpose(Image.Transpose.FLIP_LEFT_RIGHT)

    ink = ink_from_picture(encode_frames(kind, [blank_picture(240), blank_picture(230), seven, mirrored])).likeliest

    # A GIF has a palette, so levels may differ by a few.
    assert np.abs(ink.astype(int) - ink_from_array(np.asarray(seven)).likeliest).mean() < 3


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_later_frame_is_rotated_upright(kind: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 3  # upside down
    seven = drawn_seven("L", SIDE)

    ink = ink_from_picture(encode_frames(kind, [blank_picture(240), seven.rotate(180)], exif=exif)).likeliest

    np.testing.assert_array_equal(ink, ink_from_array(np.asarray(seven)).likeliest)


def test_transparent_first_frame_is_skipped() -> None:
    frames = [Image.new("RGBA", (SIDE, SIDE)), drawn_seven("RGBA", SIDE)]

    assert not ink_from_picture(encode_frames("GIF", frames)).blank


@pytest.mark.parametrize("kind", KINDS)
def test_frames_without_ink_are_blank(kind: str) -> None:
    ink = ink_from_picture(encode_frames(kind, [blank_picture(level) for level in range(200, 205)])).likeliest

    assert ink.shape == (SIDE, SIDE)
    assert not ink.any()


@pytest.mark.parametrize("kind", KINDS)
def test_no_more_than_max_frames_are_searched(kind: str) -> None:
    levels = range(200, 200 + MAX_FRAMES)
    ink_in_last_frame = [*(blank_picture(level) for level in levels[1:]), drawn_seven("L", SIDE)]
    ink_one_frame_too_late = [*(blank_picture(level) for level in levels), drawn_seven("L", SIDE)]

    assert not ink_from_picture(encode_frames(kind, ink_in_last_frame)).blank
    assert ink_from_picture(encode_frames(kind, ink_one_frame_too_late)).blank


def test_damage_after_the_frame_with_ink_does_not_matter() -> None:
    complete = encode_frames("GIF", [drawn_seven("L", SIDE), blank_picture(240)])

    assert not ink_from_picture(complete[: -len(complete) // 8]).blank


def test_later_page_with_too_many_pixels_is_rejected() -> None:
    with pytest.raises(PictureTooLarge, match="million pixels"):
        ink_from_picture(encode_frames("TIFF", [blank_picture(240), Image.new("1", (6400, 6400))]))


def test_jpeg_is_read_up_to_max_scans() -> None:
    assert not ink_from_picture(jpeg_with_scans(MAX_SCANS)).blank
    with pytest.raises(PictureError, match="more than 100 scans"):
        ink_from_picture(jpeg_with_scans(MAX_SCANS + 1))


@pytest.mark.parametrize("noise", [b"\xff\xda" * 500, b"\xff\xd9"])
def test_scans_are_counted_only_in_pixel_data(noise: bytes) -> None:
    comment = segment(b"\xff\xfe", noise)

    assert not ink_from_picture(with_segment(jpeg_with_scans(10), comment) + noise).blank
    with pytest.raises(PictureError, match="more than 100 scans"):
        ink_from_picture(with_segment(jpeg_with_scans(3000), comment))


@pytest.mark.parametrize("before_scan", [b"\xff", b"\xff\x01", b"\xff\xd0", b"stray bytes"])
def test_scans_are_counted_after_bytes_that_libjpeg_skips(before_scan: bytes) -> None:
    first, scan, others = jpeg_with_scans(3000).partition(b"\xff\xda")
    hidden = first + scan + others.replace(scan, before_scan + scan)

    with pytest.raises(PictureError, match="more than 100 scans"):
        ink_from_picture(hidden)


def test_scans_in_a_phones_mpo_file_are_counted() -> None:
    mpo = encode_frames("MPO", [drawn_seven("L", SIDE), drawn_seven("L", SIDE)])
    start = mpo.index(b"\xff\xe2")
    directory = mpo[start : start + 2 + int.from_bytes(mpo[start + 2 : start + 4])]
    attack = with_segment(jpeg_with_scans(3000), directory)
    assert Image.open(io.BytesIO(attack)).format == "MPO"

    with pytest.raises(PictureError, match="more than 100 scans"):
        ink_from_picture(attack)
    assert not ink_from_picture(mpo).blank


def test_bytes_like_scan_markers_in_other_formats_do_not_matter() -> None:
    picture = np.full((200, 200, 3), 240, np.uint8)
    picture[:20] = np.resize([0xFF, 0xDA], (20, 200, 3))
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PPM")

    assert ink_from_picture(file.getvalue()).likeliest.shape == (200, 200)
