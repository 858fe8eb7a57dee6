"""The drawing that a person's run classifies during training; it is stored with the run and never trained on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.arrays import read_arrays
from core.storage import atomic_write

_NO_DIGIT = -1


@dataclass(frozen=True)
class OwnDrawing:
    """A drawing as the model's image, uint8 (28, 28), and the digit that the active model read when the run was
    submitted, or None.
    """

    image: np.ndarray
    digit: int | None

    def __post_init__(self) -> None:
        if self.image.shape != (28, 28) or self.image.dtype != np.uint8:
            raise ValueError(f"Expected uint8 (28, 28). Received: {self.image.dtype} {self.image.shape}.")
        if self.digit is not None and self.digit not in range(10):
            raise ValueError(f"Expected a digit. Received: {self.digit}.")


def write_own_drawing(path: Path, drawing: OwnDrawing) -> None:
    """Write a drawing; raises StorageError."""
    digit = _NO_DIGIT if drawing.digit is None else drawing.digit
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, image=drawing.image, digit=np.array(digit, np.int8))


def read_own_drawing(path: Path) -> OwnDrawing | None:
    """Return the drawing in a file, or None if the file is missing or damaged."""
    try:
        arrays = read_arrays(path)
        digit = int(arrays["digit"])
        return OwnDrawing(arrays["image"], None if digit == _NO_DIGIT else digit)
    except (OSError, ValueError, TypeError, KeyError, MemoryError):
        return None
