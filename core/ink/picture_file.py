"""Picture files: decoded within limits, the right way up, at about the size that they are worked on."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import PictureError, PictureTooLarge
from core.ink.drawing import Pixels, Plane

MAX_PICTURE_BYTES = 10 * 2**20
MAX_PICTURE_PIXELS = 40_000_000
MAX_CANVAS_PIXELS = 4_000_000
WORKING_SIZE = 640
"""Longest side in pixels that ink is looked for on: there, a 1 mm pen on a sheet of paper is still 2 of them wide."""

# Raster formats that are decoded in this process; EPS, for one, would start Ghostscript.
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000")


def check_size(size: int) -> None:
    """Raise PictureTooLarge for a file of more bytes than MAX_PICTURE_BYTES."""
    if size > MAX_PICTURE_BYTES:
        raise PictureTooLarge(f"The picture has more than {MAX_PICTURE_BYTES // 2**20} MB; please send a smaller one.")


def decoded(data: bytes) -> Pixels:
    """The pixels (h, w), (h, w, 3) or (h, w, 4) of a picture file, no side longer than WORKING_SIZE.

    Raises PictureTooLarge beyond MAX_PICTURE_PIXELS, PictureError for what cannot be decoded.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            if picture.width * picture.height > MAX_PICTURE_PIXELS:
                raise _too_many_pixels()
            return _upright(picture)
    except (PictureError, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except UnidentifiedImageError as error:
        raise PictureError("This is not a picture that can be read; please send a PNG or JPEG file.") from error
    except Exception as error:  # damaged files make Pillow's decoders raise nearly anything
        raise PictureError("The picture is damaged or cut short; please save it again as PNG or JPEG.") from error


def decoded_canvas(data: bytes) -> Pixels:
    """The pixels (h, w, 4) of a canvas as a browser sends it, a PNG.

    Raises PictureTooLarge beyond MAX_CANVAS_PIXELS, PictureError for what is no PNG.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            if picture.width * picture.height <= MAX_CANVAS_PIXELS:
                return np.asarray(picture.convert("RGBA"))
    except Exception as error:  # damaged files make Pillow's decoders raise nearly anything
        raise PictureError("The drawing did not arrive whole; draw one more stroke.") from error
    raise PictureTooLarge("The canvas is larger than any screen; zoom out and draw one more stroke.")


def shrink_factor(shape: tuple[int, ...], longest: int) -> int:
    """By how much to shrink so that no side is longer than `longest`."""
    return -(-max(shape) // longest)


def _too_many_pixels() -> PictureTooLarge:
    return PictureTooLarge(
        f"The picture has more than {MAX_PICTURE_PIXELS // 1_000_000} million pixels; please send a smaller one."
    )


def _upright(picture: Image.Image) -> Pixels:
    """The pixels as they are to be looked at: turned as EXIF says, of 8 bits, scaled down."""
    # JPEG decodes at a half, a quarter or an eighth of the size in a fraction of the time.
    picture.draft("RGB", (WORKING_SIZE, WORKING_SIZE))
    ImageOps.exif_transpose(picture, in_place=True)
    if picture.mode in ("I", "F"):
        return _stretched(np.asarray(_shrunk(picture), np.float32))
    if picture.mode.startswith("I;16"):
        levels = np.asarray(picture)
        # Cameras and scanners of 10 or 12 bits leave the highest ones empty.
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
