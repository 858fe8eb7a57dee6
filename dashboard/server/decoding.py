"""Decoding of pictures inside a worker process of the pool; imports little, because every worker loads it."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import PictureError

if TYPE_CHECKING:
    from core.ink.picture_ink import PictureInk

MAX_SECONDS = 60.0
"""Time after which a worker exits by itself. The dashboard normally stops it sooner, but may have been killed."""


class UnexpectedDecodingError(Exception):
    """An unexpected error in a worker; its message is the traceback as text, because a traceback cannot be pickled."""


def prepare_worker() -> None:
    """Prepare this process for decoding: import what it needs, and let only the dashboard handle Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # If memory runs out, Linux then kills this process rather than the dashboard.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    _share_stderr()
    import core.ink.photo  # noqa: F401 - imports SciPy


def _share_stderr() -> None:
    """Write warnings and the output of decoders to the dashboard's stderr, which is its log.

    anyio gives a worker a pipe that is never read, so a decoder that prints a lot would block once it is full.
    """
    for path in (f"/proc/{os.getppid()}/fd/2", os.devnull):
        with suppress(OSError):
            os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND), 2)
            break
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)


def decode_ink(picture: bytes) -> PictureInk:
    """Return the ink in a picture file.

    Raises PictureError if the picture cannot be decoded, and UnexpectedDecodingError for any other error.
    """
    from core.ink.photo import ink_from_picture

    signal.setitimer(signal.ITIMER_REAL, MAX_SECONDS)
    try:
        return ink_from_picture(picture)
    except PictureError:
        raise
    except Exception as error:
        raise UnexpectedDecodingError(traceback.format_exc()) from error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
