"""MNIST is found, read in any container, imported, downloaded; what is wrong is one sentence and changes nothing."""

from __future__ import annotations

import functools
import gzip
import hashlib
import http.server
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from core.data import sources
from core.data.datasets import Dataset, available_dataset, load_dataset
from core.data.sources import ARRAY_SHAPES, IDX_STEMS, Source, download_mnist, find_mnist, import_mnist, read_mnist
from core.errors import DataError, DataMissing, DownloadError, StorageError
from core.workspace import Workspace


@pytest.fixture(autouse=True)
def no_mnist_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TRAZO_MNIST", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "no-keras"))


@pytest.fixture
def arrays(monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """Arrays of MNIST's shapes that pass for it in this test: the contents decide, and these are quickly made."""
    generator = np.random.default_rng(0)
    made = {name: np.zeros(shape, np.uint8) for name, shape in ARRAY_SHAPES.items()}
    made["x_train"][:, 14, 14] = 255
    made["y_train"][:] = generator.integers(0, 10, 60000)
    made["y_test"][:] = generator.integers(0, 10, 10000)
    monkeypatch.setattr(sources, "MNIST_FINGERPRINT", sources.fingerprint(made))
    return made


def write_idx(folder: Path, arrays: dict[str, np.ndarray], ending: str = "") -> None:
    for name, stem in IDX_STEMS.items():
        array = arrays[name]
        header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
        raw = header + array.tobytes()
        path = folder / f"{stem}-idx{array.ndim}-ubyte{ending}"
        path.write_bytes(gzip.compress(raw, 1) if ending else raw)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def same(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> bool:
    return all(np.array_equal(first[name], second[name]) for name in ARRAY_SHAPES)


def test_the_real_mnist_has_the_fingerprint(mnist: Dataset) -> None:
    assert mnist.fingerprint == sources.MNIST_FINGERPRINT
    assert (len(mnist.train), len(mnist.validation), len(mnist.test)) == (54000, 6000, 10000)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_idx_files_are_read_gzipped_or_not(tmp_path: Path, arrays: dict[str, np.ndarray], ending: str) -> None:
    write_idx(tmp_path, arrays, ending)

    assert same(arrays, read_mnist(tmp_path))
    assert same(arrays, read_mnist(tmp_path / f"train-images-idx3-ubyte{ending}"))


def test_an_npz_is_read_compressed_or_not_alone_or_in_a_folder(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez_compressed(tmp_path / "other-name.npz", **arrays)
    np.savez(tmp_path / "mnist.npz", **arrays)

    assert same(arrays, read_mnist(tmp_path / "other-name.npz"))
    assert same(arrays, read_mnist(tmp_path))


def test_the_environment_goes_before_the_workspace_and_that_before_keras(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_mnist(workspace) is None
    keras = tmp_path / "no-keras" / "datasets" / "mnist.npz"
    for path in (keras, workspace.mnist_file):
        path.parent.mkdir(parents=True)
        path.touch()
        assert find_mnist(workspace) == path
    named = tmp_path / "named"
    named.mkdir()
    monkeypatch.setenv("TRAZO_MNIST", str(named))
    assert find_mnist(workspace) == named


def test_a_wrong_name_in_the_environment_is_not_passed_over(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAZO_MNIST", "/nowhere/at/all")

    with pytest.raises(DataError, match="TRAZO_MNIST"):
        available_dataset(workspace)


def test_without_mnist_the_stand_in_is_named_as_such(workspace: Workspace) -> None:
    assert available_dataset(workspace) == "digits"
    digits = load_dataset("digits", workspace)

    assert "stand-in" in digits.title
    assert len(digits.train) + len(digits.validation) + len(digits.test) == 1797
    with pytest.raises(DataMissing, match="data download"):
        load_dataset("mnist", workspace)


def damage_truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def damage_flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(64 * [0xA5])
    path.write_bytes(content)


def damage_text(path: Path) -> None:
    path.write_text("<html>Not found</html>")


def damage_empty(path: Path) -> None:
    path.write_bytes(b"")


Damage = Callable[[Path], None]
DAMAGES: list[Damage] = [damage_truncate, damage_flip, damage_text, damage_empty]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_npz_is_one_sentence(tmp_path: Path, arrays: dict[str, np.ndarray], damage: Damage) -> None:
    path = tmp_path / "mnist.npz"
    np.savez_compressed(path, **arrays)
    damage(path)

    with pytest.raises(DataError, match=r"mnist\.npz"):
        read_mnist(path)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_gzip_is_one_sentence(tmp_path: Path, arrays: dict[str, np.ndarray], damage: Damage) -> None:
    write_idx(tmp_path, arrays, ".gz")
    damage(tmp_path / "train-labels-idx1-ubyte.gz")

    with pytest.raises(DataError):
        read_mnist(tmp_path)


def test_an_npz_without_the_keys_says_which(tmp_path: Path) -> None:
    np.savez(tmp_path / "mnist.npz", images=np.zeros(3))

    with pytest.raises(DataError, match="x_train, y_train, x_test, y_test"):
        read_mnist(tmp_path)


def test_an_array_in_an_npzs_clothes_is_one_sentence(tmp_path: Path) -> None:
    with (tmp_path / "mnist.npz").open("wb") as file:
        np.save(file, np.zeros(3))

    with pytest.raises(DataError, match="not an"):
        read_mnist(tmp_path)


def test_other_shapes_and_other_contents_are_not_mnist(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez(tmp_path / "shape.npz", **{**arrays, "x_test": arrays["x_test"][:5]})
    np.savez(tmp_path / "contents.npz", **{**arrays, "y_test": arrays["y_test"][::-1]})

    with pytest.raises(DataError, match="x_test should be uint8"):
        read_mnist(tmp_path / "shape.npz")
    with pytest.raises(DataError, match="other contents"):
        read_mnist(tmp_path / "contents.npz")


def test_a_folder_that_lacks_a_file_says_which(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    write_idx(tmp_path, arrays)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()

    with pytest.raises(DataMissing, match="t10k-labels"):
        read_mnist(tmp_path)


def test_an_import_that_fails_leaves_the_file_that_was_there(
    tmp_path: Path, workspace: Workspace, arrays: dict[str, np.ndarray]
) -> None:
    np.savez(tmp_path / "good.npz", **arrays)
    import_mnist(tmp_path / "good.npz", workspace)
    before = workspace.mnist_file.read_bytes()
    (tmp_path / "bad.npz").write_bytes(before[:1000])

    with pytest.raises(DataError):
        import_mnist(tmp_path / "bad.npz", workspace)

    assert workspace.mnist_file.read_bytes() == before
    assert names(workspace.mnist_file.parent) == ["mnist.npz"]


def test_a_full_disk_is_one_sentence_and_leaves_the_old_file(
    tmp_path: Path, small_disk: Path, arrays: dict[str, np.ndarray]
) -> None:
    np.savez(tmp_path / "good.npz", **arrays)
    workspace = Workspace(small_disk)
    workspace.mnist_file.parent.mkdir(parents=True)
    workspace.mnist_file.write_bytes(b"the old one")

    with pytest.raises(StorageError, match="disk is full"):
        import_mnist(tmp_path / "good.npz", workspace)

    assert workspace.mnist_file.read_bytes() == b"the old one"
    assert names(workspace.mnist_file.parent) == ["mnist.npz"]


def test_a_disk_that_may_not_be_written_is_one_sentence(
    tmp_path: Path, small_disk: Path, arrays: dict[str, np.ndarray]
) -> None:
    np.savez(tmp_path / "good.npz", **arrays)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)

    for attempt in (
        lambda: import_mnist(tmp_path / "good.npz", Workspace(small_disk)),
        lambda: download_mnist(Workspace(small_disk)),
    ):
        with pytest.raises(StorageError, match="may not be written"):
            attempt()


class _Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        if "broken" not in self.path:
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self.wfile.write(b"only a little")
        self.close_connection = True
        return None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A web server for the files of `tmp_path`; what has `broken` in its name breaks off."""
    handler = functools.partial(_Handler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def source(address: str, path: Path, name: str = "mnist.npz") -> Source:
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "0" * 64
    return Source("a test", {name: (f"{address}/{path.name}", f"sha256:{digest}")})


def test_a_download_reports_progress_and_stores_the_verified_file(
    tmp_path: Path, workspace: Workspace, arrays: dict[str, np.ndarray], server: str
) -> None:
    served = tmp_path / "served.npz"
    np.savez(served, **arrays)
    seen: list[tuple[int, int]] = []

    path = download_mnist(workspace, lambda done, total: seen.append((done, total)), (source(server, served),))

    assert same(arrays, read_mnist(path))
    assert (served.stat().st_size, served.stat().st_size) in seen
    assert [done for done, _ in seen[:3]] == sorted(done for done, _ in seen[:3])


def test_when_the_first_source_fails_the_second_serves(
    tmp_path: Path, workspace: Workspace, arrays: dict[str, np.ndarray], server: str
) -> None:
    write_idx(tmp_path, arrays, ".gz")
    files = {
        path.name: (f"{server}/{path.name}", "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest())
        for path in tmp_path.glob("*.gz")
    }

    path = download_mnist(workspace, None, (source(server, tmp_path / "absent.npz"), Source("IDX files", files)))

    assert same(arrays, read_mnist(path))


@pytest.mark.parametrize("name", ["absent.npz", "broken.npz", "wrong.npz"])
def test_a_failed_download_is_one_sentence_and_leaves_the_old_file(
    tmp_path: Path, workspace: Workspace, server: str, name: str
) -> None:
    (tmp_path / "wrong.npz").write_text("something else")
    wanted = Source("a test", {"mnist.npz": (f"{server}/{name}", "sha256:" + "0" * 64)})
    workspace.mnist_file.parent.mkdir(parents=True)
    workspace.mnist_file.write_bytes(b"the old one")

    with pytest.raises(DownloadError, match="could not be downloaded") as raised:
        download_mnist(workspace, None, (wanted,))

    assert len(raised.value.attempts) == 1
    assert workspace.mnist_file.read_bytes() == b"the old one"
    assert names(workspace.mnist_file.parent) in (["mnist.npz"], ["download.lock", "mnist.npz"])


def test_no_server_at_all_is_one_sentence(workspace: Workspace) -> None:
    nobody = Source("nobody", {"mnist.npz": ("http://127.0.0.1:9/mnist.npz", "sha256:" + "0" * 64)})

    with pytest.raises(DownloadError) as raised:
        download_mnist(workspace, None, (nobody,))

    assert "could not be reached" in raised.value.attempts[0]


def test_two_downloads_at_once_fetch_only_once(
    tmp_path: Path, workspace: Workspace, arrays: dict[str, np.ndarray], server: str
) -> None:
    served = tmp_path / "served.npz"
    np.savez(served, **arrays)
    fetched: list[int] = []
    wanted = (source(server, served),)

    def download() -> None:
        download_mnist(workspace, lambda done, total: fetched.append(done) if done == total else None, wanted)

    threads = [threading.Thread(target=download) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert same(arrays, read_mnist(workspace.mnist_file))
    assert len(fetched) == 1
