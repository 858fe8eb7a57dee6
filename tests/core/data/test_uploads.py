"""Uploaded datasets are recognised by their contents; a wrong file changes nothing."""

from __future__ import annotations

import gzip
import io
import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.data import sources
from core.data.pen_digits import read_pen_digits
from core.data.sources import import_mnist, parse_idx, read_mnist
from core.data.uploads import Upload, import_uploaded_mnist, import_uploaded_pen_digits
from core.errors import DataError, DataMissing
from core.handwriting import pen_file
from core.handwriting.pen_file import parse_pen_file
from core.workspace import Workspace
from tests.support.mnist_files import file_names, same_arrays, write_idx
from tests.support.pen_digit_files import DIGITS, UNIPEN

Arrays = dict[str, np.ndarray]


def npz(arrays: Arrays) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def idx_uploads(folder: Path, arrays: Arrays) -> list[Upload]:
    """Return the four IDX files under meaningless names, with the labels gzipped."""
    write_idx(folder, arrays)
    contents = [path.read_bytes() for path in sorted(folder.iterdir())]
    return [
        Upload(f"{number}.bin", gzip.compress(content) if len(content) < 100_000 else content)
        for number, content in enumerate(contents)
    ]


def idx(*shape: int, values: bytes | None = None) -> bytes:
    header = struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)
    return header + (bytes(int(np.prod(shape))) if values is None else values)


def test_npz_is_stored_under_any_name(workspace: Workspace, arrays: Arrays) -> None:
    path = import_uploaded_mnist([Upload("../../other name (1)", npz(arrays))], workspace)

    assert path == workspace.mnist_file
    assert same_arrays(arrays, read_mnist(path))


def test_npz_that_was_added_to_a_damaged_one_is_stored(workspace: Workspace, arrays: Arrays) -> None:
    good = npz(arrays)

    path = import_uploaded_mnist([Upload("mnist.npz", good[:1_000_000]), Upload("mnist (1).npz", good)], workspace)

    assert same_arrays(arrays, read_mnist(path))


def test_idx_files_may_come_in_any_order(tmp_path: Path, workspace: Workspace, arrays: Arrays) -> None:
    (tmp_path / "idx").mkdir()
    uploads = idx_uploads(tmp_path / "idx", arrays)

    with pytest.raises(DataMissing, match="Add these IDX files: train-labels, t10k-images"):
        import_uploaded_mnist(uploads[1:3], workspace)
    assert not workspace.mnist_file.exists()
    import_uploaded_mnist(uploads[::-1], workspace)

    assert same_arrays(arrays, read_mnist(workspace.mnist_file))


def test_wrong_upload_keeps_the_old_file(tmp_path: Path, workspace: Workspace, arrays: Arrays) -> None:
    good = npz(arrays)
    (tmp_path / "good.npz").write_bytes(good)
    import_mnist(tmp_path / "good.npz", workspace)
    original = workspace.mnist_file.stat()
    labels = gzip.compress(idx(60000))
    wrong = {
        "is damaged, too large or not an .npz file": good[:1_000_000],
        "arrays are missing": npz({"x_train": arrays["x_train"][:1]}),
        "a different dataset": npz({**arrays, "y_test": arrays["y_test"][::-1]}),
        "is neither an .npz file nor one of": b"%PDF-1.7",
        "an array of shape": idx(3, 2),
        "is damaged or truncated": labels[: len(labels) // 2],
        "is truncated or not an IDX file": idx(60000)[:-1],
    }

    for message, content in wrong.items():
        with pytest.raises(DataError, match=f"upload.*{message}"):
            import_uploaded_mnist([Upload("my upload", content)], workspace)

    assert workspace.mnist_file.stat().st_mtime_ns == original.st_mtime_ns
    assert file_names(workspace.mnist_file.parent) == ["mnist.npz"]


def test_decompression_bombs_are_rejected(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> None:
    for module in (sources, pen_file):
        monkeypatch.setattr(module, "_MAX_BYTES", 1000)
    bombs = [npz({"x_train": np.zeros(2000, np.uint8)}), gzip.compress(idx(2000))]

    for bomb in bombs:
        with pytest.raises(DataError):
            import_uploaded_mnist([Upload("bomb", bomb)], workspace)
    with pytest.raises(DataError, match="not a file of pen digits"):
        import_uploaded_pen_digits([Upload("bomb", gzip.compress(b"[" * 2000))], workspace)


@given(st.binary(max_size=300), st.integers(0, 255))
def test_damaged_files_raise_only_data_errors(content: bytes, dimensions: int) -> None:
    for damaged in (content, bytes([0, 0, 8, dimensions]) + content, b"\x1f\x8b" + content):
        with suppress(DataError):
            assert parse_idx(damaged, "damaged").dtype == np.uint8
    with pytest.raises(DataError):
        parse_pen_file(b"{" + content, "damaged")


def test_uploaded_pen_digits_are_verified_and_stored(few_pen_digits: Workspace) -> None:
    few_pen_digits.pen_digits_file.unlink()

    with pytest.raises(DataError, match="photo is missing, damaged or not"):
        import_uploaded_pen_digits([Upload("photo", b"\xff\xd8")], few_pen_digits)
    assert not few_pen_digits.pen_digits_file.exists()
    import_uploaded_pen_digits([Upload("digits", UNIPEN.encode())], few_pen_digits)

    assert list(read_pen_digits(few_pen_digits.pen_digits_file)) == DIGITS
