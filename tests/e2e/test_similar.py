"""Similar images are found for an image, one of its results, and a drawing, in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from core.data.datasets import Dataset
from tests.support.visit import at_rest, draw

BAR = [(float(x), 40.0) for x in range(60, 440, 20)]
STEM = [(440 - step * 10, 40 + step * 21.0) for step in range(20)]


def test_similar_images_are_found_for_images_and_drawings(page: Page, mnist: Dataset) -> None:
    page.goto("/data")
    page.locator(".st-key-data_grid button.cell").nth(4).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(f"Training image 4, label {mnist.train.labels[4]}")).to_be_visible()
    dialog.get_by_role("button", name="Find similar").click()

    results = page.locator(".st-key-similar_results")
    expect(page.get_by_text(f"Training image 4, label {mnist.train.labels[4]}")).to_be_visible()
    expect(results.locator("button.cell")).to_have_count(24)
    expect(page).to_have_url(re.compile(r"view=similar.*image=train-4|image=train-4.*view=similar"))
    at_rest(page)
    title = results.locator("button.cell").first.get_attribute("title") or ""
    index = re.findall(r"training image (\d+)", title)[0]
    results.locator("button.cell").first.click()
    dialog.get_by_role("button", name="Find similar").click()
    expect(page).to_have_url(re.compile(f"image=train-{index}"))
    expect(page.get_by_text(f"Training image {int(index):,}, label")).to_be_visible()

    page.get_by_role("radio", name="A drawing").click()
    expect(page.locator("canvas.upper-canvas")).to_be_visible()
    expect(results.locator("button.cell")).to_have_count(0)
    at_rest(page)
    draw(page, [[*BAR, *STEM]])

    expect(results.get_by_text("nearest training images are labelled 7")).to_be_visible()
    expect(results.locator("button.cell")).to_have_count(24)
    expect(page.get_by_test_id("stException")).to_have_count(0)
