"""Datasets in files that were chosen in the browser; files are recognised by content, not by name."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.data.pen_digits import check_pen_digits
from core.data.sources import ARRAY_SHAPES, IDX_STEMS, check_mnist, load_npz, parse_idx, store_mnist
from core.errors import DataError, DataMissing
from core.handwriting.pen_file import parse_pen_file, write_pen_file
from core.language import Message
from core.workspace import Workspace

MAX_UPLOAD_MB = 48
"""Size limit of one file in megabytes (2**20 bytes): MNIST's training images take 45, unless they are gzipped."""

_NPZ_MAGIC = b"PK"
_IDX_MAGICS = (b"\x1f\x8b", b"\x00\x00\x08")
"""The first bytes of a gzipped file, and of an IDX file of unsigned bytes."""


class Upload(NamedTuple):
    """A file as the browser sent it: its name, which may be anything, and its contents."""

    name: str
    content: bytes


def import_uploaded_mnist(uploads: Sequence[Upload], workspace: Workspace) -> Path:
    """Verify MNIST in uploaded files and store it in the workspace; if this fails, the previous file is kept.

    `uploads`: an .npz file (the last one, if there are several), or the four IDX files, gzipped or not. Raises
    DataMissing while some of the four are missing, DataError if a file is damaged or not MNIST's, and StorageError.
    """
    npz = next((upload for upload in reversed(uploads) if upload.content.startswith(_NPZ_MAGIC)), None)
    name = Message("This upload") if npz is None else npz.name
    arrays = _arrays_of_idx_files(uploads) if npz is None else load_npz(io.BytesIO(npz.content), name)
    check_mnist(arrays, name)
    return store_mnist(arrays, workspace)


def import_uploaded_pen_digits(uploads: Sequence[Upload], workspace: Workspace) -> Path:
    """Verify the pen digits in the last uploaded file and store them; if this fails, the previous file is kept.

    Raises DataError if the file does not contain them, and StorageError.
    """
    upload = uploads[-1]
    digits = parse_pen_file(upload.content, upload.name)
    check_pen_digits(digits, upload.name)
    write_pen_file(workspace.pen_digits_file, digits)
    return workspace.pen_digits_file


def _arrays_of_idx_files(uploads: Sequence[Upload]) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    for upload in uploads:
        if not upload.content.startswith(_IDX_MAGICS):
            raise DataError(
                Message(
                    "{name} is neither an .npz file nor one of MNIST's four IDX files. Remove it and choose "
                    "another file.",
                    name=upload.name,
                )
            )
        array = parse_idx(upload.content, upload.name)
        arrays[_array_name(array, upload.name)] = array
    missing = [stem for name, stem in IDX_STEMS.items() if name not in arrays]
    if missing:
        raise DataMissing(
            Message("MNIST is not complete yet. Add these IDX files: {missing}.", missing=", ".join(missing))
        )
    return arrays


def _array_name(array: np.ndarray, name: str) -> str:
    """Return the name of the MNIST array with this shape; raise DataError if there is none."""
    for array_name, shape in ARRAY_SHAPES.items():
        if array.shape == shape:
            return array_name
    raise DataError(
        Message(
            "{name} is not one of MNIST's four IDX files: it contains an array of shape {shape}. Remove it "
            "and choose another file.",
            name=name,
            shape=array.shape,
        )
    )
