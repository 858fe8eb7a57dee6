"""Clicking a cell of the confusion matrix shows its images, and a sample opens its panel."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from core.classifier.bundle import Bundle
from core.classifier.comparison import compare
from core.classifier.evaluation import confusion_matrix
from core.data.datasets import Dataset
from core.runs.run import Run
from core.workspace import SHIPPED_BUNDLE, Workspace
from tests.support.dashboard_process import DashboardProcess
from tests.support.visit import Record, at_rest, draw
from tests.support.waiting import wait_until


def click_cell(page: Page, true: int, predicted: int, text: str) -> None:
    """Click a cell until the page shows this text; on a busy machine a chart appears before it reacts to clicks.

    The matrix is square and fills the chart except for the axis labels on the left and at the bottom.
    """
    chart = page.locator("[data-testid=stVegaLiteChart]").first
    expect(chart.locator("canvas, svg")).to_be_visible()
    box = chart.bounding_box()
    assert box is not None
    left, bottom = 50, 65
    x = left + (box["width"] - left) * (predicted + 0.5) / 10
    y = (box["height"] - bottom) * (true + 0.5) / 10

    def click_shows_text() -> bool:
        chart.click(position={"x": x, "y": y})
        with suppress(AssertionError):
            expect(page.get_by_text(text)).to_be_visible(timeout=5000)
            return True
        return False

    wait_until(click_shows_text, what=text)


def test_clicking_a_cell_shows_its_images(page: Page, mnist: Dataset, record: Record) -> None:
    matrix = confusion_matrix(Bundle(SHIPPED_BUNDLE).evaluation())
    off_diagonal = matrix - np.diag(np.diag(matrix))
    true, predicted = np.unravel_index(off_diagonal.argmax(), matrix.shape)
    page.goto("/evaluate")
    at_rest(page)

    click_cell(page, int(true), int(predicted), f"Label {true}, predicted {predicted}: {matrix[true, predicted]}")

    expect(page.locator(f"[title*=', predicted as {predicted}']")).to_have_count(int(matrix[true, predicted]))
    assert not record.page_errors


def test_time_machine_shows_the_images_of_a_cell(
    page: Page, dashboard: DashboardProcess, trained: Run, record: Record
) -> None:
    run = Run(Path(shutil.copytree(trained.folder, Workspace(dashboard.workspace).runs / trained.id)))
    predictions = run.epoch_predictions()
    assert predictions is not None
    first_matrix = predictions.matrix(0)
    digit = int(np.diag(first_matrix).argmax())
    page.goto(f"/evaluate?evaluate_view=Epochs&model={run.id}")
    at_rest(page)

    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("in the first epoch").first).to_be_visible()
    at_rest(page)
    click_cell(page, digit, digit, f"Label {digit}, predicted {digit} after epoch 1: {first_matrix[digit, digit]}")

    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")
    last_count = predictions.matrix(1)[digit, digit]
    expect(page.get_by_text(f"Label {digit}, predicted {digit} after epoch 2: {last_count}")).to_be_visible()
    assert not record.page_errors
    shutil.rmtree(run.folder)


def test_two_models_are_compared_image_by_image(
    page: Page, dashboard: DashboardProcess, trained: Run, record: Record
) -> None:
    folder = Workspace(dashboard.workspace).runs
    runs = [Run(Path(shutil.copytree(trained.folder, folder / f"20990101-12000{n}-{n}-owl"))) for n in range(2)]
    first_evaluation = trained.bundle.evaluation()
    # The second model is wrong on the first 40 images, and right on all others.
    probabilities = np.eye(10)[(first_evaluation.labels + (np.arange(len(first_evaluation.labels)) < 40)) % 10]
    np.savez_compressed(runs[1].bundle.evaluation_file, probabilities=probabilities, labels=first_evaluation.labels)
    expected = compare(first_evaluation, runs[1].bundle.evaluation())
    assert len(expected.only_second)

    page.goto(f"/evaluate?evaluate_view=Compare&model={runs[0].id}&against={runs[1].id}")

    expect(page.get_by_text("A − B (points)")).to_be_visible()
    expect(page.get_by_text(f"{expected.difference * 100:+.2f}", exact=True)).to_be_visible()
    expect(page.get_by_title("test image ")).to_have_count(min(len(expected.only_first), 48))
    page.get_by_role("radio", name="Only B is right").click()
    expect(page.get_by_title("test image ")).to_have_count(min(len(expected.only_second), 48))
    expect(page.get_by_text("A: ").filter(has_text="B: ").first).to_be_visible()
    assert not record.page_errors
    for run in runs:
        shutil.rmtree(run.folder)


def test_a_sample_opens_in_a_panel_by_keyboard_and_in_draw(page: Page, mnist: Dataset, record: Record) -> None:
    page.goto("/data")
    at_rest(page)
    sample = page.locator(f"button[title='{mnist.train.labels[3]}, image 3']")
    box = sample.bounding_box()

    sample.press("Enter")

    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(f"Training image 3, label {mnist.train.labels[3]}")).to_be_visible()
    expect(dialog.locator(".trazo-answer .bar.best .name")).to_have_text(str(mnist.train.labels[3]))
    assert sample.bounding_box() == box
    dialog.get_by_text("Pixel values").click()
    cells = dialog.locator("table[aria-label='pixel values'] td")
    expect(cells).to_have_count(28 * 28)
    assert [int(value) for value in cells.all_inner_texts()] == mnist.train.images[3].ravel().tolist()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(sample).to_be_focused()

    sample.press("Enter")
    dialog.get_by_role("link", name="Open in Draw").click()

    prediction = page.locator(".st-key-answer_frame .trazo-answer .digit")
    expect(prediction).to_have_text(str(mnist.train.labels[3]))
    expect(page).to_have_url(re.compile(r"/$"))
    at_rest(page)
    ink = page.locator(".trazo-steps img").first
    before = ink.get_attribute("src") or ""
    draw(page, [[(420.0, 60.0), (420.0, 90.0)]])
    expect(ink).not_to_have_attribute("src", before)
    page.keyboard.press("Control+z")
    expect(ink).to_have_attribute("src", before)
    assert not record.page_errors
