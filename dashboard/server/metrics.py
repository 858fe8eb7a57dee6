"""Prometheus metrics of this process: predictions, refused requests, open pages, and the runs of the workspace.

If several dashboards serve one workspace, each reports its own counts at its /api/metrics; `trazo_runs` is the same in
all of them.
"""

from __future__ import annotations

import time
from collections import Counter as Tally
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from core.errors import TrazoError

if TYPE_CHECKING:
    from core.classifier.predictor import Reading, Verdict

REGISTRY = CollectorRegistry()
PREDICTIONS = Counter(
    "trazo_predictions",
    "Predictions by entry point (page, gradio, api) and verdict.",
    ["way", "verdict"],
    registry=REGISTRY,
)
SECONDS = Histogram(
    "trazo_prediction_seconds",
    "Seconds from ink or picture to prediction.",
    ["way"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
    registry=REGISTRY,
)
REFUSED = Counter("trazo_refused_requests", "Refused requests by reason.", ["reason"], registry=REGISTRY)
SESSIONS = Gauge("trazo_sessions", "Pages open in browsers now.", registry=REGISTRY)


def counted(way: str, read: Callable[[], Reading]) -> Reading:
    """Call `read` and count its verdict and duration; a TrazoError counts as verdict `error`."""
    began = time.perf_counter()
    try:
        reading = read()
    except TrazoError:
        count(way, "error")
        raise
    count(way, reading.verdict, time.perf_counter() - began)
    return reading


def count(way: str, verdict: Verdict, seconds: float | None = None) -> None:
    """Count one prediction and, if given, its duration."""
    PREDICTIONS.labels(way, verdict).inc()
    if seconds is not None:
        SECONDS.labels(way).observe(seconds)


def exposition(accept: str) -> tuple[bytes, str]:
    """Return all metrics in the format that the Accept header asks for, and their content type."""
    encode, content_type = choose_encoder(accept)
    return encode(REGISTRY), content_type


class _Runs(Collector):
    """The runs of the workspace by state, counted at each scrape."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        # Imported late: these modules load pandas, and the dashboard starts without it.
        from core.errors import RunError
        from core.runs.registry import list_runs
        from core.runs.run import Run
        from core.runs.status import State
        from core.workspace import Workspace

        def state(run: Run) -> str:
            try:
                return run.status().state
            except RunError:
                return "damaged"

        found = Tally(state(run) for run in list_runs(Workspace.from_environment()))
        family = GaugeMetricFamily("trazo_runs", "Runs of the workspace by state.", labels=["state"])
        for name in (*get_args(State), "damaged"):
            family.add_metric([name], found[name])
        yield family

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Return nothing, so that registering this collector does not read the workspace."""
        return []


REGISTRY.register(_Runs())
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
