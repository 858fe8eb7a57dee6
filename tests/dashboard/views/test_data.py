"""The Data page in Streamlit's AppTest."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.data.datasets import Dataset
from core.workspace import PROJECT, Workspace
from tests.support.markdown import unescape_markdown

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
    assert mnist.fingerprint[:16] in page.caption[0].value


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
    assert metrics(page)["Training images"]


@pytest.mark.usefixtures("without_mnist")
def test_banner_reports_a_damaged_file(page: AppTest, workspace: Workspace) -> None:
    workspace.mnist_file.parent.mkdir(parents=True)
    workspace.mnist_file.write_bytes(b"PK truncated")

    page.run()

    assert not page.exception
    assert any("mnist.npz is damaged" in unescape_markdown(caption.value) for caption in page.caption)
