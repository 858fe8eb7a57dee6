"""Malformed pictures, request bodies and files for fuzz tests.

`TRAZO_FUZZ` is the total number of inputs, 200 by default; `TRAZO_FUZZ=2000 make test ARGS="-k fuzz"` sends 2,000.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

TOTAL = int(os.environ.get("TRAZO_FUZZ", "200"))


def share(fraction: float) -> Callable:
    """Return Hypothesis's settings for a test that sends this fraction (0..1) of the total."""
    return settings(
        max_examples=max(1, round(TOTAL * fraction)),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def drawn_seven(mode: str = "RGB", side: int = 60) -> Image.Image:
    """Draw a 7 in dark ink on light paper."""
    image = Image.new("L", (side, side), 240)
    points = [(side * x, side * y) for x, y in ((0.25, 0.2), (0.75, 0.2), (0.45, 0.85))]
    ImageDraw.Draw(image).line(points, fill=20, width=max(2, side // 12))
    return image.convert(mode)


def drawn_one() -> Image.Image:
    """Draw a 1 in black on white."""
    image = Image.new("RGB", (200, 200), "white")
    ImageDraw.Draw(image).line([(100, 40), (100, 160)], fill="black", width=14)
    return image


def drawn_seventeen() -> Image.Image:
    """Draw a 1 and a 7 side by side in dark ink on light paper."""
    picture = Image.new("RGB", (400, 200), "white")
    picture.paste(drawn_one(), (0, 0))
    picture.paste(drawn_seven(side=200).point(lambda level: 255 if level > 200 else 0), (180, 0))
    return picture


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    """Return the picture as a file in this format."""
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


SEEDS = tuple(
    encoded(drawn_seven(mode), kind)
    for kind, mode in (
        ("PNG", "RGB"),
        ("PNG", "RGBA"),
        ("PNG", "1"),
        ("PNG", "P"),
        ("PNG", "I;16"),
        ("JPEG", "RGB"),
        ("JPEG", "CMYK"),
        ("GIF", "P"),
        ("BMP", "RGB"),
        ("TIFF", "RGB"),
        ("TIFF", "F"),
        ("WEBP", "RGBA"),
        ("PPM", "L"),
        ("JPEG2000", "RGB"),
    )
)


@st.composite
def mutated(draw: st.DrawFn, original: bytes) -> bytes:
    """Return the file after random mutations: bytes changed, deleted, inserted or repeated, or the end cut off."""
    content = bytearray(original)
    for _ in range(draw(st.integers(0, 6))):
        # Decoders read most of their parameters near the start, and an archive's directory is at its end.
        offset = draw(st.integers(0, min(len(content), draw(st.sampled_from((64, 100_000))))))
        if draw(st.booleans()):
            offset = len(content) - offset
        length = draw(st.integers(0, 16))
        match draw(st.sampled_from(("change", "truncate", "delete", "insert", "repeat"))):
            case "change":
                content[offset : offset + length] = draw(st.binary(min_size=length, max_size=length))
            case "truncate":
                del content[max(offset, 1) :]
            case "delete":
                del content[offset : offset + length]
            case "insert":
                content[offset:offset] = draw(st.binary(max_size=16))
            case "repeat":
                content[offset:offset] = content[offset : offset + length] * 3
    return bytes(content)


def mutated_pictures() -> st.SearchStrategy[bytes]:
    """Generate mutated picture files."""
    return st.sampled_from(SEEDS).flatmap(mutated)


def bodies() -> st.SearchStrategy[bytes]:
    """Generate request bodies: valid and mutated pictures, and arbitrary bytes."""
    return st.one_of(mutated_pictures(), st.binary(max_size=500), st.sampled_from(SEEDS))
