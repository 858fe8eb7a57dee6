"""From lifting the pen to the answer, in a real Chromium with real strokes."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.report import Figure
from core.handwriting.pen_digits import available_pen_digits
from tests.support.chromium import FLAGS, find_chromium
from tests.support.dashboard_process import DashboardProcess
from tests.support.visit import at_rest, draw

DIGITS = 50
SEED = 1

# From the last time that the pen was lifted to the first change of the answer.
_WATCH = """() => {
  window.lifted = null;
  window.waited = [];
  addEventListener("mouseup", () => { window.lifted = performance.now(); }, true);
  const answer = document.querySelector(".trazo-answer .digit");
  new MutationObserver(() => {
    if (window.lifted !== null) {
      window.waited.push(performance.now() - window.lifted);
      window.lifted = null;
    }
  }).observe(answer, { childList: true, characterData: true, subtree: true });
}"""


def pen_to_answer() -> list[Figure]:
    """Median and 95th percentile over 50 digits of one stroke; empty without strokes or without a Chromium."""
    executable, digits = find_chromium(), available_pen_digits()
    if executable is None or not digits:
        return []
    single = [digit for digit in digits if len(digit.strokes) == 1]
    chosen = np.random.default_rng(SEED).choice(len(single), DIGITS, replace=False)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        dashboard = DashboardProcess(Path(folder))
        try:
            browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(dashboard.url)
            at_rest(page)
            page.locator(".trazo-answer .digit").wait_for()
            page.evaluate(_WATCH)
            waited = [_one(page, single[index].strokes) for index in chosen]
            browser.close()
        finally:
            dashboard.stop()
    return [
        Figure(
            f"Pen lifted to answer in Chromium, median of {DIGITS}",
            float(np.percentile(waited, 50)),
            "ms",
        ),
        Figure("Pen lifted to answer in Chromium, 95th percentile", float(np.percentile(waited, 95)), "ms"),
    ]


def _one(page: Page, strokes: list[list[tuple[float, float]]]) -> float:
    answer = page.locator(".trazo-answer .digit")
    page.evaluate("window.waited = []")
    draw(page, strokes)
    expect(answer).to_have_text(re.compile(r"^(\d( or \d)?|Not a digit)$"))
    waited: float = page.evaluate("window.waited[0]")
    page.get_by_role("button", name="Clear").click()
    expect(answer).to_have_text("Draw a digit")
    return waited
