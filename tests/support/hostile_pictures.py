"""Small picture files that keep a decoder busy for seconds or minutes, or crash it."""

from __future__ import annotations

import io
from functools import cache

from PIL import Image, ImageDraw

_SCAN, _END = b"\xff\xda", b"\xff\xd9"


def jpeg_with_scans(scans: int, side: int = 500) -> bytes:
    """Return a progressive JPEG of a 1 whose last scan is repeated until the file has this many scans."""
    image, file = Image.new("L", (side, side), 255), io.BytesIO()
    ImageDraw.Draw(image).line([(side // 2, side // 5), (side // 2, side - side // 5)], 0, side // 14)
    image.save(file, "JPEG", progressive=True)
    data = file.getvalue().removesuffix(_END)
    return data + data[data.rindex(_SCAN) :] * (scans - data.count(_SCAN)) + _END


@cache
def jpeg2000_in_small_tiles(megapixels: int = 12) -> bytes:
    """Return a blank, tall JPEG 2000 whose decoding holds Python's global interpreter lock (GIL) throughout."""
    file = io.BytesIO()
    Image.new("L", (1000, 1000 * megapixels), 255).save(file, "JPEG2000", tile_size=(32, 32), num_resolutions=1)
    return file.getvalue()
