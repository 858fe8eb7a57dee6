"""The Runs page of a workspace with a hundred runs: how soon it is there, and what it costs while nothing runs."""

from __future__ import annotations

import shutil
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from statistics import median
from urllib.error import HTTPError

import numpy as np
import pandas as pd
import psutil
from playwright.sync_api import Page, sync_playwright

from benchmarks.report import Figure
from core.classifier.learning import EpochPredictions
from core.config import preset, replace_settings
from core.launcher.queue import submit
from core.runs.run import Run
from core.runs.tables import HISTORY_COLUMNS, STEP_COLUMNS
from core.workspace import Workspace
from tests.support.chromium import FLAGS, find_chromium
from tests.support.dashboard_process import DashboardProcess
from tests.support.visit import at_rest
from tests.support.waiting import wait_until
from tests.support.workers import end_all

RUNS = 100
EPOCHS, ROWS, VALIDATION_IMAGES = 20, 1500, 6000
"""What a training on MNIST of ten minutes leaves in history.csv, steps.csv and answers.npz."""
VISITS = 5
IDLE_SECONDS = 30.0
SEED = 1
_TABLE = ".st-key-runs_table [data-testid=stDataFrame] canvas"


def runs_page() -> list[Figure]:
    """Seconds to the table, and a processor's share while the page stays open; nothing without a Chromium."""
    executable = find_chromium()
    if executable is None:
        return []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        _make_runs(Workspace(Path(folder) / "workspace"))
        dashboard = DashboardProcess(Path(folder))
        try:
            _wait_for_start(dashboard)
            browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
            visitor = _Visitor(browser.new_page(viewport={"width": 1280, "height": 900}))
            first = visitor.opens(lambda: visitor.page.goto(f"{dashboard.url}/runs"))
            again = [visitor.opens(visitor.page.reload) for _ in range(VISITS)]
            clicks = [visitor.comes_from_another_page() for _ in range(VISITS)]
            idle = [_busy(dashboard)]
            visitor.page.goto(f"{dashboard.url}/train")
            at_rest(visitor.page)
            idle.append(_busy(dashboard))
            browser.close()
        finally:
            dashboard.stop()
    page, middle = f"Runs page with {RUNS} runs", f"median of {VISITS}"
    figures = []
    for what, (sent, shown) in (
        ("first visit of all, by its address", first),
        (f"loaded again, {middle}", tuple(map(median, zip(*again, strict=True)))),
        (f"from a click in the menu, {middle}", tuple(map(median, zip(*clicks, strict=True)))),
    ):
        figures.append(Figure(f"{page}, {what}: the dashboard has sent all of it", sent, "s"))
        figures.append(Figure(f"{page}, {what}: its table is in the browser", shown, "s"))
    for name, share in zip(("Runs", "Train"), idle, strict=True):
        figures.append(
            Figure(f"Time that the dashboard keeps a processor busy, {name} open, nothing running", share, "%")
        )
    return figures


def _busy(dashboard: DashboardProcess) -> float:
    """Percent of a processor's time that the dashboard takes over IDLE_SECONDS."""
    return psutil.Process(dashboard.process.pid).cpu_percent(IDLE_SECONDS)


class _Visitor:
    """A browser's page that notes when the dashboard sends it something."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._received = 0.0
        page.on("websocket", lambda socket: socket.on("framereceived", lambda _: self._receive()))

    def _receive(self) -> None:
        self._received = time.perf_counter()

    def opens(self, visit: Callable[[], object]) -> tuple[float, float]:
        """Seconds until the last of the page has come, and until its table is there."""
        began = time.perf_counter()
        visit()
        self.page.locator(_TABLE).first.wait_for()
        shown = time.perf_counter() - began
        at_rest(self.page)
        return self._received - began, shown

    def comes_from_another_page(self) -> tuple[float, float]:
        """The same, by a click in the menu."""
        self.page.get_by_role("link", name="Data", exact=True).click()
        self.page.get_by_role("heading", name="Data", exact=True).wait_for()
        at_rest(self.page)
        return self.opens(self.page.get_by_role("link", name="Runs", exact=True).click)


def _make_runs(workspace: Workspace) -> None:
    """A real training of a second, and copies of it with the files of long trainings."""
    config = replace_settings(preset("original", "digits"), epochs=1, filters=(8, 8), dense_units=16)
    try:
        run = submit(workspace, config)
        wait_until(lambda: run.status().over and not run.alive, 300, "the end of a training")
    finally:
        end_all(workspace)
    generator = np.random.default_rng(SEED)
    for number in range(RUNS - 1):
        name = f"202601{number // 24 + 1:02}-{number % 24:02}0000-{run.title}-{number}"
        copy = Run(Path(shutil.copytree(run.folder, workspace.runs / name)))
        copy.write_config(replace_settings(config, epochs=EPOCHS, learning_rate=float(generator.uniform(1e-4, 1e-2))))
        _long_training(copy, generator)


def _long_training(run: Run, generator: np.random.Generator) -> None:
    """Give a run other figures, and the curves and answers of a long training."""
    card = run.bundle.card()
    accuracy = float(generator.uniform(0.97, 0.995))
    metrics = card.metrics.model_copy(update={"test_accuracy": accuracy, "validation_accuracy": accuracy})
    run.bundle.card_file.write_text(card.model_copy(update={"metrics": metrics}).model_dump_json())
    for file, columns, rows in ((run.history_file, HISTORY_COLUMNS, EPOCHS), (run.steps_file, STEP_COLUMNS, ROWS)):
        progress = np.arange(1, rows + 1) / rows
        table = {name: 1 - progress * accuracy * generator.uniform(0.9, 1, rows) for name in columns}
        table |= {"epoch": np.ceil(progress * EPOCHS).astype(int), "step": np.arange(1, rows + 1) * 9000 // rows}
        pd.DataFrame(table | {"seconds": progress * 600})[list(columns)].round(6).to_csv(file, index=False)
    labels = generator.integers(0, 10, VALIDATION_IMAGES, np.uint8)
    wrong = generator.random((EPOCHS, VALIDATION_IMAGES)) > accuracy
    said = np.where(wrong, (labels + 1) % 10, labels).astype(np.uint8)
    run.write_epoch_predictions(EpochPredictions(np.arange(1, EPOCHS + 1), said, labels))


def _wait_for_start(dashboard: DashboardProcess) -> None:
    """Until all is loaded that the dashboard loads by itself, Gradio last."""

    def loaded() -> bool:
        try:
            return urllib.request.urlopen(f"{dashboard.url}/gradio/", timeout=10).status == 200
        except HTTPError:
            return False

    wait_until(loaded, 120, "Gradio")
