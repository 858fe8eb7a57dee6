"""Prometheus metrics of this process: predictions, refused requests, open pages, and the runs of the workspace.

If several dashboards share a workspace, each one reports its own counts at /api/metrics; only `trazo_runs` is the same
for all of them.
"""

from __future__ import annotations

import time
from collections import Counter as Tally
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol, TypeVar, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from core.errors import TrazoError

if TYPE_CHECKING:
    from core.classifier.predictor import Verdict


class _Reading(Protocol):
    """A reading of a digit or a number."""

    @property
    def verdict(self) -> Verdict: ...


AnyReading = TypeVar("AnyReading", bound=_Reading)

REGISTRY = CollectorRegistry()
PREDICTIONS = Counter(
    "trazo_predictions",
    "Predictions by entry point (page, gradio, api) and verdict.",
    ["way", "verdict"],
    registry=REGISTRY,
)
PREDICTION_SECONDS = Histogram(
    "trazo_prediction_seconds",
    "Seconds from ink or picture to prediction.",
    ["way"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
    registry=REGISTRY,
)
REFUSED_REQUESTS = Counter("trazo_refused_requests", "Refused requests by reason.", ["reason"], registry=REGISTRY)
SESSIONS = Gauge("trazo_sessions", "Pages currently open in browsers.", registry=REGISTRY)


def track_prediction(entry_point: str, read: Callable[[], AnyReading]) -> AnyReading:
    """Call `read` and record its verdict and duration; a TrazoError counts as verdict `error`."""
    start = time.perf_counter()
    try:
        reading = read()
    except TrazoError:
        count_prediction(entry_point, "error")
        raise
    count_prediction(entry_point, reading.verdict, time.perf_counter() - start)
    return reading


def count_prediction(entry_point: str, verdict: Verdict, seconds: float | None = None) -> None:
    """Count one prediction and record its duration if given."""
    PREDICTIONS.labels(entry_point, verdict).inc()
    if seconds is not None:
        PREDICTION_SECONDS.labels(entry_point).observe(seconds)


def exposition(accept: str) -> tuple[bytes, str]:
    """Return all metrics in the format requested by the Accept header, and their content type."""
    try:
        encode, content_type = choose_encoder(accept)
    except (TypeError, ValueError):  # a version with a part that is not a number
        encode, content_type = choose_encoder("")
    return encode(REGISTRY), content_type


class _Runs(Collector):
    """The runs of the workspace by state, counted at each scrape."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        # Imported here, because these modules load pandas, which would delay the dashboard's start.
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

        runs_by_state = Tally(state(run) for run in list_runs(Workspace.from_environment()))
        family = GaugeMetricFamily("trazo_runs", "Runs of the workspace by state.", labels=["state"])
        for name in (*get_args(State), "damaged"):
            family.add_metric([name], runs_by_state[name])
        yield family

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Return nothing; otherwise registering this collector would read the workspace."""
        return []


REGISTRY.register(_Runs())
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
