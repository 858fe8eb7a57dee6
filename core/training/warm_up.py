"""TensorFlow's modules, compiled ahead: a first training would otherwise wait half a minute for that alone."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import cache_from_source, find_spec
from pathlib import Path

import psutil

from core.environment import read_only
from core.workspace import PROJECT


def compile_ahead() -> psutil.Popen | None:
    """Start a process that imports what trains, with the lowest priority; None where that would be of no use.

    Python compiles a module when it is first imported and keeps the result; after an installation nothing is there.
    Of no use: where that was done before, where it cannot be kept, and where nobody may train.
    """
    spec = find_spec("tensorflow")
    if read_only() or spec is None or spec.origin is None:
        return None
    compiled = Path(cache_from_source(spec.origin))
    if compiled.exists() or not os.access(Path(spec.origin).parent, os.W_OK):
        return None
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = psutil.Popen(
        [sys.executable, "-c", "import core.training.trainer"],
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    process.nice(19)
    return process
