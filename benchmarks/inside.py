"""The Inside page: the time of its calculations and updates, the quality of its maps, and its memory."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import psutil
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.mnist import share_mnist
from benchmarks.page_session import PageError, PageSession
from benchmarks.report import Figure
from benchmarks.serving import wait_until_loaded
from benchmarks.timing import milliseconds
from core.classifier.bundle import Bundle
from core.data.datasets import load_dataset
from core.explain.attribution import STEPS, deletion_curve, dot_effects, integrated_gradients, occlusion
from core.explain.blas import use_one_blas_thread
from core.explain.counterfactual import change_into
from core.explain.keras_reader import load_network
from core.explain.map_worker import write_new_map
from core.workspace import SHIPPED_BUNDLE, Workspace
from tests.support.dashboard_process import DashboardProcess

VISITORS = 50
IMAGES = 40
"""Number of validation images for which the calculations are timed."""
EXPLAINED = 150
"""Number of validation images whose attribution maps are tested."""
DELETED = 0.3
"""Fraction of the ink that is deleted to test a map."""
SWITCHES = 20
"""Number of times that a channel is switched on or off."""
TIMEOUT = 120.0
"""Seconds until a missing answer counts as an error."""
SEED = 1


def inside() -> list[Figure]:
    """Time the explanations and the page, test the maps, and measure memory; return nothing without MNIST."""
    if not share_mnist():
        return []
    return [*_calculations(), *_map_quality(), *_page()]


def _calculations() -> list[Figure]:
    use_one_blas_thread()
    network = load_network(Bundle(SHIPPED_BUNDLE))
    validation = load_dataset("mnist", Workspace.from_environment()).validation
    chosen = np.random.default_rng(SEED).choice(len(validation), IMAGES, replace=False)
    images, labels = validation.images[chosen], validation.labels[chosen]
    calls: dict[str, Callable[[int], object]] = {
        "all feature maps, and the prediction": lambda i: network.activations(images[i, np.newaxis]),
        "integrated gradients": lambda i: integrated_gradients(network, images[i], int(labels[i])),
        "occlusion": lambda i: occlusion(network.probabilities, images[i], int(labels[i])),
        "blank areas": lambda i: dot_effects(network.probabilities, images[i], int(labels[i])),
        "change into the next digit": lambda i: change_into(network, images[i], (int(labels[i]) + 1) % 10),
    }
    figures = []
    for name, call in calls.items():
        median, slow = milliseconds(call, IMAGES, warm_up=2)
        figures += [Figure(f"{name}, median", median, "ms"), Figure(f"{name}, 95th percentile", slow, "ms")]
    return figures


def _map_quality() -> list[Figure]:
    """Test attribution maps by deletion (Petsiuk et al., 2018) and completeness (Sundararajan et al., 2017)."""
    use_one_blas_thread()
    network = load_network(Bundle(SHIPPED_BUNDLE))
    validation = load_dataset("mnist", Workspace.from_environment()).validation
    rng = np.random.default_rng(SEED)
    remaining: dict[str, list[float]] = {}
    errors: dict[int, list[float]] = {}
    for image in validation.images[rng.choice(len(validation), EXPLAINED, replace=False)]:
        digit = int(network.probabilities(image[np.newaxis])[0].argmax())
        rankings = {
            "integrated gradients": integrated_gradients(network, image, digit).map,
            "occlusion": occlusion(network.probabilities, image, digit),
            "a random order": rng.random(image.shape),
        }
        for name, ranking in rankings.items():
            curve = deletion_curve(network.probabilities, image, ranking, digit)
            remaining.setdefault(name, []).append(float(np.interp(DELETED, curve.fractions, curve.probabilities)))
        for steps in (STEPS, 32):
            attribution = integrated_gradients(network, image, digit, steps=steps)
            change = attribution.end - attribution.start
            errors.setdefault(steps, []).append(abs(float(attribution.map.sum()) - change) / abs(change) * 100)
    figures = [
        Figure(f"probability without {DELETED:.0%} of the ink, by {name}", float(np.mean(values)), "")
        for name, values in remaining.items()
    ]
    for steps, percent in errors.items():
        label = f"integrated gradients, {steps} points: error of their sum"
        figures += [
            Figure(f"{label}, mean", float(np.mean(percent)), "%"),
            Figure(f"{label}, worst", max(percent), "%"),
        ]
    return figures


def _page() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        write_new_map(Workspace(Path(folder) / "workspace"), Bundle(SHIPPED_BUNDLE), "mnist")
        dashboard = DashboardProcess(Path(folder))
        try:
            wait_until_loaded(dashboard)
            return asyncio.run(_visit(dashboard))
        finally:
            dashboard.stop()


async def _visit(dashboard: DashboardProcess) -> list[Figure]:
    """Open the page, switch a channel off and on, then open many more pages."""
    process = psutil.Process(dashboard.process.pid)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(InsidePage(dashboard.port, 0))
        await first.show_map()
        switching = [await first.switch_channel() for _ in range(SWITCHES)]
        memory_of_one = _memory(process)
        for number in range(1, VISITORS):
            page = await stack.enter_async_context(InsidePage(dashboard.port, number))
            await page.show_map()
        memory_of_all = _memory(process)
    return [
        Figure(f"switching a channel, until the page is updated, median of {SWITCHES}", np.median(switching), "ms"),
        Figure("memory of the dashboard, one visitor, all sections open", memory_of_one, "MB"),
        Figure(f"memory of the dashboard, {VISITORS} visitors, all sections open", memory_of_all, "MB"),
    ]


def _memory(process: psutil.Process) -> float:
    """Return the memory of the dashboard's own process in MB, without its process pool."""
    return process.memory_info().rss / 2**20


class InsidePage(PageSession):
    """One visitor's Inside page, without a browser."""

    def __init__(self, port: int, image: int) -> None:
        super().__init__(port, "inside", f"image=test-{image}", TIMEOUT)
        self._widgets: dict[str, tuple[str, str]] = {}
        self._has_map = False

    async def switch_channel(self) -> float:
        """Press the button that switches a channel off or on; return the milliseconds until the page is updated."""
        return 1000 * await self.change(*self._widgets["switch_channel"], trigger_value=True)

    async def show_map(self) -> None:
        """Turn on the map. Raises PageError."""
        await self.change(*self._widgets["show_map"], bool_value=True)
        if not self._has_map:
            raise PageError("The Inside page shows no map.")

    def on_element(self, message: ForwardMsg) -> None:
        """Remember the ids of buttons and switches, and whether there is a map."""
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        self._has_map |= kind == "plotly_chart"
        if kind in ("button", "checkbox"):
            widget = getattr(element, kind).id
            self._widgets[widget.rpartition("-")[2]] = widget, message.delta.fragment_id
