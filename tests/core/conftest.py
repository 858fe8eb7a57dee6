"""What several tests of the core ask for."""

from __future__ import annotations

import numpy as np
import pytest

from core.data import sources
from core.data.sources import ARRAY_SHAPES


@pytest.fixture
def arrays(monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """Arrays of MNIST's shapes that pass for it in this test: the contents decide, and these are quickly made."""
    generator = np.random.default_rng(0)
    made = {name: np.zeros(shape, np.uint8) for name, shape in ARRAY_SHAPES.items()}
    made["x_train"][:, 14, 14] = 255
    made["y_train"][:] = generator.integers(0, 10, 60000)
    made["y_test"][:] = generator.integers(0, 10, 10000)
    monkeypatch.setattr(sources, "MNIST_FINGERPRINT", sources.fingerprint(made))
    return made
