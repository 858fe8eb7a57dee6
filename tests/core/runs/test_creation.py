"""The creation time of a run does not depend on the time zone in which the run is created, listed or exported."""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone

import pandas as pd
import pytest

from core.cli import main
from core.launcher.overview import overview
from core.runs import registry
from core.runs.creation import created_at
from core.runs.registry import create_run, list_runs
from core.runs.run import Run
from core.runs.summary import summaries
from core.workspace import Workspace
from dashboard.runs.csv_export import runs_csv
from dashboard.runs.table import table_content, unique_names
from dashboard.training.progress import start_and_end
from tests.support.tiny_training import tiny_config

SetTimeZone = Callable[[str], None]
NEW_YORK, TOKYO, KATHMANDU = "America/New_York", "Asia/Tokyo", "Asia/Kathmandu"
SUMMER = datetime(2026, 7, 1, 16, 30, 5, tzinfo=UTC)
REPEATED_HOUR = datetime(2026, 11, 1, 5, 50, tzinfo=UTC), datetime(2026, 11, 1, 6, 10, tzinfo=UTC)
"""01:50 daylight saving time in New York, and 01:10 standard time, 20 minutes later."""


@pytest.fixture
def set_time_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[SetTimeZone]:
    """Return a function that sets this machine's time zone."""

    def set_zone(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()


def create_at(workspace: Workspace, moment: datetime, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Create a run that is started and stopped at the given moment."""
    monkeypatch.setattr(registry, "_now", lambda: moment)
    run = create_run(workspace, tiny_config())
    run.write_status(run.status().model_copy(update={"started": moment.timestamp(), "state": "stopped"}))
    return run


def make_old(run: Run, moment: datetime) -> Run:
    """Turn a run into one from an earlier version, dated only by its id and by the config's modification time."""
    run.created_file.unlink()
    os.utime(run.config_file, (moment.timestamp(), moment.timestamp()))
    return run


def test_run_id_starts_with_the_local_creation_time(
    workspace: Workspace, set_time_zone: SetTimeZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_time_zone(NEW_YORK)

    assert create_at(workspace, SUMMER, monkeypatch).id.startswith("20260701-123005-")


@pytest.mark.parametrize("version", ["current", "earlier"])
@pytest.mark.parametrize("zone", [NEW_YORK, TOKYO, KATHMANDU, "UTC"])
def test_every_view_shows_the_same_creation_time_in_any_zone(
    workspace: Workspace,
    set_time_zone: SetTimeZone,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    zone: str,
    version: str,
) -> None:
    set_time_zone(NEW_YORK)
    run = create_at(workspace, SUMMER, monkeypatch)
    if version == "earlier":
        make_old(run, SUMMER)

    set_time_zone(zone)

    (row,) = summaries(workspace)
    assert created_at(run) == row.created == SUMMER
    (exported,) = pd.read_csv(io.BytesIO(runs_csv([row])))["created"]
    assert datetime.fromisoformat(exported) == SUMMER
    assert main(["runs", "list", "--json"]) == 0
    assert datetime.fromisoformat(json.loads(capsys.readouterr().out)["created"]) == SUMMER
    # The table and the run's own page show the same local time.
    (shown,) = table_content([row], unique_names([row]))["Created"]
    (started,) = start_and_end(run.status())
    assert f"{shown:%H:%M:%S}" in started
    assert shown.to_pydatetime() == SUMMER.astimezone().replace(tzinfo=None)


@pytest.mark.parametrize("version", ["current", "earlier"])
@pytest.mark.parametrize("zone", [NEW_YORK, TOKYO])
def test_runs_in_a_repeated_hour_are_in_order(
    workspace: Workspace, set_time_zone: SetTimeZone, monkeypatch: pytest.MonkeyPatch, zone: str, version: str
) -> None:
    set_time_zone(NEW_YORK)
    older, newer = (create_at(workspace, moment, monkeypatch) for moment in REPEATED_HOUR)
    if version == "earlier":
        make_old(older, REPEATED_HOUR[0])
        make_old(newer, REPEATED_HOUR[1])
    assert older.id > newer.id

    set_time_zone(zone)

    assert list_runs(workspace) == [newer, older]
    assert [created_at(run) for run in (older, newer)] == list(REPEATED_HOUR)


def test_runs_stay_in_order_after_the_machine_moves_west(
    workspace: Workspace, set_time_zone: SetTimeZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_time_zone(TOKYO)
    monkeypatch.setattr(registry, "_now", lambda: SUMMER)
    older = create_run(workspace, tiny_config())
    set_time_zone(NEW_YORK)
    monkeypatch.setattr(registry, "_now", lambda: SUMMER + timedelta(hours=1))
    newer = create_run(workspace, tiny_config())

    assert list_runs(workspace) == [newer, older]
    assert overview(workspace).waiting == (older, newer)


def test_copied_run_from_an_earlier_version_is_dated_by_its_id(
    workspace: Workspace, set_time_zone: SetTimeZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_time_zone(NEW_YORK)
    run = make_old(create_at(workspace, SUMMER, monkeypatch), SUMMER + timedelta(days=40, minutes=7))

    assert created_at(run) == SUMMER


def test_renamed_run_keeps_its_creation_time(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    run = create_at(workspace, SUMMER, monkeypatch)
    old = make_old(create_at(workspace, SUMMER, monkeypatch), SUMMER)

    renamed = Run(run.folder.rename(workspace.runs / "my-best"))
    old_renamed = Run(old.folder.rename(workspace.runs / "my-second"))

    assert [created_at(each) for each in (renamed, old_renamed)] == [SUMMER, SUMMER]


@pytest.mark.parametrize(
    "content", ["", "{", '{"created": "yesterday"}', '{"created": "2026-07-01T16:30:05"}', "x" * 9999]
)
def test_damaged_creation_time_falls_back_to_that_in_the_id(
    workspace: Workspace, set_time_zone: SetTimeZone, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    set_time_zone(NEW_YORK)
    run = create_at(workspace, SUMMER, monkeypatch)
    make_old(run, SUMMER)

    run.created_file.write_text(content)

    assert created_at(run) == SUMMER


def test_creation_time_is_stored_in_utc(
    workspace: Workspace, set_time_zone: SetTimeZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_time_zone(TOKYO)
    run = create_at(workspace, SUMMER.astimezone(timezone(timedelta(hours=3))), monkeypatch)

    assert json.loads(run.created_file.read_text()) == {"created": "2026-07-01T16:30:05Z"}
