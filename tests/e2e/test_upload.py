"""MNIST is uploaded in a real browser, to a dashboard on a machine without it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.data.datasets import Dataset
from core.data.sources import read_mnist
from tests.support.dashboard_process import DashboardProcess
from tests.support.mnist_files import file_names, write_idx


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DashboardProcess]:
    """A dashboard on a machine without MNIST."""
    folder = tmp_path_factory.mktemp("without-mnist")
    process = DashboardProcess(folder, TRAZO_MNIST="", KERAS_HOME=str(folder))
    yield process
    process.stop()


@pytest.mark.extended
def test_page_continues_with_uploaded_mnist(
    page: Page, dashboard: DashboardProcess, mnist: Dataset, tmp_path: Path
) -> None:
    # The training images are the largest file: if they arrive, no limit on the way rejects an upload.
    write_idx(tmp_path, read_mnist(Path(mnist.origin)))
    (tmp_path / "notes.txt").write_text("No digits here.")
    page.goto("/data")
    page.get_by_role("button", name="Upload MNIST").click()
    files = page.locator("input[type=file]")

    files.set_input_files(tmp_path / "notes.txt")
    error = page.get_by_text("notes.txt is neither an .npz file nor one of MNIST's four IDX files.")
    expect(error).to_be_visible()
    page.get_by_role("button", name="Remove notes.txt").click()
    expect(error).to_have_count(0)
    files.set_input_files(sorted(tmp_path.glob("*-ubyte")))

    expect(page.get_by_text("54,000 images.")).to_be_visible()
    expect(page.get_by_role("button", name="Download MNIST")).to_have_count(0)
    assert file_names(dashboard.workspace / "data") == ["mnist.npz"]
