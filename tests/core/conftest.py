"""What several tests of the core ask for."""

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
    """Arrays of MNIST's shapes that pass for it in this test: the contents decide, and these are quickly made."""
    generator = np.random.default_rng(0)
    made = {name: np.zeros(shape, np.uint8) for name, shape in ARRAY_SHAPES.items()}
    made["x_train"][:, 14, 14] = 255
    made["y_train"][:] = generator.integers(0, 10, 60000)
    made["y_test"][:] = generator.integers(0, 10, 10000)
    monkeypatch.setattr(sources, "MNIST_FINGERPRINT", sources.fingerprint(made))
    return made


@pytest.fixture
def patch_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets real workers run these lines of Python first."""

    def prepare(lines: str) -> None:
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

    return prepare
