"""Measurements in a child process, which starts cold and frees TensorFlow's memory when it exits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.workspace import PROJECT

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
"""Variable that enables Intel's oneDNN kernels; by default, TensorFlow uses them only on some processors."""


def measure_in_child(module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Any:
    """Run `python -m MODULE ARGUMENTS... FILE` and return the JSON that the module writes to FILE.

    The child gets this process's environment without TensorFlow's variables, updated with `environment`.
    Raises CalledProcessError if the child fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        result, log = Path(folder) / "result.json", Path(folder) / "log.txt"
        with log.open("wb") as output:
            child = subprocess.run(
                [sys.executable, "-m", module, *arguments, str(result)],
                cwd=PROJECT,
                env=_environment(environment or {}),
                stdout=output,
                stderr=output,
                check=False,
            )
        if child.returncode:
            print(log.read_text(errors="replace"), file=sys.stderr)
            child.check_returncode()
        return json.loads(result.read_text())


def _environment(changes: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    return {**inherited, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2", **changes}
