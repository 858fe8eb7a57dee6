"""Compiles TensorFlow's modules to bytecode ahead of time, so that the first training run is half a minute faster."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import cache_from_source, find_spec
from pathlib import Path

import psutil

from core.environment import python_environment, read_only
from core.workspace import PROJECT


def compile_ahead() -> psutil.Popen | None:
    """Start a process with the lowest priority that imports the trainer, so that Python caches the bytecode.

    Returns None if the bytecode is already cached or cannot be cached, or if TRAZO_READONLY forbids training.
    """
    spec = find_spec("tensorflow")
    if read_only() or spec is None or spec.origin is None:
        return None
    bytecode = Path(cache_from_source(spec.origin))
    if bytecode.exists() or not os.access(Path(spec.origin).parent, os.W_OK):
        return None
    process = psutil.Popen(
        [sys.executable, "-c", "import core.training.trainer"],
        cwd=PROJECT,
        env=python_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    process.nice(19)
    return process
