"""Mutated pictures and model files are either read or rejected with a clear error."""

from __future__ import annotations

import gc
import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.classifier.bundle import Bundle
from core.classifier.predictor import Predictor
from core.errors import BundleError, PictureError
from core.explain.keras_reader import load_network
from core.ink.drawing import prepare
from core.ink.photo import ink_from_array, ink_from_picture
from core.runs.run import Run
from tests.support.fuzzing import TOTAL, drawn_seven, encoded, mutated, mutated_pictures, share


def read(picture: bytes) -> None:
    """Decode and prepare a picture; fail unless it is read or rejected with a message."""
    try:
        ink = ink_from_picture(picture)
    except PictureError as error:
        message = str(error)
    else:
        message = "."
        for candidate in (*ink.candidates, *ink.late_candidates()):
            check_preparation(candidate)
    assert message.endswith(".")


def check_preparation(ink: np.ndarray) -> None:
    assert ink.dtype == np.uint8
    assert ink.ndim == 2
    drawing = prepare(ink)
    assert drawing.blank or (drawing.image is not None and drawing.image.shape == (28, 28))


@share(0.4)
@given(mutated_pictures())
def test_mutated_picture_is_read_or_rejected(picture: bytes) -> None:
    read(picture)


@share(0.1)
@given(
    arrays.arrays(
        np.uint8,
        st.one_of(
            st.tuples(st.integers(1, 90), st.integers(1, 90)),
            st.tuples(st.integers(1, 40), st.integers(1, 40), st.sampled_from((1, 3, 4))),
        ),
        fill=st.integers(0, 255),
    )
)
def test_any_pixels_are_prepared(pixels: np.ndarray) -> None:
    found = ink_from_array(pixels)
    for ink in (*found.candidates, *found.late_candidates()):
        check_preparation(ink)
    if pixels.ndim == 2:
        check_preparation(pixels)


@share(0.1)
@example(height=332, width=11, seed=3, density=0.25)  # ink that is hardly brighter than the background
@given(st.integers(1, 700), st.integers(1, 700), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_any_ink_is_prepared(height: int, width: int, seed: int, density: float) -> None:
    rng = np.random.default_rng(seed)
    ink = np.where(rng.random((height, width)) < density**3, rng.integers(0, 256, (height, width)), 0)

    check_preparation(ink.astype(np.uint8))


@share(0.3)
@given(st.data())
def test_mutated_bundle_is_read_or_rejected(trained: Run, tmp_path: Path, data: st.DataObject) -> None:
    shutil.copytree(trained.bundle.folder, tmp_path, dirs_exist_ok=True)
    bundle = Bundle(tmp_path)
    file = data.draw(st.sampled_from(bundle.files), "file")
    file.write_bytes(data.draw(mutated(file.read_bytes()), "content"))

    for read_part in (
        bundle.card,
        bundle.evaluation,
        bundle.first_layer_filters,
        lambda: Predictor(bundle),
        lambda: load_network(bundle),
    ):
        with suppress(BundleError):
            read_part()


def test_large_pictures_do_not_leak_memory() -> None:
    large = encoded(drawn_seven(side=2500), "PNG")
    truncated = large[: len(large) // 2]
    process = psutil.Process()

    def memory_after(rounds: int) -> int:
        for _ in range(rounds):
            read(large)
            read(truncated)
        gc.collect()
        return process.memory_info().rss

    before = memory_after(2)

    assert memory_after(max(5, TOTAL // 100)) - before < 40 * 2**20
