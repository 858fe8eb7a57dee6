"""Images as PNG data in HTML."""

from __future__ import annotations

import base64
import io
from html import escape

import numpy as np
from PIL import Image

from core.language import tr


def png_bytes(image: np.ndarray) -> bytes:
    """Return a uint8 image (h, w) or (h, w, 3 | 4) as a PNG."""
    buffer = io.BytesIO()
    # Level 1 is the fastest. Pages encode their images on every redraw, and the highest level would reduce their
    # size by only a fifth.
    Image.fromarray(image).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def image_from_png(png: bytes) -> np.ndarray:
    """Return the image in a PNG from `png_bytes`."""
    return np.asarray(Image.open(io.BytesIO(png)))


def png_data_uri(image: np.ndarray) -> str:
    """Return a uint8 image (h, w) or (h, w, 3) as a data URI, for `<img>` and image columns."""
    return "data:image/png;base64," + base64.b64encode(png_bytes(image)).decode()


def image_html(image: np.ndarray, width: int, alt: str | None = None, *, sharp: bool = True) -> str:
    """Return HTML that enlarges an image to at most `width` pixels, with sharp pixels unless it is a photo.

    `alt`: the text for screen readers.
    """
    rendering = "pixelated" if sharp else "auto"
    style = f"width:100%;max-width:{width}px;image-rendering:{rendering};border-radius:4px"
    alt = tr("the image, enlarged") if alt is None else alt
    return f'<img alt="{escape(alt)}" src="{png_data_uri(image)}" style="{style}">'
