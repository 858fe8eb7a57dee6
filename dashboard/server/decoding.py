"""The part of the picture pool that runs in its workers; it imports little, because every worker pays for it."""

from __future__ import annotations

import signal
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import PictureError

if TYPE_CHECKING:
    from core.ink.drawing import Pixels

MAX_SECONDS = 60.0
"""After this time the worker ends itself. The dashboard would end it sooner, but may have been killed."""


class DecodingBug(Exception):
    """An unexpected error in a worker; its text is the traceback, which does not travel between processes."""


def prepare_worker() -> None:
    """Make this process ready to decode: import what it needs, and leave Ctrl-C to the dashboard."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # If memory runs out, Linux ends this process and not the dashboard.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    import core.ink.photo  # noqa: F401 - SciPy comes with it


def ink_of(picture: bytes) -> Pixels:
    """Return the ink (h, w) in a picture file; raises PictureError, and DecodingBug for any other error."""
    from core.ink.photo import ink_from_picture

    signal.setitimer(signal.ITIMER_REAL, MAX_SECONDS)
    try:
        return ink_from_picture(picture)
    except PictureError:
        raise
    except Exception as error:
        raise DecodingBug(traceback.format_exc()) from error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
