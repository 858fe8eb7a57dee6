"""Optuna's trial storage: a journal file for one machine, or a PostgreSQL database for several."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import optuna
import sqlalchemy.exc
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.storages.journal import JournalFileBackend, JournalStorage

from core.environment import sweep_storage
from core.errors import SweepError
from core.language import Message
from core.storage import open_file

HEARTBEAT_SECONDS = 20
GRACE_SECONDS = 120
"""Seconds without a heartbeat after which a machine's trial is handed over to the others."""
_MAX_MACHINE_RETRIES = 2
_CONNECT_TIMEOUT_SECONDS = 10
_LOCK_SUFFIX = ".lock"
"""Suffix of the lock file that Optuna creates next to a journal."""
_DRIVER = "postgresql+psycopg://"


def open_journal(journal: Path) -> JournalStorage:
    """Open a journal file as a storage. Only the process that holds the sweep's lock may call this; raises OSError."""
    _drop_unfinished_line(journal)
    # A lock file found here was left by a killed process; Optuna would wait for it for half a minute.
    journal.with_name(journal.name + _LOCK_SUFFIX).unlink(missing_ok=True)
    return JournalStorage(JournalFileBackend(str(journal)))


def open_database() -> RDBStorage:
    """Open the database that TRAZO_SWEEP_STORAGE names as a storage; raises SweepError if it names none."""
    url = sweep_storage() or ""
    if not url.startswith(_DRIVER):
        raise SweepError(
            Message(
                "TRAZO_SWEEP_STORAGE must begin with {driver}, for example {driver}user@host/database.", driver=_DRIVER
            )
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Optuna warns that heartbeats are experimental
        return RDBStorage(
            url,
            engine_kwargs={"connect_args": {"connect_timeout": _CONNECT_TIMEOUT_SECONDS}, "pool_pre_ping": True},
            heartbeat_interval=HEARTBEAT_SECONDS,
            grace_period=GRACE_SECONDS,
            heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(_MAX_MACHINE_RETRIES),
        )


@contextmanager
def errors() -> Iterator[None]:
    """Convert database errors in the `with` block to SweepError, without the URL, which contains a password."""
    try:
        yield
    except ImportError as error:
        raise SweepError(
            Message("The package psycopg is not installed. Install requirements-cluster.txt, then resume the sweep.")
        ) from error
    except (sqlalchemy.exc.SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        raise SweepError(
            Message(
                "The database of the sweep cannot be used ({error}). Check that it is running and that "
                "TRAZO_SWEEP_STORAGE names it, then resume the sweep.",
                error=type(error).__name__,
            )
        ) from error


def _drop_unfinished_line(journal: Path) -> None:
    """Remove the last line if it is incomplete because the disk was full or the process was killed."""
    try:
        with open_file(journal, "r+b") as file:
            content = file.read()
            file.truncate(content.rfind(b"\n") + 1)
    except FileNotFoundError:
        return
