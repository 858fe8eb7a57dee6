"""The time at which a run was created, stored in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from pydantic import AwareDatetime, ValidationError

from core.records import Record
from core.runs.run import Run
from core.storage import atomic_write, modification_time_ns, read_file

ID_TIME_FORMAT = "%Y%m%d-%H%M%S"
"""Format of the local creation time at the start of a run's id. The exact time is in created.json."""

_MIN_UTC_OFFSET = timedelta(hours=-12)
_MAX_UTC_OFFSET = timedelta(hours=14)
_UTC_OFFSET_STEP = timedelta(minutes=15)
"""All UTC offsets are multiples of this step."""
_MAX_WRITING_TIME = timedelta(seconds=5)
"""Maximum difference between the time in an id and the time at which the run's config was written.

The config is written within a second, but runs created in the same second get ids with different, later seconds.
"""
_MAX_FILE_BYTES = 1024


class _Creation(Record, extra="ignore"):
    created: AwareDatetime


def write_creation(run: Run, created: datetime) -> None:
    """Write the time at which a run was created, in UTC; raises StorageError."""
    with atomic_write(run.created_file) as temporary:
        temporary.write_text(_Creation(created=created.astimezone(UTC)).model_dump_json() + "\n")


def created_at(run: Run) -> datetime:
    """Return the time at which a run was created, in this machine's time zone.

    Runs from earlier versions recorded only the local time, in their id. Their time zone is inferred from the
    modification time of their config.
    """
    version = modification_time_ns(run.created_file)
    created = _read_creation(run.created_file, version) if version else None
    return (created or _infer_from_id(run)).astimezone()


# Cached because every list of runs is sorted by creation time.
@lru_cache(maxsize=10_000)
def _read_creation(path: Path, version: int) -> datetime | None:  # noqa: ARG001 - part of the cache key
    try:
        return _Creation.model_validate_json(read_file(path, _MAX_FILE_BYTES)).created
    except (OSError, ValidationError):
        return None


def _infer_from_id(run: Run) -> datetime:
    """Return the time on which the id and the config's modification time agree, or else one of the two."""
    nanoseconds = modification_time_ns(run.config_file) or modification_time_ns(run.folder)
    written = datetime.fromtimestamp(nanoseconds / 1e9, UTC) if nanoseconds else datetime.now(UTC)  # just deleted
    try:
        local = datetime.strptime("-".join(run.id.split("-")[:2]), ID_TIME_FORMAT)  # noqa: DTZ007 - the zone is inferred below
    except ValueError:
        return written
    difference = local - written.replace(tzinfo=None)
    offset = round(difference / _UTC_OFFSET_STEP) * _UTC_OFFSET_STEP
    if abs(difference - offset) <= _MAX_WRITING_TIME and _MIN_UTC_OFFSET <= offset <= _MAX_UTC_OFFSET:
        return (local - offset).replace(tzinfo=UTC)
    return local.astimezone()  # the config was copied or edited later
