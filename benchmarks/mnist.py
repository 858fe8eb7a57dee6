"""MNIST for benchmarks that run in a temporary workspace."""

from __future__ import annotations

import os

from core.data.sources import find_mnist
from core.workspace import Workspace


def share_mnist() -> bool:
    """Let every workspace use the current workspace's MNIST file; return False if MNIST is missing."""
    mnist = find_mnist(Workspace.from_environment())
    if mnist is None:
        return False
    os.environ["TRAZO_MNIST"] = str(mnist)
    return True
