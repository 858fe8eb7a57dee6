"""A run was created at one instant, in whatever time zone it is created, listed and exported."""

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
from tests.conftest import tiny_config

In = Callable[[str], None]
NEW_YORK, TOKYO, KATHMANDU = "America/New_York", "Asia/Tokyo", "Asia/Kathmandu"
SUMMER = datetime(2026, 7, 1, 16, 30, 5, tzinfo=UTC)
IN_THE_FOLD = datetime(2026, 11, 1, 5, 50, tzinfo=UTC), datetime(2026, 11, 1, 6, 10, tzinfo=UTC)
"""01:50 summer time in New York, and 01:10 winter time, 20 minutes later."""


@pytest.fixture
def live_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[In]:
    """Moves this machine to a time zone."""

    def move(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield move
    monkeypatch.undo()
    time.tzset()


def created(workspace: Workspace, moment: datetime, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run that was created at this moment, and failed in it."""
    monkeypatch.setattr(registry, "_now", lambda: moment)
    run = create_run(workspace, tiny_config())
    run.write_status(run.status().model_copy(update={"started": moment.timestamp(), "state": "stopped"}))
    return run


def aged(run: Run, moment: datetime) -> Run:
    """Make a run one of an earlier version: its id and the time of its config's writing tell when it was created."""
    run.created_file.unlink()
    os.utime(run.config_file, (moment.timestamp(), moment.timestamp()))
    return run


def test_id_of_a_run_has_the_local_time_of_its_creation(
    workspace: Workspace, live_in: In, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_in(NEW_YORK)

    assert created(workspace, SUMMER, monkeypatch).id.startswith("20260701-123005-")


@pytest.mark.parametrize("version", ["this", "an earlier one"])
@pytest.mark.parametrize("zone", [NEW_YORK, TOKYO, KATHMANDU, "UTC"])
def test_every_list_names_the_instant_of_creation_after_a_move(
    workspace: Workspace,
    live_in: In,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    zone: str,
    version: str,
) -> None:
    live_in(NEW_YORK)
    run = created(workspace, SUMMER, monkeypatch)
    if version != "this":
        aged(run, SUMMER)

    live_in(zone)

    (row,) = summaries(workspace)
    assert created_at(run) == row.created == SUMMER
    (exported,) = pd.read_csv(io.BytesIO(runs_csv([row])))["created"]
    assert datetime.fromisoformat(exported) == SUMMER
    assert main(["runs", "list", "--json"]) == 0
    assert datetime.fromisoformat(json.loads(capsys.readouterr().out)["created"]) == SUMMER
    # The table and the run's own page show the same wall clock.
    (shown,) = table_content([row], unique_names([row]))["When"]
    (started,) = start_and_end(run.status())
    assert f"{shown:%H:%M:%S}" in started
    assert shown.to_pydatetime() == SUMMER.astimezone().replace(tzinfo=None)


@pytest.mark.parametrize("version", ["this", "an earlier one"])
@pytest.mark.parametrize("zone", [NEW_YORK, TOKYO])
def test_runs_in_the_hour_that_comes_twice_are_in_order(
    workspace: Workspace, live_in: In, monkeypatch: pytest.MonkeyPatch, zone: str, version: str
) -> None:
    live_in(NEW_YORK)
    older, newer = (created(workspace, moment, monkeypatch) for moment in IN_THE_FOLD)
    if version != "this":
        aged(older, IN_THE_FOLD[0])
        aged(newer, IN_THE_FOLD[1])
    assert older.id > newer.id

    live_in(zone)

    assert list_runs(workspace) == [newer, older]
    assert [created_at(run) for run in (older, newer)] == list(IN_THE_FOLD)


def test_runs_stay_in_order_after_a_move_to_the_west(
    workspace: Workspace, live_in: In, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_in(TOKYO)
    monkeypatch.setattr(registry, "_now", lambda: SUMMER)
    older = create_run(workspace, tiny_config())
    live_in(NEW_YORK)
    monkeypatch.setattr(registry, "_now", lambda: SUMMER + timedelta(hours=1))
    newer = create_run(workspace, tiny_config())

    assert list_runs(workspace) == [newer, older]
    assert overview(workspace).waiting == (older, newer)


def test_a_copied_run_of_an_earlier_version_goes_by_its_name(
    workspace: Workspace, live_in: In, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_in(NEW_YORK)
    run = aged(created(workspace, SUMMER, monkeypatch), SUMMER + timedelta(days=40, minutes=7))

    assert created_at(run) == SUMMER


def test_a_run_that_was_renamed_keeps_its_instant(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    run = created(workspace, SUMMER, monkeypatch)
    old = aged(created(workspace, SUMMER, monkeypatch), SUMMER)

    renamed = Run(run.folder.rename(workspace.runs / "my-best"))
    old_renamed = Run(old.folder.rename(workspace.runs / "my-second"))

    assert [created_at(one) for one in (renamed, old_renamed)] == [SUMMER, SUMMER]


@pytest.mark.parametrize(
    "content", ["", "{", '{"created": "yesterday"}', '{"created": "2026-07-01T16:30:05"}', "x" * 9999]
)
def test_a_damaged_instant_is_replaced_by_that_of_the_id(
    workspace: Workspace, live_in: In, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    live_in(NEW_YORK)
    run = created(workspace, SUMMER, monkeypatch)
    aged(run, SUMMER)

    run.created_file.write_text(content)

    assert created_at(run) == SUMMER


def test_the_instant_is_on_disk_in_utc(workspace: Workspace, live_in: In, monkeypatch: pytest.MonkeyPatch) -> None:
    live_in(TOKYO)
    run = created(workspace, SUMMER.astimezone(timezone(timedelta(hours=3))), monkeypatch)

    assert json.loads(run.created_file.read_text()) == {"created": "2026-07-01T16:30:05Z"}
