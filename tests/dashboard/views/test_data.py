"""The Data page in Streamlit's AppTest."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from streamlit.testing.v1 import AppTest

from core.data.datasets import Dataset
from core.data.downloads import Progress
from core.data.pen_digits import import_pen_digits
from core.data.uploads import MAX_UPLOAD_MB
from core.errors import DownloadError
from core.handwriting.pen_file import write_pen_file
from core.workspace import PROJECT, Workspace
from dashboard.data import banner
from tests.support.clicks import click_on_picture
from tests.support.markdown import unescape_markdown
from tests.support.page_text import markdown
from tests.support.pen_digit_files import DIGITS, UNIPEN

PAGE = str(PROJECT / "dashboard" / "views" / "data.py")


@pytest.fixture
def page(workspace: Workspace) -> AppTest:
    return AppTest.from_file(PAGE, default_timeout=300)


def metrics(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def test_page_shows_the_dataset_and_its_image_counts(page: AppTest, mnist: Dataset) -> None:
    page.run()

    assert not page.exception
    assert metrics(page) == {
        "Dataset": "MNIST",
        "Training images": "54,000",
        "Validation images": "6,000",
        "Test images": "10,000",
    }
    assert not page.warning
    assert any(mnist.fingerprint[:16] in caption.value for caption in page.caption)


def test_caption_counts_the_filtered_images(page: AppTest, mnist: Dataset) -> None:
    page.run()

    page.segmented_control(key="data_split").set_value("test").run()
    page.pills(key="data_digits").set_value([3, 8]).run()
    page.toggle(key="data_shuffle").set_value(True).run()

    assert not page.exception
    expected = int(((mnist.test.labels == 3) | (mnist.test.labels == 8)).sum())
    assert any(f"{expected:,} images" in caption.value for caption in page.caption)


@pytest.mark.usefixtures("without_mnist")
def test_without_mnist_a_banner_offers_the_download(page: AppTest) -> None:
    page.run()

    assert not page.exception
    assert "stand" in page.warning[0].value
    assert page.button(key="download_mnist").label.startswith("Download MNIST")
    assert page.file_uploader(key="upload_mnist").proto.max_upload_size_mb == MAX_UPLOAD_MB
    assert not any("Data page" in unescape_markdown(text) for text in markdown(page))
    assert metrics(page)["Dataset"].startswith("scikit-learn digits")


@pytest.mark.usefixtures("without_mnist")
def test_failed_download_is_explained_on_the_page(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    # No server listens at this URL, so the download fails immediately.
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    page.run()
    page.button(key="download_mnist").click().run()

    assert not page.exception
    assert "could not be downloaded" in page.error[0].value
    assert unescape_markdown(page.error[0].value).endswith('press "Upload MNIST".')
    assert metrics(page)["Training images"]


@pytest.mark.usefixtures("without_mnist")
def test_banner_reports_a_damaged_file(page: AppTest, workspace: Workspace) -> None:
    workspace.mnist_file.parent.mkdir(parents=True)
    workspace.mnist_file.write_bytes(b"PK truncated")

    page.run()

    assert not page.exception
    assert any("mnist.npz is damaged" in unescape_markdown(caption.value) for caption in page.caption)


@pytest.fixture
def pen_page(page: AppTest, without_mnist: None) -> AppTest:
    """The Data page, showing the pen digits."""
    page.query_params["dataset"] = "pen-digits"
    return page


def captions(page: AppTest) -> str:
    return "\n".join(unescape_markdown(caption.value) for caption in page.caption)


def test_pen_digits_are_shown_with_their_attribution(few_pen_digits: Workspace, pen_page: AppTest) -> None:
    pen_page.run()

    assert not pen_page.exception
    assert metrics(pen_page) == {
        "Digits": "4",
        "Writers": "30",
        "For training: writers 1 to 20": "2",
        "For measuring: writers 21 to 30": "2",
    }
    assert "E. Alpaydin and F. Alimoglu" in captions(pen_page)
    with click_on_picture("pen_grid", 0):
        pen_page.run()
    assert "are for measuring. Strokes: 2 points (white)." in pen_page.markdown[-1].value
    assert pen_page.session_state["offered_drawing"][0]["type"] == "Path"
    table = pen_page.dataframe[0].value.set_index("Writer")
    assert table["Use"].to_dict() == {1: "training", 20: "training", 21: "measuring", 30: "measuring"}
    assert table.loc[30, ["0", "4", "8"]].tolist() == [1, 0, 0]


def test_pen_digits_are_filtered_by_use_writer_and_digit(few_pen_digits: Workspace, pen_page: AppTest) -> None:
    pen_page.run()
    assert "4 digits." in captions(pen_page)

    pen_page.segmented_control(key="pen_use").set_value("measuring").run()
    assert "2 digits." in captions(pen_page)
    pen_page.pills(key="pen_digits").set_value([0, 4]).run()
    assert "1 digit." in captions(pen_page)
    pen_page.multiselect(key="pen_writers_measuring").set_value([21]).run()

    assert not pen_page.exception
    assert "0 digits." in captions(pen_page)


def test_missing_pen_digits_are_downloaded_with_progress(
    few_pen_digits: Workspace, pen_page: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few_pen_digits.pen_digits_file.unlink()
    (tmp_path / "unipen").write_text(UNIPEN)

    def download(workspace: Workspace, progress: Progress) -> Path:
        progress(1, 2)
        return import_pen_digits(tmp_path / "unipen", workspace)

    monkeypatch.setattr(banner, "download_pen_digits", download)
    pen_page.run()
    assert unescape_markdown(pen_page.warning[0].value) == "The pen digits are not on this machine yet."

    pen_page.button(key="download_pen_digits").click().run()

    assert not pen_page.exception
    assert metrics(pen_page)["Digits"] == "4"


def test_download_of_unknown_size_is_compared_with_the_usual_one(
    workspace: Workspace, pen_page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    bar = MagicMock()

    def download(workspace: Workspace, progress: Progress) -> Path:
        progress(9 * 2**18, 0)
        raise DownloadError("The server has gone.")

    monkeypatch.setattr(banner, "download_pen_digits", download)
    monkeypatch.setattr(banner.st, "progress", MagicMock(return_value=bar))
    pen_page.run()

    pen_page.button(key="download_pen_digits").click().run()

    bar.progress.assert_called_once_with(pytest.approx(2.25 / 3.6), "2.2 MB of 3.6 MB")


def test_failed_download_of_pen_digits_is_explained(
    workspace: Workspace, pen_page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(banner, "download_pen_digits", partial(banner.download_pen_digits, sources=()))
    pen_page.run()

    pen_page.button(key="download_pen_digits").click().run()

    assert not pen_page.exception
    assert "could not be downloaded" in pen_page.error[0].value


def test_visitors_cannot_download_the_pen_digits(
    workspace: Workspace, pen_page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAZO_READONLY", "1")

    pen_page.run()

    assert not pen_page.button
    assert not pen_page.file_uploader
    assert "you need permission" in captions(pen_page)


def test_damaged_pen_digits_are_reported_and_can_be_replaced(few_pen_digits: Workspace, pen_page: AppTest) -> None:
    write_pen_file(few_pen_digits.pen_digits_file, DIGITS[:2])

    pen_page.run()

    assert not pen_page.exception
    assert "does not contain UCI's pen digits" in unescape_markdown(pen_page.warning[0].value)
    assert pen_page.button(key="download_pen_digits").label == "Download the pen digits (3.6 MB)"

    pen_page.file_uploader(key="upload_pen_digits").upload("digits", UNIPEN.encode()).run()

    assert not pen_page.exception
    assert metrics(pen_page)["Digits"] == "4"
