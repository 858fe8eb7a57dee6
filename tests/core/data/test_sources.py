"""MNIST is found, read in any file format and imported; errors change nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from core.data import sources
from core.data.datasets import Dataset, available_dataset, load_dataset, read_scikit_learn_digits
from core.data.sources import download_mnist, find_mnist, import_mnist, read_mnist
from core.errors import DataError, DataMissing, StorageError
from core.workspace import Workspace
from tests.support.mnist_files import file_names, same_arrays, write_idx

pytestmark = pytest.mark.usefixtures("without_mnist")


def test_real_mnist_has_the_expected_fingerprint(mnist: Dataset) -> None:
    assert mnist.fingerprint == sources.MNIST_FINGERPRINT
    assert (len(mnist.train), len(mnist.validation), len(mnist.test)) == (54000, 6000, 10000)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_idx_files_are_read_gzipped_or_not(tmp_path: Path, arrays: dict[str, np.ndarray], ending: str) -> None:
    write_idx(tmp_path, arrays, ending)

    assert same_arrays(arrays, read_mnist(tmp_path))
    assert same_arrays(arrays, read_mnist(tmp_path / f"train-images-idx3-ubyte{ending}"))


def test_npz_is_read_directly_and_in_a_folder(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez_compressed(tmp_path / "other-name.npz", **arrays)
    np.savez(tmp_path / "mnist.npz", **arrays)

    assert same_arrays(arrays, read_mnist(tmp_path / "other-name.npz"))
    assert same_arrays(arrays, read_mnist(tmp_path))


def test_locations_of_mnist_are_searched_in_order(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_mnist(workspace) is None
    keras = tmp_path / "no-keras" / "datasets" / "mnist.npz"
    for path in (keras, workspace.mnist_file):
        path.parent.mkdir(parents=True)
        path.touch()
        assert find_mnist(workspace) == path
    location = tmp_path / "location"
    location.mkdir()
    monkeypatch.setenv("TRAZO_MNIST", str(location))
    assert find_mnist(workspace) == location


def test_trazo_mnist_that_names_a_missing_file_is_an_error(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAZO_MNIST", "/nowhere/at/all")

    with pytest.raises(DataError, match="TRAZO_MNIST"):
        available_dataset(workspace)


def test_stand_in_has_the_digits_of_scikit_learn() -> None:
    expected = load_digits()

    levels, labels = read_scikit_learn_digits()

    assert np.array_equal(levels, expected.images)
    assert np.array_equal(labels, expected.target)


def test_title_of_the_stand_in_says_that_it_is_one(workspace: Workspace) -> None:
    assert available_dataset(workspace) == "digits"
    digits = load_dataset("digits", workspace)

    assert "stand-in" in digits.title
    assert len(digits.train) + len(digits.validation) + len(digits.test) == 1797
    with pytest.raises(DataMissing, match="data download"):
        load_dataset("mnist", workspace)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def overwrite_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(64 * [0xA5])
    path.write_bytes(content)


def replace_with_html(path: Path) -> None:
    path.write_text("<html>Not found</html>")


def make_empty(path: Path) -> None:
    path.write_bytes(b"")


Damage = Callable[[Path], None]
DAMAGES: list[Damage] = [truncate, overwrite_middle, replace_with_html, make_empty]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_npz_raises_data_error(tmp_path: Path, arrays: dict[str, np.ndarray], damage: Damage) -> None:
    path = tmp_path / "mnist.npz"
    np.savez_compressed(path, **arrays)
    damage(path)

    with pytest.raises(DataError, match=r"mnist\.npz"):
        read_mnist(path)


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_gzip_raises_data_error(tmp_path: Path, arrays: dict[str, np.ndarray], damage: Damage) -> None:
    write_idx(tmp_path, arrays, ".gz")
    damage(tmp_path / "train-labels-idx1-ubyte.gz")

    with pytest.raises(DataError):
        read_mnist(tmp_path)


def test_error_names_the_missing_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "mnist.npz", images=np.zeros(3))

    with pytest.raises(DataError, match="x_train, y_train, x_test, y_test"):
        read_mnist(tmp_path)


def test_npy_content_in_an_npz_raises_data_error(tmp_path: Path) -> None:
    with (tmp_path / "mnist.npz").open("wb") as file:
        np.save(file, np.zeros(3))

    with pytest.raises(DataError, match="not an"):
        read_mnist(tmp_path)


def test_wrong_shapes_and_contents_are_rejected(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez(tmp_path / "shape.npz", **{**arrays, "x_test": arrays["x_test"][:5]})
    np.savez(tmp_path / "contents.npz", **{**arrays, "y_test": arrays["y_test"][::-1]})

    with pytest.raises(DataError, match="x_test should be uint8"):
        read_mnist(tmp_path / "shape.npz")
    with pytest.raises(DataError, match="contains a different dataset or is damaged"):
        read_mnist(tmp_path / "contents.npz")


def test_error_names_the_missing_idx_file(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    write_idx(tmp_path, arrays)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()

    with pytest.raises(DataError, match="t10k-labels"):
        read_mnist(tmp_path)


def test_failed_import_keeps_the_old_file(tmp_path: Path, workspace: Workspace, arrays: dict[str, np.ndarray]) -> None:
    np.savez(tmp_path / "good.npz", **arrays)
    import_mnist(tmp_path / "good.npz", workspace)
    original = workspace.mnist_file.read_bytes()
    (tmp_path / "bad.npz").write_bytes(original[:1000])

    with pytest.raises(DataError):
        import_mnist(tmp_path / "bad.npz", workspace)

    assert workspace.mnist_file.read_bytes() == original
    assert file_names(workspace.mnist_file.parent) == ["mnist.npz"]


def test_full_disk_raises_storage_error_and_keeps_the_old_file(
    tmp_path: Path, small_disk: Path, arrays: dict[str, np.ndarray]
) -> None:
    np.savez(tmp_path / "good.npz", **arrays)
    workspace = Workspace(small_disk)
    workspace.mnist_file.parent.mkdir(parents=True)
    workspace.mnist_file.write_bytes(b"the old one")

    with pytest.raises(StorageError, match="disk is full"):
        import_mnist(tmp_path / "good.npz", workspace)

    assert workspace.mnist_file.read_bytes() == b"the old one"
    assert file_names(workspace.mnist_file.parent) == ["mnist.npz"]


def test_read_only_disk_raises_storage_error(tmp_path: Path, small_disk: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez(tmp_path / "good.npz", **arrays)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)

    for attempt in (
        lambda: import_mnist(tmp_path / "good.npz", Workspace(small_disk)),
        lambda: download_mnist(Workspace(small_disk)),
    ):
        with pytest.raises(StorageError, match=r"could not be written\. Change"):
            attempt()
