"""The Data page, used as a person uses it."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.data.datasets import Dataset
from core.workspace import PROJECT, Workspace
from tests.support.markdown import shown

PAGE = str(PROJECT / "dashboard" / "views" / "data.py")


@pytest.fixture
def page(workspace: Workspace) -> AppTest:
    return AppTest.from_file(PAGE, default_timeout=300)


def metrics(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def test_mnist_is_named_and_counted(page: AppTest, mnist: Dataset) -> None:
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


def test_filters_and_shuffling_say_how_many_images_they_leave(page: AppTest, mnist: Dataset) -> None:
    page.run()

    page.segmented_control(key="data_split").set_value("test").run()
    page.pills(key="data_digits").set_value([3, 8]).run()
    page.toggle(key="data_shuffle").set_value(True).run()

    assert not page.exception
    expected = int(((mnist.test.labels == 3) | (mnist.test.labels == 8)).sum())
    assert any(f"{expected:,} images" in caption.value for caption in page.caption)


@pytest.mark.usefixtures("without_mnist")
def test_without_mnist_a_banner_says_so_and_offers_the_download(page: AppTest) -> None:
    page.run()

    assert not page.exception
    assert "stand" in page.warning[0].value
    assert page.button(key="download_mnist").label.startswith("Download MNIST")
    assert metrics(page)["Dataset"].startswith("scikit-learn digits")


@pytest.mark.usefixtures("without_mnist")
def test_a_download_that_fails_says_why_and_the_page_stays(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody listens there: the real download, refused at once.
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    page.run()
    page.button(key="download_mnist").click().run()

    assert not page.exception
    assert "could not be downloaded" in page.error[0].value
    assert metrics(page)["Training images"]


@pytest.mark.usefixtures("without_mnist")
def test_a_damaged_file_is_named_in_the_banner(page: AppTest, workspace: Workspace) -> None:
    workspace.mnist_file.parent.mkdir(parents=True)
    workspace.mnist_file.write_bytes(b"PK truncated")

    page.run()

    assert not page.exception
    assert any("mnist.npz is damaged" in shown(caption.value) for caption in page.caption)
