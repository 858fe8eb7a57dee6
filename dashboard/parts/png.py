"""Images as PNG data in HTML."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image


def png_data_uri(image: np.ndarray) -> str:
    """Return a uint8 image (h, w) or (h, w, 3) as a data URI, for `<img>` and image columns."""
    buffer = io.BytesIO()
    # Level 1 is the fastest. Pages encode their images on every redraw, and the highest level would save only a fifth
    # of the size.
    Image.fromarray(image).save(buffer, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def image_html(image: np.ndarray, width: int) -> str:
    """Return HTML that enlarges an image (h, w) with sharp pixels to at most `width` pixels."""
    style = f"width:100%;max-width:{width}px;image-rendering:pixelated;border-radius:4px"
    return f'<img alt="the image, enlarged" src="{png_data_uri(image)}" style="{style}">'
