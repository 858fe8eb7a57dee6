"""The benchmarks' synthetic photos and forms show their digit and are the same every time."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks import forms
from benchmarks.photos import KINDS, pictures
from core.ink.drawing import prepare
from core.ink.photo import ink_from_picture


def nine() -> np.ndarray:
    """Return a drawn nine, uint8 (28, 28), white on black."""
    picture = Image.new("L", (112, 112))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((36, 16, 76, 56), outline=255, width=10)
    draw.line([(72, 36), (60, 94)], fill=255, width=10)
    return np.asarray(picture.reduce(4))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_picture_shows_its_digit(kind: str) -> None:
    (data,) = pictures(kind, nine()[np.newaxis])

    found, expected = prepare(ink_from_picture(data).likeliest).image, prepare(nine()).image

    assert found is not None
    assert expected is not None
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.7


@pytest.mark.parametrize("kind", forms.KINDS)
def test_every_kind_of_form_shows_its_digit(kind: str) -> None:
    picture = forms.KINDS[kind](nine(), np.random.default_rng(forms.SEED))
    expected = prepare(nine()).image
    assert expected is not None

    ink = ink_from_picture(picture)
    images = [prepare(candidate).image for candidate in (*ink.candidates, *ink.late_candidates())]

    correlations = [np.corrcoef(image.ravel(), expected.ravel())[0, 1] for image in images if image is not None]
    assert max(correlations) > 0.7


@pytest.mark.parametrize("kind", ["noise", "sheet on a dark table"])
def test_pictures_are_the_same_every_time(kind: str) -> None:
    assert pictures(kind, nine()[np.newaxis]) == pictures(kind, nine()[np.newaxis])
