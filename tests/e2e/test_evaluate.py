"""A click on the confusion matrix shows those very images; a click on a sample its pixels."""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Page, expect

from core.classifier.bundle import Bundle
from core.classifier.evaluation import confusion_matrix
from core.data.datasets import Dataset
from core.workspace import SHIPPED_BUNDLE
from tests.e2e.visit import Record, at_rest


def click_cell(page: Page, true: int, said: int) -> None:
    """Click a cell: the matrix is square and fills the chart but for the axes' labels at the left and below."""
    chart = page.locator("[data-testid=stVegaLiteChart]").first
    expect(chart.locator("canvas, svg")).to_be_visible()
    place = chart.bounding_box()
    assert place is not None
    left, bottom = 50, 50
    x = left + (place["width"] - left) * (said + 0.5) / 10
    y = (place["height"] - bottom) * (true + 0.5) / 10
    chart.click(position={"x": x, "y": y})


def test_a_click_on_a_cell_shows_its_images(page: Page, mnist: Dataset, record: Record) -> None:
    matrix = confusion_matrix(Bundle(SHIPPED_BUNDLE).evaluation())
    off_diagonal = matrix - np.diag(np.diag(matrix))
    true, said = np.unravel_index(off_diagonal.argmax(), matrix.shape)
    page.goto("/evaluate")
    at_rest(page)

    click_cell(page, int(true), int(said))

    expect(page.get_by_text(f"{true}s taken for {said}: {matrix[true, said]}")).to_be_visible()
    expect(page.locator(f"[title*=', read as {said}']")).to_have_count(int(matrix[true, said]))
    assert not record.page_errors


def test_a_click_on_a_sample_shows_its_pixels(page: Page, mnist: Dataset, record: Record) -> None:
    page.goto("/data")
    at_rest(page)

    page.locator(f"button[title='{mnist.train.labels[3]}, image 3']").click()

    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(f"Image 3 of the train part: a {mnist.train.labels[3]}")).to_be_visible()
    shown = dialog.locator("table[aria-label='pixel values'] td").all_inner_texts()
    assert [int(value) for value in shown] == mnist.train.images[3].ravel().tolist()
    assert not record.page_errors
