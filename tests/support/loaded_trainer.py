"""Loads the same modules as a worker, in the same way; preloaded by the fork server of `forked_workers`."""

from __future__ import annotations

import gc
import importlib

from core.environment import prepare_tensorflow
from core.packages import hide_packages
from tests.support.tiny_training import DETECTOR_FRACTION

prepare_tensorflow()
with hide_packages("sklearn", "matplotlib"):
    importlib.import_module("core.training.trainer")
importlib.import_module("core.classifier.detector_samples")._MAX_FRACTION = DETECTOR_FRACTION
# Workers import these when they need them.
for module in ("ai_edge_litert.interpreter", "sklearn.neural_network"):
    importlib.import_module(module)

# Forked processes share the memory of these objects as long as the garbage collector does not touch them.
gc.freeze()
