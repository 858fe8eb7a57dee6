"""Fixtures for several tests of core."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from core.data import sources
from core.data.sources import ARRAY_SHAPES
from core.launcher import starting
from tests.support.forked_workers import ForkedWorkers


@pytest.fixture
def arrays(monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """Return arrays of MNIST's shapes, which are fast to create, and make this test accept them as MNIST."""
    rng = np.random.default_rng(0)
    arrays = {name: np.zeros(shape, np.uint8) for name, shape in ARRAY_SHAPES.items()}
    arrays["x_train"][:, 14, 14] = 255
    arrays["y_train"][:] = rng.integers(0, 10, 60000)
    arrays["y_test"][:] = rng.integers(0, 10, 10000)
    monkeypatch.setattr(sources, "MNIST_FINGERPRINT", sources.fingerprint(arrays))
    return arrays


@pytest.fixture(autouse=True)
def forked_workers(monkeypatch: pytest.MonkeyPatch) -> ForkedWorkers:
    """Fork this test's workers from a process with TensorFlow loaded; a worker starts the next one as usual."""
    workers = ForkedWorkers()
    monkeypatch.setattr(starting, "subprocess", workers)
    return workers


@pytest.fixture
def patch_worker(forked_workers: ForkedWorkers) -> Callable[[str], None]:
    """Return a function that makes this test's workers run these lines of Python first."""

    def patch(lines: str) -> None:
        forked_workers.preamble = lines

    return patch
