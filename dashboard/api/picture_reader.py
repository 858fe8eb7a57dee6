"""What the API says of a picture; `python -m dashboard.api.picture_reader` says it in a process of its own.

Such a process takes pictures from its standard input and answers in JSON on its standard output, one after the other,
each with its length in 4 bytes before it. Its first answer, an empty one, says that it is ready; it ends with its
input.
"""

from __future__ import annotations

import json
import signal
import struct
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import BundleError, PictureError

if TYPE_CHECKING:
    from core.classifier.predictor import Reading
    from core.runs.active import ActivePredictor

LENGTH = struct.Struct("!I")

LONGEST_SECONDS = 60.0
"""After so long over one picture the process ends itself: the dashboard, which would end it sooner, may be gone."""


def answer_on(predictor: ActivePredictor, picture: bytes) -> tuple[dict[str, Any], float]:
    """The fields that dashboard/api.py lists, and the seconds that it took; raises PictureError and BundleError."""
    # SciPy comes with this import; the dashboard starts without it.
    from core.ink.photo import ink_from_picture

    began = time.perf_counter()
    model, current = predictor.current()
    reading: Reading = current.read(ink_from_picture(picture))
    answer = {**reading.to_json(), "model": model.name}
    return answer, time.perf_counter() - began


def main() -> None:
    """Answer until the input ends: with `answer` and the `seconds` it took, or with `error` and its `sentence`.

    To what nobody foresaw the answer is the traceback, as `fault`, for the dashboard's log.
    """
    # Where memory runs out, Linux ends this process, not the dashboard.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    # Ctrl-C is the dashboard's matter, which then ends the input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import core.ink.photo  # noqa: F401 - before it is ready, not at the first picture
    from core.runs.active import ActivePredictor
    from core.workspace import Workspace

    predictor = ActivePredictor(Workspace.from_environment())
    with suppress(BundleError):  # whoever asks will hear of it
        predictor.current()
    pictures, answers = sys.stdin.buffer, sys.stdout.buffer
    message = b""
    while True:
        answers.write(LENGTH.pack(len(message)) + message)
        answers.flush()
        head = pictures.read(LENGTH.size)
        if len(head) < LENGTH.size:
            return
        picture = pictures.read(LENGTH.unpack(head)[0])
        signal.setitimer(signal.ITIMER_REAL, LONGEST_SECONDS)
        message = json.dumps(_message(predictor, picture)).encode()
        signal.setitimer(signal.ITIMER_REAL, 0)


def _message(predictor: ActivePredictor, picture: bytes) -> dict[str, Any]:
    try:
        answer, seconds = answer_on(predictor, picture)
    except (PictureError, BundleError) as error:
        return {"error": type(error).__name__, "sentence": str(error)}
    except Exception:  # noqa: BLE001 - the dashboard logs it
        return {"fault": traceback.format_exc()}
    return {"answer": answer, "seconds": seconds}


if __name__ == "__main__":
    main()
