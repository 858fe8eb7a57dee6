"""Picture files: decoded within limits, turned upright, scaled down to the size that ink is found on."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import PictureError, PictureTooLarge
from core.ink.drawing import Pixels, Plane

MAX_PICTURE_BYTES = 10 * 2**20
MAX_PICTURE_PIXELS = 40_000_000
MAX_CANVAS_PIXELS = 4_000_000

MAX_SCANS = 100
"""Scans of a JPEG: cameras write 1, progressive encoders about 10. Each costs a pass over all pixels; libtiff has the
same limit."""

MAX_FRAMES = 20
"""Frames of an animation, or pages of a TIFF, that are searched for ink."""

WORKING_SIZE = 640
"""Longest side in pixels that ink is found on: there, the line of a 1 mm pen on a sheet of paper is still 2 wide."""

# Raster formats only: EPS, for one, would start Ghostscript.
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000")
# A phone's JPEG with a second picture behind it is called MPO.
_JPEG_FORMATS = ("JPEG", "MPO")
_FORMATS_WITH_FRAMES = ("PNG", "WEBP", "GIF", "TIFF")

# A byte 0xFF in a JPEG's pixel data is followed by 0; 0xD0 to 0xD7 restart a scan and have no length.
_JPEG_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_JPEG_END, _JPEG_SCAN = b"\xff\xd9", b"\xff\xda"
_JPEG_MARKERS_WITHOUT_LENGTH = (b"\xff\x01", b"\xff\xd8")


def check_size(size: int) -> None:
    """Raise PictureTooLarge for a file of more bytes than MAX_PICTURE_BYTES."""
    if size > MAX_PICTURE_BYTES:
        raise PictureTooLarge(f"The picture has more than {MAX_PICTURE_BYTES // 2**20} MB; please send a smaller one.")


def decode_frames(data: bytes) -> Iterator[Pixels]:
    """Decode a picture file: its one frame, or the first MAX_FRAMES of an animation or of a file with several pages.

    Each frame is (h, w), (h, w, 3) or (h, w, 4) with no side longer than WORKING_SIZE.
    Raises PictureTooLarge beyond MAX_PICTURE_PIXELS, PictureError for a file that cannot be decoded.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            _check_pixels(picture)
            if picture.format in _JPEG_FORMATS:
                _check_scans(data)
            if picture.format in _FORMATS_WITH_FRAMES and getattr(picture, "is_animated", False):
                yield from _frames(picture)
            else:
                yield _upright(picture)
    except (PictureError, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except UnidentifiedImageError as error:
        raise PictureError("This is not a picture that can be read; please send a PNG or JPEG file.") from error
    except Exception as error:  # damaged files make Pillow's decoders raise nearly anything
        raise PictureError("The picture is damaged or cut short; please save it again as PNG or JPEG.") from error


def decode_canvas(data: bytes) -> Pixels:
    """Decode a canvas as a browser sends it, a PNG, to pixels (h, w, 4).

    Raises PictureTooLarge beyond MAX_CANVAS_PIXELS, PictureError for a file that is no PNG.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            if picture.width * picture.height <= MAX_CANVAS_PIXELS:
                return np.asarray(picture.convert("RGBA"))
    except Exception as error:  # damaged files make Pillow's decoders raise nearly anything
        raise PictureError("The drawing did not arrive whole; draw one more stroke.") from error
    raise PictureTooLarge("The canvas is larger than any screen; zoom out and draw one more stroke.")


def shrink_factor(shape: tuple[int, ...], longest: int) -> int:
    """Return the whole factor by which to shrink so that no side is longer than `longest`."""
    return -(-max(shape) // longest)


def _too_many_pixels() -> PictureTooLarge:
    return PictureTooLarge(
        f"The picture has more than {MAX_PICTURE_PIXELS // 1_000_000} million pixels; please send a smaller one."
    )


def _check_pixels(picture: Image.Image) -> None:
    if picture.width * picture.height > MAX_PICTURE_PIXELS:
        raise _too_many_pixels()


def _check_scans(data: bytes) -> None:
    """Raise PictureError for a JPEG of more scans than MAX_SCANS, reading its markers as libjpeg does."""
    scans, place = 0, 0
    while (marker := _JPEG_MARKER.search(data, place)) and marker[0] != _JPEG_END:
        place = marker.end()
        if marker[0] not in _JPEG_MARKERS_WITHOUT_LENGTH:
            place += int.from_bytes(data[place : place + 2])
        scans += marker[0] == _JPEG_SCAN
        if scans > MAX_SCANS:
            raise PictureError(
                f"This JPEG has more than {MAX_SCANS} scans; please save it again as an ordinary JPEG or as PNG."
            )


def _frames(picture: Image.Image) -> Iterator[Pixels]:
    for number in range(MAX_FRAMES):
        try:
            picture.seek(number)
        except EOFError:
            return
        _check_pixels(picture)
        # Turning it upright changes it, and the next frame may be painted over this one.
        yield _upright(picture.copy())


def _upright(picture: Image.Image) -> Pixels:
    """Return the pixels turned as EXIF says, with 8 bits, scaled down."""
    # JPEG decodes at a half, a quarter or an eighth of the size in a fraction of the time.
    picture.draft("RGB", (WORKING_SIZE, WORKING_SIZE))
    ImageOps.exif_transpose(picture, in_place=True)
    if picture.mode in ("I", "F"):
        return _stretched(np.asarray(_shrunk(picture), np.float32))
    if picture.mode.startswith("I;16"):
        levels = np.asarray(picture)
        # Cameras and scanners of 10 or 12 bits leave the highest bits empty.
        high = np.empty(levels.shape, np.uint8)
        np.right_shift(levels, max(0, int(levels.max()).bit_length() - 8), out=high, casting="unsafe")
        return np.asarray(_shrunk(Image.fromarray(high)))
    mode = "RGBA" if picture.has_transparency_data else "L" if picture.mode in ("1", "L") else "RGB"
    return np.asarray(_shrunk(picture if picture.mode == mode else picture.convert(mode)))


def _shrunk(picture: Image.Image) -> Image.Image:
    factor = shrink_factor(picture.size, WORKING_SIZE)
    return picture if factor == 1 else picture.reduce(factor)


def _stretched(values: Plane) -> Pixels:
    values = np.nan_to_num(values, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    return ((values - low) * (255 / max(high - low, 1e-6))).astype(np.uint8)
