"""A measurement in a process of its own: nothing that ran before warms it up, and TensorFlow ends with it."""

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
"""TensorFlow's switch for Intel's kernels; left alone, TensorFlow turns them on for some processors only."""


def measured(module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Any:
    """What `python -m MODULE ARGUMENTS... FILE` wrote to FILE as JSON. Raises CalledProcessError where it fails.

    The child has this process' environment without TensorFlow's switches, and `environment` on top.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    quiet = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}
    with tempfile.TemporaryDirectory() as folder:
        result, log = Path(folder) / "result.json", Path(folder) / "log.txt"
        with log.open("wb") as output:
            ended = subprocess.run(
                [sys.executable, "-m", module, *arguments, str(result)],
                cwd=PROJECT,
                env={**inherited, **quiet, **(environment or {})},
                stdout=output,
                stderr=output,
                check=False,
            )
        if ended.returncode:
            print(log.read_text(errors="replace"), file=sys.stderr)
            ended.check_returncode()
        return json.loads(result.read_text())
