"""Loads modules and fills caches at startup, so that the first visitor does not have to wait for them."""

from __future__ import annotations

import gc
import inspect
import logging
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from core.errors import BundleError

if TYPE_CHECKING:
    from core.runs.active import ActivePredictor

_logger = logging.getLogger(__name__)

_MODULES = (
    "dashboard.parts.charts",
    "dashboard.parts.digit_grid",
    "core.ink.photo",
    "dashboard.runs.side_by_side",
    "dashboard.runs.actions",
    "dashboard.runs.link",
    "dashboard.runs.table",
)
"""The slowest modules to import; together, they import every slow module that the pages need."""


def warm_up(predictor: Callable[[], ActivePredictor], modules_loaded: Callable[[], None]) -> None:
    """Import the pages' modules, call `modules_loaded`, then load the model and draw a chart."""
    try:
        for module in _MODULES:
            import_module(module)
        modules_loaded()
        predictor().current()
        _list_runs_and_draw()
        # Streamlit uses `inspect` for the first page. The first call in a process is slow, because it looks up the
        # source file of every loaded module.
        inspect.stack()
    except BundleError as error:
        _logger.warning("%s", error)
    except Exception:  # a page that needs the failed module shows the error, and the other pages work
        _logger.exception("Part of the dashboard could not be loaded.")


def freeze_heap() -> None:
    """Exclude all existing objects (hundreds of thousands) from garbage collection to save time."""
    gc.collect()
    gc.freeze()


def _list_runs_and_draw() -> None:
    """Fill the run cache and draw a chart, because each is several times slower the first time."""
    from dashboard.runs import run_cache
    from dashboard.training import curve_points, curves
    from dashboard.training.chart_options import ChartOptions

    run_cache.listing()
    curves.overlaid_curves(curve_points.NO_POINTS, "loss", ChartOptions())
