"""Files with arrays of MNIST's shapes, for tests."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np

from core.data.sources import ARRAY_SHAPES, IDX_STEMS


def write_idx(folder: Path, arrays: dict[str, np.ndarray], ending: str = "") -> None:
    for name, stem in IDX_STEMS.items():
        array = arrays[name]
        header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
        raw = header + array.tobytes()
        path = folder / f"{stem}-idx{array.ndim}-ubyte{ending}"
        path.write_bytes(gzip.compress(raw, 1) if ending else raw)


def file_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def same_arrays(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> bool:
    return all(np.array_equal(first[name], second[name]) for name in ARRAY_SHAPES)
