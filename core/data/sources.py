"""MNIST's files: reading, verifying, importing and downloading them."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from core.arrays import load_arrays
from core.data.downloads import Progress, Source, download_shared
from core.environment import keras_cache, mnist_location
from core.errors import DataError, DataMissing
from core.language import Message
from core.storage import atomic_write, is_file, is_gone, open_file, read_file, system_reason, unpack
from core.workspace import Workspace

Arrays = Mapping[str, np.ndarray]
ARRAY_SHAPES = {"x_train": (60000, 28, 28), "y_train": (60000,), "x_test": (10000, 28, 28), "y_test": (10000,)}
MNIST_FINGERPRINT = "869043a08a4d18821fa17546401bfbe66053b5e347a0a99c9ae9e6cbd1f08db0"
"""`fingerprint` of MNIST (LeCun, Cortes and Burges) in its original order; independent of the file format."""

_MAX_BYTES = 2**26
"""Size limit in bytes of decompressed files; MNIST's arrays take 55 MB, but a hostile file might fill the memory."""

IDX_STEMS = {
    "x_train": "train-images",
    "y_train": "train-labels",
    "x_test": "t10k-images",
    "y_test": "t10k-labels",
}
_IDX_MIRROR = "https://ossci-datasets.s3.amazonaws.com/mnist/"
SOURCES = (
    # The URL and hash that keras.datasets.mnist uses.
    Source(
        Message("the copy that Keras uses"),
        {
            "mnist.npz": (
                "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
                "sha256:731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
            )
        },
    ),
    # The original four files, byte for byte, as mirrored for torchvision.
    Source(
        Message("the mirror that torchvision uses"),
        {
            name: (_IDX_MIRROR + name, "sha256:" + digest)
            for name, digest in {
                "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            }.items()
        },
    ),
)


def fingerprint(arrays: Arrays) -> str:
    """Return the SHA-256 (hex) of the name, dtype, shape and contents of every array, in the order of ARRAY_SHAPES."""
    digest = hashlib.sha256()
    for name in ARRAY_SHAPES:
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name}:{array.dtype.str}:{array.shape};".encode())
        digest.update(array.data)
    return digest.hexdigest()


def find_mnist(workspace: Workspace) -> Path | None:
    """Look for MNIST in TRAZO_MNIST, the workspace and Keras' cache; return the first path found, or None.

    Raises DataError if TRAZO_MNIST points to a path that does not exist.
    """
    location = mnist_location()
    if location is not None:
        if is_gone(location):
            raise DataError(
                Message(
                    "TRAZO_MNIST points to {location}, which does not exist. Correct or unset the variable.",
                    location=location,
                ),
                location,
            )
        return location
    for path in (workspace.mnist_file, keras_cache()):
        if is_file(path):
            return path
    return None


def read_mnist(path: Path) -> dict[str, np.ndarray]:
    """Read MNIST from an .npz file, an IDX file, or a folder with mnist.npz or the four IDX files (gzipped or not).

    Returns uint8 arrays with the names and shapes of ARRAY_SHAPES. Raises DataError if their contents are not MNIST's,
    and DataMissing if `path` does not exist.
    """
    if is_gone(path):
        raise DataMissing(
            Message("{path} does not exist. Choose an .npz file or a folder with MNIST's four IDX files.", path=path),
            path,
        )
    with _reading_errors(path):
        arrays = _read_folder(path) if path.is_dir() else _read_file(path)
    check_mnist(arrays, str(path))
    return arrays


def import_mnist(path: Path, workspace: Workspace) -> Path:
    """Verify the MNIST files at `path` and copy them into the workspace; if this fails, the previous file is kept."""
    return store_mnist(read_mnist(path), workspace)


def download_mnist(
    workspace: Workspace, progress: Progress | None = None, sources: tuple[Source, ...] = SOURCES
) -> Path:
    """Download MNIST into the workspace from the first source that works, and return the file.

    Raises DownloadError with the error from each source, and StorageError if the disk is full or read-only. The
    previous file is kept until a verified one replaces it. Concurrent calls share one download.
    """
    failure = Message(
        "MNIST could not be downloaded: none of the sources returned a valid file. Check your connection "
        "and try again, or download the file some other way and run: python -m core data import FILE."
    )
    target = workspace.mnist_file
    download_shared(target, sources, lambda folder: store_mnist(read_mnist(folder), workspace), failure, progress)
    return target


def store_mnist(arrays: Arrays, workspace: Workspace) -> Path:
    """Write verified arrays into the workspace atomically and return the file; raises StorageError."""
    with atomic_write(workspace.mnist_file) as temporary, temporary.open("wb") as file:
        # Uncompressed, so that a worker reads the 55 MB in 30 ms rather than 200 ms.
        np.savez(file, allow_pickle=False, **{name: arrays[name] for name in ARRAY_SHAPES})
    return workspace.mnist_file


def _read_file(path: Path) -> dict[str, np.ndarray]:
    if path.suffix == ".npz":
        return _read_npz(path)
    if any(path.name.startswith(stem) for stem in IDX_STEMS.values()):
        return _read_folder(path.parent)
    raise DataError(Message("{path} is neither an .npz file nor one of MNIST's four IDX files.", path=path), path)


def _read_folder(folder: Path) -> dict[str, np.ndarray]:
    if (folder / "mnist.npz").is_file():
        return _read_npz(folder / "mnist.npz")
    return {name: _read_idx(_find_idx_file(folder, stem)) for name, stem in IDX_STEMS.items()}


def _find_idx_file(folder: Path, stem: str) -> Path:
    for kind in ("idx3", "idx1"):
        for separator in ("-", "."):
            for ending in ("", ".gz"):
                path = folder / f"{stem}{separator}{kind}-ubyte{ending}"
                if path.is_file():
                    return path
    raise DataMissing(
        Message(
            "{folder} contains neither mnist.npz nor {stem}-idx*-ubyte(.gz). Add mnist.npz or all four IDX files.",
            folder=folder,
            stem=stem,
        ),
        folder,
    )


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    with _reading_errors(path), open_file(path) as file:
        return load_npz(file, str(path))


def _read_idx(path: Path) -> np.ndarray:
    with _reading_errors(path):
        content = read_file(path)
    return parse_idx(content, str(path))


@contextmanager
def _reading_errors(path: Path) -> Iterator[None]:
    """Raise DataError in place of the OSError for an unreadable file."""
    try:
        yield
    except PermissionError as error:
        raise DataError(Message("Permission denied for {path}. Change its permissions.", path=path), path) from error
    except OSError as error:
        raise DataError(
            Message(
                "{path} cannot be read: {reason}. Download or import MNIST again.",
                path=path,
                reason=system_reason(error),
            ),
            path,
        ) from error


def load_npz(file: IO[bytes], name: str) -> dict[str, np.ndarray]:
    """Return the arrays of ARRAY_SHAPES in an open .npz file, unverified; `name` is the file's name in errors.

    Raises DataError if the file is damaged or arrays are missing.
    """
    try:
        arrays = load_arrays(file, name, _MAX_BYTES)
    except (OSError, ValueError) as error:
        raise DataError(
            Message("{name} is damaged, too large or not an .npz file. Download or import MNIST again.", name=name)
        ) from error
    missing = [array_name for array_name in ARRAY_SHAPES if array_name not in arrays]
    if missing:
        raise DataError(
            Message(
                "{name} is not MNIST: arrays are missing ({missing}). Download MNIST again.",
                name=name,
                missing=", ".join(missing),
            )
        )
    return {array_name: arrays[array_name] for array_name in ARRAY_SHAPES}


def parse_idx(content: bytes, name: str) -> np.ndarray:
    """Return the array in an IDX file of unsigned bytes, gzipped or not; `name` is the file's name in errors.

    LeCun et al. describe the format on the MNIST page. Raises DataError.
    """
    try:
        content = unpack(content, _MAX_BYTES)
        zeros, kind, dimensions = struct.unpack_from(">HBB", content)
        shape = struct.unpack_from(f">{dimensions}I", content, 4)
        data = np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions)
        if zeros != 0 or kind != 0x08 or data.size != np.prod(shape, dtype=np.int64):
            raise DataError(
                Message("{name} is truncated or not an IDX file of unsigned bytes. Download MNIST again.", name=name)
            )
        return data.reshape(shape)
    # ValueError: an array without elements, or with more dimensions than NumPy allows
    except (OSError, EOFError, ValueError, zlib.error, struct.error) as error:
        raise DataError(
            Message("{name} is damaged or truncated. Download or import MNIST again.", name=name)
        ) from error


def check_mnist(arrays: Arrays, name: str) -> None:
    """Raise DataError unless the arrays are MNIST's; `name` is the file's name in errors."""
    for array_name, shape in ARRAY_SHAPES.items():
        array = arrays[array_name]
        if array.shape != shape or array.dtype != np.uint8:
            raise DataError(
                Message(
                    "{name} is not MNIST: {array} should be uint8 {shape}. Received: {found_dtype} {found_shape}.",
                    name=name,
                    array=array_name,
                    shape=shape,
                    found_dtype=array.dtype,
                    found_shape=array.shape,
                )
            )
    if fingerprint(arrays) != MNIST_FINGERPRINT:
        raise DataError(
            Message(
                "{name} has MNIST's shapes, but contains a different dataset or is damaged. Download MNIST again.",
                name=name,
            )
        )
