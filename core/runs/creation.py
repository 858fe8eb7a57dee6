"""The instant at which a run was created: one instant, whatever the time zone it is read in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from pydantic import AwareDatetime, ValidationError

from core.records import Record
from core.runs.run import Run
from core.storage import atomic_write, read_file

STAMP = "%Y%m%d-%H%M%S"
"""The start of a run's id: the local time of its creation, for people. The instant itself is in a file."""

_ZONES = timedelta(hours=-12), timedelta(hours=14)
_ZONE_STEP = timedelta(minutes=15)
"""Offsets of all time zones from UTC, and what they are multiples of."""
_WRITTEN_WITHIN = timedelta(seconds=5)
"""A run's config is written within a second of its creation; more runs in one second get later stamps."""
_LARGEST_FILE = 1024
"""Bytes."""


class _Creation(Record, extra="ignore"):
    created: AwareDatetime


def write_creation(run: Run, moment: datetime) -> None:
    """Write the instant of a run's creation in UTC; raises StorageError."""
    with atomic_write(run.created_file) as temporary:
        temporary.write_text(_Creation(created=moment.astimezone(UTC)).model_dump_json() + "\n")


def created_at(run: Run) -> datetime:
    """Return the instant at which a run was created, in this machine's time zone.

    Runs of earlier versions wrote down local time only: their config's time of change tells which zone it was.
    """
    version = _modified(run.created_file)
    created = _written(run.created_file, version) if version else None
    return (created or _from_id(run)).astimezone()


# Every look at the runs puts them in order by it.
@lru_cache(maxsize=10_000)
def _written(path: Path, version: float) -> datetime | None:  # noqa: ARG001 - part of the cache's key
    try:
        return _Creation.model_validate_json(read_file(path, _LARGEST_FILE)).created
    except (OSError, ValidationError):
        return None


def _from_id(run: Run) -> datetime:
    """Return the instant that the id and the config's time of change agree on, else either of them."""
    written = _modified(run.config_file) or _modified(run.folder)
    moment = datetime.fromtimestamp(written, UTC) if written else datetime.now(UTC)  # deleted meanwhile
    try:
        local = datetime.strptime("-".join(run.id.split("-")[:2]), STAMP)  # noqa: DTZ007 - of a zone that is to be found
    except ValueError:
        return moment
    difference = local - moment.replace(tzinfo=None)
    offset = round(difference / _ZONE_STEP) * _ZONE_STEP
    if abs(difference - offset) <= _WRITTEN_WITHIN and _ZONES[0] <= offset <= _ZONES[1]:
        return (local - offset).replace(tzinfo=UTC)
    return local.astimezone()  # copied or edited later


def _modified(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None
