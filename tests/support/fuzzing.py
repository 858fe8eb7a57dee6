"""Pictures and bodies that nobody would send by accident, and damaged files, for the tests that make them.

`TRAZO_FUZZ` is how many are sent in all: 200, or 2,000 with `TRAZO_FUZZ=2000 make test ARGS="-k fuzz"`.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

TOTAL = int(os.environ.get("TRAZO_FUZZ", "200"))


def share(part: float) -> Callable:
    """Hypothesis' settings for a test that sends this part (0..1) of all."""
    return settings(
        max_examples=max(1, round(TOTAL * part)),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def drawn_seven(mode: str = "RGB", side: int = 60) -> Image.Image:
    """A 7 in dark ink on light paper."""
    image = Image.new("L", (side, side), 240)
    points = [(side * x, side * y) for x, y in ((0.25, 0.2), (0.75, 0.2), (0.45, 0.85))]
    ImageDraw.Draw(image).line(points, fill=20, width=max(2, side // 12))
    return image.convert(mode)


def drawn_one() -> Image.Image:
    """Draw a 1 in black on white."""
    image = Image.new("RGB", (200, 200), "white")
    ImageDraw.Draw(image).line([(100, 40), (100, 160)], fill="black", width=14)
    return image


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    """The picture as a file of this kind."""
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
    """A file with some bytes changed, cut off, repeated or put in."""
    content = bytearray(original)
    for _ in range(draw(st.integers(0, 6))):
        # Most of what decoders believe stands near the start, archives' contents at the end.
        place = draw(st.integers(0, min(len(content), draw(st.sampled_from((64, 100_000))))))
        if draw(st.booleans()):
            place = len(content) - place
        length = draw(st.integers(0, 16))
        match draw(st.sampled_from(("change", "cut", "drop", "put in", "repeat"))):
            case "change":
                content[place : place + length] = draw(st.binary(min_size=length, max_size=length))
            case "cut":
                del content[max(place, 1) :]
            case "drop":
                del content[place : place + length]
            case "put in":
                content[place:place] = draw(st.binary(max_size=16))
            case "repeat":
                content[place:place] = content[place : place + length] * 3
    return bytes(content)


def mutated_pictures() -> st.SearchStrategy[bytes]:
    """A picture file, mutated."""
    return st.sampled_from(SEEDS).flatmap(mutated)


def bodies() -> st.SearchStrategy[bytes]:
    """Generate request bodies: pictures, nearly pictures, and arbitrary bytes."""
    return st.one_of(mutated_pictures(), st.binary(max_size=500), st.sampled_from(SEEDS))
