"""Loads what a worker loads, in the way a worker does; preloaded by the fork server of `forked_workers`."""

from __future__ import annotations

import gc

from core.environment import prepare_tensorflow
from core.training.worker import hide_packages

prepare_tensorflow()
with hide_packages("sklearn", "matplotlib"):
    import core.training.trainer  # noqa: F401
# Imported by workers as they need them.
import ai_edge_litert.interpreter
import sklearn.neural_network  # noqa: F401

# Copies share the memory of these objects as long as the garbage collector does not touch them.
gc.freeze()
