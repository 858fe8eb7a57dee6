"""All text is readable in the light and the dark theme."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page, expect

from core.runs.run import Run
from core.workspace import Workspace
from tests.support.dashboard_process import DashboardProcess
from tests.support.visit import at_rest

FIND_LOW_CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")

# After a script run, Streamlit fades its elements in.
FINISH_ANIMATIONS = """() => Promise.all(
  document.getAnimations()
    .filter((animation) => animation.effect.getComputedTiming().endTime !== Infinity)
    .map((animation) => animation.finished.catch(() => {}))
).then(() => {})"""

FADE_MS = 5_000
"""Time in which a fade has surely ended; text with too little contrast costs the test this long."""


@pytest.fixture
def run(trained: Run, dashboard: DashboardProcess) -> Iterator[Run]:
    copy = Run(Path(shutil.copytree(trained.folder, Workspace(dashboard.workspace).runs / trained.id)))
    yield copy
    shutil.rmtree(copy.folder)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_enough_contrast(page: Page, run: Run, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    low_contrast = {}
    for path, shown in {
        "/": "Brush width",
        "/learn": "Just start drawing",
        "/learn?lesson=4": "First, your guess",
        "/inside?image=test-3&dataset=digits": "Mean probability",
        "/hand": "personal data",
        "/data": "Fingerprint",
        "/data?dataset=pen-digits": "Alpaydin",
        "/evaluate": "Confusion matrix",  # and the mistakes with disputed labels if MNIST is available
        "/evaluate?evaluate_view=Handwriting": "Real handwriting",
        f"/evaluate?evaluate_view=Label+court&model={run.id}": "judged",
        "/data?view=similar&image=test-3&dataset=digits": "nearest training images",
        "/model": "Does every way of running it agree?",
        f"/evaluate?evaluate_view=Epochs&model={run.id}": "Toneva",
        f"/run?id={run.id}": "Model as ZIP",
    }.items():
        page.goto(path)
        expect(page.get_by_text(shown).first).to_be_visible()
        at_rest(page)
        if path == "/model":
            expect(page.locator(".token.keyword").first).to_be_attached()  # the colours of code are loaded late
        page.evaluate(FINISH_ANIMATIONS)
        # On a busy machine, the fade may start only now.
        with suppress(BrowserError):
            page.wait_for_function(f"() => ({FIND_LOW_CONTRAST})().length === 0", timeout=FADE_MS)
        low_contrast[path] = page.evaluate(FIND_LOW_CONTRAST)

    assert not any(low_contrast.values()), low_contrast
