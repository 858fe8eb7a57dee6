"""Datasets are downloaded from the first source that works, verified and stored atomically."""

from __future__ import annotations

import functools
import hashlib
import http.server
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.data.downloads import Source
from core.data.pen_digits import download_pen_digits, read_pen_digits
from core.data.sources import download_mnist, read_mnist
from core.errors import DownloadError
from core.workspace import PROJECT, Workspace
from tests.support.mnist_files import file_names, same_arrays, write_idx
from tests.support.pen_digit_files import DIGITS, UNIPEN
from tests.support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("without_mnist")


class _Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        if "unsized" in self.path:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(Path(self.translate_path(self.path)).read_bytes())
            return None
        if "broken" not in self.path and "stalled" not in self.path:
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self.wfile.write(b"only a little")
        if "stalled" in self.path:
            self.wfile.flush()
            self.rfile.read(1)  # until the client has gone
        self.close_connection = True
        return None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Serve the files in `tmp_path`; the response for `broken` is truncated, the one for `stalled` never ends.

    The one for `unsized` has no Content-Length.
    """
    handler = functools.partial(_Handler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def source(url: str, path: Path, name: str = "mnist.npz") -> Source:
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "0" * 64
    return Source("a test", {name: (f"{url}/{path.name}", f"sha256:{digest}")})


def test_download_reports_progress_and_stores_the_file(
    tmp_path: Path, workspace: Workspace, arrays: dict[str, np.ndarray], server: str
) -> None:
    served = tmp_path / "served.npz"
    np.savez(served, **arrays)
    reported: list[tuple[int, int]] = []

    path = download_mnist(workspace, lambda done, total: reported.append((done, total)), (source(server, served),))

    assert same_arrays(arrays, read_mnist(path))
    size = served.stat().st_size
    assert reported[-1] == max(reported) == (size, size)


def test_download_of_unknown_size_reports_what_it_has_received(
    tmp_path: Path, workspace: Workspace, arrays: dict[str, np.ndarray], server: str
) -> None:
    served = tmp_path / "unsized.npz"
    np.savez_compressed(served, **arrays)
    reported: list[tuple[int, int]] = []

    download_mnist(workspace, lambda done, total: reported.append((done, total)), (source(server, served),))

    done, total = reported[-1]
    assert done >= served.stat().st_size
    assert total == 0


def test_second_source_is_used_if_the_first_fails(
    tmp_path: Path, workspace: Workspace, arrays: dict[str, np.ndarray], server: str
) -> None:
    write_idx(tmp_path, arrays, ".gz")
    files = {
        path.name: (f"{server}/{path.name}", "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest())
        for path in tmp_path.glob("*.gz")
    }

    path = download_mnist(workspace, None, (source(server, tmp_path / "absent.npz"), Source("IDX files", files)))

    assert same_arrays(arrays, read_mnist(path))


@pytest.mark.parametrize("name", ["absent.npz", "broken.npz", "wrong.npz"])
def test_failed_download_keeps_the_old_file(tmp_path: Path, workspace: Workspace, server: str, name: str) -> None:
    (tmp_path / "wrong.npz").write_text("something else")
    failing = Source("a test", {"mnist.npz": (f"{server}/{name}", "sha256:" + "0" * 64)})
    workspace.mnist_file.parent.mkdir(parents=True)
    workspace.mnist_file.write_bytes(b"the old one")

    with pytest.raises(DownloadError, match="could not be downloaded") as raised:
        download_mnist(workspace, None, (failing,))

    assert len(raised.value.errors) == 1
    assert workspace.mnist_file.read_bytes() == b"the old one"
    assert file_names(workspace.mnist_file.parent) in (["mnist.npz"], ["mnist.npz", "mnist.npz.lock"])


def test_unreachable_server_raises_download_error(workspace: Workspace) -> None:
    unreachable = Source("unreachable", {"mnist.npz": ("http://127.0.0.1:9/mnist.npz", "sha256:" + "0" * 64)})

    with pytest.raises(DownloadError) as raised:
        download_mnist(workspace, None, (unreachable,))

    assert "could not be reached" in raised.value.errors[0]


def test_missing_ca_certificates_are_named(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/file.pem")
    source = Source("secure", {"mnist.npz": ("https://127.0.0.1:9/mnist.npz", "sha256:" + "0" * 64)})

    with pytest.raises(DownloadError) as raised:
        download_mnist(workspace, None, (source,))

    assert "/no/such/file.pem" in raised.value.errors[0]


def test_download_removes_what_a_killed_one_has_left(
    tmp_path: Path, workspace: Workspace, arrays: dict[str, np.ndarray], server: str
) -> None:
    np.savez(tmp_path / "served.npz", **arrays)
    partial = source(server, tmp_path / "stalled.npz")
    script = f"""
        from pathlib import Path
        from core.data.downloads import Source
        from core.data.sources import download_mnist
        from core.workspace import Workspace
        download_mnist(Workspace(Path({str(workspace.root)!r})), None, ({partial!r},))
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], cwd=PROJECT)
    wait_until(lambda: any(workspace.mnist_file.parent.rglob("*/*")), what="a part of the file")
    process.kill()
    process.wait()
    assert any(workspace.mnist_file.parent.glob("download-*"))

    download_mnist(workspace, None, (source(server, tmp_path / "served.npz"),))

    assert set(file_names(workspace.mnist_file.parent)) == {"mnist.npz", "mnist.npz.lock"}


def test_concurrent_callers_share_one_download(
    tmp_path: Path, workspace: Workspace, arrays: dict[str, np.ndarray], server: str
) -> None:
    served = tmp_path / "served.npz"
    np.savez(served, **arrays)
    downloading: set[int] = set()
    sources = (source(server, served),)

    def download() -> None:
        download_mnist(workspace, lambda *_: downloading.add(threading.get_ident()), sources)

    threads = [threading.Thread(target=download) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert same_arrays(arrays, read_mnist(workspace.mnist_file))
    assert len(downloading) == 1


def test_pen_digits_are_downloaded_and_stored(tmp_path: Path, few_pen_digits: Workspace, server: str) -> None:
    few_pen_digits.pen_digits_file.unlink()
    (tmp_path / "unipen").write_text(UNIPEN)
    reported: list[tuple[int, int]] = []
    served = source(server, tmp_path / "unipen", "pendigits-train")

    path = download_pen_digits(few_pen_digits, lambda done, total: reported.append((done, total)), (served,))

    assert list(read_pen_digits(path)) == DIGITS
    assert reported[-1] == (len(UNIPEN), len(UNIPEN))


def test_failed_download_keeps_the_old_pen_digits(tmp_path: Path, few_pen_digits: Workspace, server: str) -> None:
    (tmp_path / "other").write_text(UNIPEN[:300])
    sources = (
        Source("absent", {"pendigits-train": (f"{server}/absent", "sha256:" + "0" * 64)}),
        source(server, tmp_path / "other", "pendigits-train"),
    )

    with pytest.raises(DownloadError, match="data import pen-digits FILE") as raised:
        download_pen_digits(few_pen_digits, None, sources)

    assert len(raised.value.errors) == 2
    assert list(read_pen_digits(few_pen_digits.pen_digits_file)) == DIGITS
