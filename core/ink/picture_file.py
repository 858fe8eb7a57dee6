"""Decoding of picture files: within limits, upright, and scaled down to the working size."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import PictureError, PictureTooLarge
from core.ink.drawing import Pixels, Plane
from core.language import Message

MAX_PICTURE_BYTES = 10 * 2**20
MAX_PICTURE_PIXELS = 40_000_000
MAX_CANVAS_PIXELS = 4_000_000

MAX_SCANS = 100
"""Maximum number of scans in a JPEG: cameras write 1, progressive encoders about 10. Each scan costs a pass over all
pixels. libtiff has the same limit."""

MAX_FRAMES = 20
"""Maximum number of frames, or pages of a TIFF, that are searched for ink."""

WORKING_SIZE = 640
"""Longest side in pixels when ink is detected. At this size, a 1 mm line on a sheet of paper is 2 pixels wide."""

# Raster formats only; EPS, for example, would start Ghostscript.
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000")
# MPO is a JPEG with a second picture appended, as written by some phones.
_JPEG_FORMATS = ("JPEG", "MPO")
_FORMATS_WITH_FRAMES = ("PNG", "WEBP", "GIF", "TIFF")

# In pixel data, the byte 0xFF is followed by 0. The markers 0xD0 to 0xD7 restart a scan and have no length.
_JPEG_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_JPEG_END, _JPEG_SCAN = b"\xff\xd9", b"\xff\xda"
_JPEG_MARKERS_WITHOUT_LENGTH = (b"\xff\x01", b"\xff\xd8")


def check_size(size: int) -> None:
    """Raise PictureTooLarge if a file is larger than MAX_PICTURE_BYTES."""
    if size > MAX_PICTURE_BYTES:
        raise PictureTooLarge(
            Message(
                "The picture is larger than {megabytes} MB; please send a smaller one.",
                megabytes=MAX_PICTURE_BYTES // 2**20,
            )
        )


def decode_frames(data: bytes) -> Iterator[Pixels]:
    """Decode the only frame of a picture file, or the first MAX_FRAMES of an animation or a multi-page file.

    Each frame is uint8 (h, w), (h, w, 3) or (h, w, 4), and no side is longer than WORKING_SIZE.
    Raises PictureTooLarge beyond MAX_PICTURE_PIXELS, and PictureError for a file that cannot be decoded.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            _check_pixels(picture)
            if picture.format in _JPEG_FORMATS:
                _check_scans(data)
            if picture.format in _FORMATS_WITH_FRAMES and getattr(picture, "is_animated", False):
                yield from _frames(picture)
            else:
                yield _upright_pixels(picture)
    except (PictureError, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except UnidentifiedImageError as error:
        raise PictureError(
            Message("This is not a picture that can be read; please send a PNG or JPEG file.")
        ) from error
    except Exception as error:  # Pillow's decoders raise almost any error on damaged files
        raise PictureError(
            Message("The picture is damaged or truncated; please save it again as PNG or JPEG.")
        ) from error


def decode_canvas(data: bytes) -> Pixels:
    """Decode a canvas, which browsers send as a PNG, to pixels uint8 (h, w, 4).

    Raises PictureTooLarge beyond MAX_CANVAS_PIXELS, and PictureError if the file is not a valid PNG.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            if picture.width * picture.height <= MAX_CANVAS_PIXELS:
                return np.asarray(picture.convert("RGBA"))
    except Exception as error:  # Pillow's decoders raise almost any error on damaged files
        raise PictureError(Message("The drawing arrived incomplete; draw one more stroke.")) from error
    raise PictureTooLarge(Message("The canvas is larger than any screen; zoom out and draw one more stroke."))


def shrink_factor(shape: tuple[int, ...], longest: int) -> int:
    """Return the smallest integer factor by which to shrink so that no side is longer than `longest`."""
    return math.ceil(max(shape) / longest)


def shrink(pixels: Pixels, longest: int) -> Pixels:
    """Shrink pixels (h, w) or (h, w, 3 | 4) so that no side is longer than `longest`."""
    factor = shrink_factor(pixels.shape[:2], longest)
    return pixels if factor == 1 else np.asarray(Image.fromarray(pixels).reduce(factor))


def _too_many_pixels() -> PictureTooLarge:
    return PictureTooLarge(
        Message(
            "The picture has more than {millions} million pixels; please send a smaller one.",
            millions=MAX_PICTURE_PIXELS // 1_000_000,
        )
    )


def _check_pixels(picture: Image.Image) -> None:
    if picture.width * picture.height > MAX_PICTURE_PIXELS:
        raise _too_many_pixels()


def _check_scans(data: bytes) -> None:
    """Raise PictureError if a JPEG has more than MAX_SCANS scans; read its markers as libjpeg does."""
    scans = 0
    position = 0
    while (marker := _JPEG_MARKER.search(data, position)) and marker[0] != _JPEG_END:
        position = marker.end()
        if marker[0] not in _JPEG_MARKERS_WITHOUT_LENGTH:
            position += int.from_bytes(data[position : position + 2])
        scans += marker[0] == _JPEG_SCAN
        if scans > MAX_SCANS:
            raise PictureError(
                Message(
                    "This JPEG has more than {limit} scans; please save it again as an ordinary JPEG or as PNG.",
                    limit=MAX_SCANS,
                )
            )


def _frames(picture: Image.Image) -> Iterator[Pixels]:
    for number in range(MAX_FRAMES):
        try:
            picture.seek(number)
        except EOFError:
            return
        _check_pixels(picture)
        # `_upright_pixels` modifies the picture, but the next frame may be painted over this one.
        yield _upright_pixels(picture.copy())


def _upright_pixels(picture: Image.Image) -> Pixels:
    """Return the pixels, rotated as EXIF specifies, converted to 8 bits and scaled down."""
    # Decoding a JPEG at a half, a quarter or an eighth of its size takes a fraction of the time.
    picture.draft("RGB", (WORKING_SIZE, WORKING_SIZE))
    ImageOps.exif_transpose(picture, in_place=True)
    if picture.mode in ("I", "F"):
        return _stretch_contrast(np.asarray(_shrink(picture), np.float32))
    if picture.mode.startswith("I;16"):
        levels = np.asarray(picture)
        # Cameras and scanners with 10 or 12 bits leave the highest bits empty.
        used_bits = np.empty(levels.shape, np.uint8)
        np.right_shift(levels, max(0, int(levels.max()).bit_length() - 8), out=used_bits, casting="unsafe")
        return np.asarray(_shrink(Image.fromarray(used_bits)))
    if picture.has_transparency_data:
        mode = "RGBA"
    elif picture.mode in ("1", "L"):
        mode = "L"
    else:
        mode = "RGB"
    return np.asarray(_shrink(picture if picture.mode == mode else picture.convert(mode)))


def _shrink(picture: Image.Image) -> Image.Image:
    factor = shrink_factor(picture.size, WORKING_SIZE)
    return picture if factor == 1 else picture.reduce(factor)


def _stretch_contrast(values: Plane) -> Pixels:
    """Scale values linearly to 0..255; NaN and infinity become 0 first."""
    values = np.nan_to_num(values, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    return ((values - low) * (255 / max(high - low, 1e-6))).astype(np.uint8)
