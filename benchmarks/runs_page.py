"""Load time of the Runs page in a workspace with 100 runs, and CPU usage while nothing is running."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
import psutil
from playwright.sync_api import Page, sync_playwright

from benchmarks.report import Figure
from benchmarks.serving import wait_until_loaded
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
EPOCHS = 20
"""Number of rows in history.csv, as after ten minutes of training on MNIST."""
STEPS = 1500
"""Number of rows in steps.csv after the same time."""
VALIDATION_IMAGES = 6000
"""Number of images in answers.npz."""
VISITS = 5
IDLE_SECONDS = 30.0
"""Time over which the CPU usage is averaged."""
SEED = 1
_TABLE = ".st-key-runs_table [data-testid=stDataFrame] canvas"


def runs_page() -> list[Figure]:
    """Measure the time to the table and the CPU usage of an open, idle page; return nothing without Chromium."""
    executable = find_chromium()
    if executable is None:
        return []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        _make_runs(Workspace(Path(folder) / "workspace"))
        dashboard = DashboardProcess(Path(folder))
        try:
            wait_until_loaded(dashboard)
            browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
            visitor = _Visitor(browser.new_page(viewport={"width": 1280, "height": 900}), dashboard.url)
            figures = [*_load_times(visitor), *_idle_cpu(visitor, dashboard)]
            browser.close()
        finally:
            dashboard.stop()
    return figures


def _load_times(visitor: _Visitor) -> list[Figure]:
    visits = {
        "first visit by URL": [visitor.go_to_runs()],
        f"reload, median of {VISITS}": [visitor.reload() for _ in range(VISITS)],
        f"click in the menu, median of {VISITS}": [visitor.come_from_another_page() for _ in range(VISITS)],
    }
    figures = []
    for visit, times in visits.items():
        received, visible = map(median, zip(*times, strict=True))
        figures.append(Figure(f"Runs page with {RUNS} runs, {visit}: all data received", received, "s"))
        figures.append(Figure(f"Runs page with {RUNS} runs, {visit}: table visible", visible, "s"))
    return figures


def _idle_cpu(visitor: _Visitor, dashboard: DashboardProcess) -> list[Figure]:
    """Measure the dashboard's CPU usage while a page is open and nothing is running; Runs must be open when called."""
    runs = _cpu_usage(dashboard)
    visitor.page.goto(f"{dashboard.url}/train")
    at_rest(visitor.page)
    return [
        Figure(f"CPU usage with {name} open and nothing running (100% = one core)", usage, "%")
        for name, usage in {"Runs": runs, "Train": _cpu_usage(dashboard)}.items()
    ]


def _cpu_usage(dashboard: DashboardProcess) -> float:
    """Return the dashboard's CPU usage over IDLE_SECONDS, in percent of one core."""
    return psutil.Process(dashboard.process.pid).cpu_percent(IDLE_SECONDS)


class _Visitor:
    """A browser page that records the time of the last data from the dashboard."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url
        self._received = 0.0
        page.on("websocket", lambda socket: socket.on("framereceived", lambda _: self._receive()))

    def _receive(self) -> None:
        self._received = time.perf_counter()

    def go_to_runs(self) -> tuple[float, float]:
        """Open the Runs page by its URL; return the seconds until its last data and its table arrive."""
        return self._load_time(lambda: self.page.goto(f"{self._url}/runs"))

    def reload(self) -> tuple[float, float]:
        """Reload the Runs page; return the seconds until its last data and its table arrive."""
        return self._load_time(self.page.reload)

    def come_from_another_page(self) -> tuple[float, float]:
        """Go to Data and back through the menu; return the seconds until the last data and the table arrive."""
        self.page.get_by_role("link", name="Data", exact=True).click()
        self.page.get_by_role("heading", name="Data", exact=True).wait_for()
        at_rest(self.page)
        return self._load_time(self.page.get_by_role("link", name="Runs", exact=True).click)

    def _load_time(self, visit: Callable[[], object]) -> tuple[float, float]:
        start = time.perf_counter()
        visit()
        self.page.locator(_TABLE).first.wait_for()
        visible = time.perf_counter() - start
        at_rest(self.page)
        return self._received - start, visible


def _make_runs(workspace: Workspace) -> None:
    """Train for one epoch, and copy that run; give each copy the files of a long training run."""
    config = replace_settings(preset("original", "digits"), epochs=1, filters=(8, 8), dense_units=16)
    try:
        run = submit(workspace, config)
        wait_until(lambda: run.status().has_ended and not run.alive, 300, "the end of training")
    finally:
        end_all(workspace)
    generator = np.random.default_rng(SEED)
    for number in range(RUNS - 1):
        name = f"202601{number // 24 + 1:02}-{number % 24:02}0000-{run.title}-{number}"
        copy = Run(Path(shutil.copytree(run.folder, workspace.runs / name)))
        copy.write_config(replace_settings(config, epochs=EPOCHS, learning_rate=float(generator.uniform(1e-4, 1e-2))))
        _imitate_long_training(copy, generator)


def _imitate_long_training(run: Run, generator: np.random.Generator) -> None:
    """Give a run different metrics, and the curves and epoch predictions of a long training run."""
    card = run.bundle.card()
    accuracy = float(generator.uniform(0.97, 0.995))
    metrics = card.metrics.model_copy(update={"test_accuracy": accuracy, "validation_accuracy": accuracy})
    run.bundle.card_file.write_text(card.model_copy(update={"metrics": metrics}).model_dump_json())
    for file, columns, rows in ((run.history_file, HISTORY_COLUMNS, EPOCHS), (run.steps_file, STEP_COLUMNS, STEPS)):
        progress = np.arange(1, rows + 1) / rows
        table = {name: 1 - progress * accuracy * generator.uniform(0.9, 1, rows) for name in columns}
        table |= {"epoch": np.ceil(progress * EPOCHS).astype(int), "step": np.arange(1, rows + 1) * 9000 // rows}
        pd.DataFrame(table | {"seconds": progress * 600})[list(columns)].round(6).to_csv(file, index=False)
    labels = generator.integers(0, 10, VALIDATION_IMAGES, np.uint8)
    wrong = generator.random((EPOCHS, VALIDATION_IMAGES)) > accuracy
    predicted = np.where(wrong, (labels + 1) % 10, labels).astype(np.uint8)
    run.write_epoch_predictions(EpochPredictions(np.arange(1, EPOCHS + 1), predicted, labels))
