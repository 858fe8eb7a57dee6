"""Fixtures shared by the tests of core."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.classifier import detector_samples
from core.launcher import starting
from tests.support.forked_workers import ForkedWorkers
from tests.support.tiny_training import DETECTOR_FRACTION


@pytest.fixture(autouse=True)
def forked_workers(monkeypatch: pytest.MonkeyPatch) -> ForkedWorkers:
    """Fork this test's workers from a process that has loaded TensorFlow; workers start their successors as usual."""
    workers = ForkedWorkers()
    monkeypatch.setattr(starting, "subprocess", workers)
    return workers


@pytest.fixture
def few_detector_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs in this process fit their novelty detectors on a few samples, as forked workers do."""
    monkeypatch.setattr(detector_samples, "_MAX_FRACTION", DETECTOR_FRACTION)


@pytest.fixture
def patch_worker(forked_workers: ForkedWorkers) -> Callable[[str], None]:
    """Return a function that makes this test's workers run the given lines of Python first."""

    def patch(lines: str) -> None:
        forked_workers.preamble = lines

    return patch
