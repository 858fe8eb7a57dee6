"""Latency from pen-up to prediction, in a real Chromium with real pen strokes."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.pen_digits import held_out_digits
from benchmarks.report import Figure
from core.handwriting.pen_digits import PenDigit
from tests.support.chromium import FLAGS, find_chromium
from tests.support.dashboard_process import DashboardProcess
from tests.support.visit import at_rest, draw

DIGIT_COUNT = 50
"""Number of digits drawn, enough for a 95th percentile."""
SEED = 1

# Record the time from the last mouseup to the first change of the prediction.
_OBSERVER = """() => {
  window.penUpTime = null;
  window.latencies = [];
  addEventListener("mouseup", () => { window.penUpTime = performance.now(); }, true);
  const answer = document.querySelector(".trazo-answer .digit");
  new MutationObserver(() => {
    if (window.penUpTime !== null) {
      window.latencies.push(performance.now() - window.penUpTime);
      window.penUpTime = null;
    }
  }).observe(answer, { childList: true, characterData: true, subtree: true });
}"""


def pen_to_prediction() -> list[Figure]:
    """Measure the latency for single-stroke digits; return an empty list without pen digits or Chromium."""
    executable, digits = find_chromium(), held_out_digits()
    if executable is None or not digits:
        return []
    single_stroke_digits = [digit for digit in digits if len(digit.strokes) == 1]
    chosen = np.random.default_rng(SEED).choice(len(single_stroke_digits), DIGIT_COUNT, replace=False)
    latencies = _latencies(executable, [single_stroke_digits[index] for index in chosen])
    return [
        Figure(f"Pen-up to prediction in Chromium, median of {DIGIT_COUNT}", float(np.percentile(latencies, 50)), "ms"),
        Figure("Pen-up to prediction in Chromium, 95th percentile", float(np.percentile(latencies, 95)), "ms"),
    ]


def _latencies(executable: Path, digits: Sequence[PenDigit]) -> list[float]:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        dashboard = DashboardProcess(Path(folder))
        try:
            browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(dashboard.url)
            at_rest(page)
            page.locator(".trazo-answer .digit").wait_for()
            page.evaluate(_OBSERVER)
            latencies = [_latency(page, digit) for digit in digits]
            browser.close()
        finally:
            dashboard.stop()
    return latencies


def _latency(page: Page, digit: PenDigit) -> float:
    """Draw one digit, then clear the canvas; return the milliseconds from pen-up to prediction."""
    answer = page.locator(".trazo-answer .digit")
    page.evaluate("window.latencies = []")
    draw(page, digit.strokes)
    expect(answer).to_have_text(re.compile(r"^(\d( or \d)?|Not a digit)$"))
    latency: float = page.evaluate("window.latencies[0]")
    page.get_by_role("button", name="Clear").click()
    expect(answer).to_have_text("Draw a digit")
    return latency
