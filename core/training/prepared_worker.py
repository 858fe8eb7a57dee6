"""The process that loads TensorFlow, then waits for a run to train; `core.launcher.prepared_worker` starts it."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

from core.environment import prepare_tensorflow
from core.training import worker
from core.training.engines import local

_MAX_PATH_BYTES = 4096
"""Length of the longest path on Linux."""


def main(connection: int) -> int:
    """Load the trainer; then train the run received on the connection, or exit when the other end is closed.

    `connection`: file descriptor of a socket that receives the run's folder and the descriptors of its lock and log.
    """
    worker.yield_to_others()
    prepare_tensorflow()
    # If this fails, `worker.main` fails again, and records why.
    with suppress(Exception):
        local.import_trainer()
    with socket.socket(fileno=connection) as channel:
        folder, descriptors, _, _ = socket.recv_fds(channel, _MAX_PATH_BYTES, 2)
    if not folder:
        return 0
    lock, log = descriptors
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())
    os.close(log)
    return worker.main(Path(os.fsdecode(folder)), lock)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
