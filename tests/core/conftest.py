"""Fixtures for several tests of core."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.data import sources
from core.data.sources import ARRAY_SHAPES
from core.workspace import PROJECT

PYTHON = sys.executable


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


@pytest.fixture
def patch_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that makes real workers run these lines of Python first."""

    def patch(lines: str) -> None:
        script, python = tmp_path / "worker.py", tmp_path / "python"
        script.write_text(
            f"{lines}\nimport sys\nfrom pathlib import Path\nsys.executable = {PYTHON!r}\n"
            "from core.training.worker import main\nsys.exit(main(Path(sys.argv[3]), int(sys.argv[4])))\n"
        )
        python.write_text(
            f'#!/bin/sh\nexport MALLOC_ARENA_MAX=1\nPYTHONPATH="{PROJECT}" exec "{PYTHON}" "{script}" "$@"\n'
        )
        python.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(python))

    return patch
