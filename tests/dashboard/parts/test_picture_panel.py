"""The panel of a picture, opened from a page that was drawn earlier."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.support.clicks import panel_title


def open_panel() -> None:
    from dashboard.parts.picture_panel import show_samples_panel

    show_samples_panel([("train", 3), ("test", 5)], "mnist")


@pytest.mark.usefixtures("workspace", "without_mnist")
def test_image_of_a_removed_dataset_is_reported() -> None:
    page = AppTest.from_function(open_panel, default_timeout=300).run()

    assert not page.exception
    assert "MNIST is not on this machine" in page.toast[0].value
    assert panel_title(page) == ""
