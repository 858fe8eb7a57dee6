"""A snapshot of all runs reads each status and each config at most once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from core.config import TrainingConfig, replace_settings, teacher_configs
from core.errors import RunError
from core.launcher.overview import overview
from core.launcher.queue import advance, resume, submit
from core.runs.process import worker_lock
from core.runs.registry import create_run
from core.runs.run import Run
from core.runs.snapshot import RunSnapshot, Snapshot
from core.runs.status import Status
from core.runs.summary import summaries
from core.workspace import Workspace
from tests.support.opened_files import opened_files
from tests.support.tiny_training import tiny_config

STUDENT_CONFIG = tiny_config(teachers=2, seed=5)


@pytest.fixture
def many_runs(workspace: Workspace) -> list[Run]:
    """Return a hundred finished runs; a tenth have the settings of teachers, but none has a model."""
    runs = []
    for number in range(100):
        config = teacher_configs(STUDENT_CONFIG)[number % 2] if number % 10 == 0 else tiny_config(seed=number)
        runs.append(create_run(workspace, config))
        runs[-1].write_status(Status(state="finished", ended=1.0))
    return runs


def reads(opened: Counter[Path], name: str) -> Counter[Path]:
    return Counter({path: count for path, count in opened.items() if path.name == name})


@pytest.mark.usefixtures("idle_workers", "many_runs")
def test_submit_with_two_teachers_reads_each_run_once(workspace: Workspace) -> None:
    with opened_files() as opened:
        run = submit(workspace, STUDENT_CONFIG)

    statuses, configs = reads(opened, "status.json"), reads(opened, "config.json")
    # The hundred runs, both teachers and the new run; the queue reads the configs of new runs only if it needs them.
    assert (len(statuses), max(statuses.values())) == (103, 1)
    assert 100 <= len(configs) <= 103
    assert max(configs.values()) == 1
    assert Snapshot.of(workspace).in_state("queued")[0].run == run
    assert len(Snapshot.of(workspace).in_state("running")) == 1


@pytest.mark.usefixtures("idle_workers")
def test_resume_with_two_teachers_reads_each_run_once(workspace: Workspace, many_runs: list[Run]) -> None:
    run = many_runs[7]
    run.write_config(STUDENT_CONFIG)
    run.write_status(Status(state="failed", ended=1.0))

    with opened_files() as opened:
        resume(workspace, run)

    # The status of the resumed run is read again after the run has been queued.
    statuses, configs = reads(opened, "status.json"), reads(opened, "config.json")
    assert {path.parent for path, count in statuses.items() if count > 1} == {run.folder}
    assert max(configs.values()) == 1


@pytest.mark.usefixtures("many_runs")
@pytest.mark.parametrize("list_all", [summaries, overview], ids=["summaries", "overview"])
def test_list_of_all_runs_reads_each_run_once(workspace: Workspace, list_all: Callable[[Workspace], object]) -> None:
    with opened_files() as opened:
        list_all(workspace)

    assert max(reads(opened, "status.json").values()) == 1
    assert max(reads(opened, "config.json").values(), default=1) == 1


@pytest.mark.usefixtures("many_runs")
def test_several_lists_can_share_one_snapshot(workspace: Workspace) -> None:
    snapshot = Snapshot.of(workspace)

    with opened_files() as opened:
        rows = summaries(workspace, snapshot)
        queue_state = overview(workspace, snapshot)

    assert max(reads(opened, "status.json").values()) == 1
    assert (len(rows), queue_state.busy) == (100, False)


@pytest.mark.usefixtures("idle_workers", "many_runs")
def test_idle_queue_reads_each_status_once(workspace: Workspace) -> None:
    with opened_files() as opened:
        assert advance(workspace) is None

    assert max(reads(opened, "status.json").values()) == 1
    assert not reads(opened, "config.json")


def test_snapshot_does_not_change(workspace: Workspace) -> None:
    run = create_run(workspace, tiny_config())
    snapshot = Snapshot.of(workspace)
    assert [found.run for found in snapshot.in_state("queued")] == [run]

    run.write_status(Status(state="stopped"))

    assert [found.run for found in snapshot.in_state("queued")] == [run]
    (stopped,) = snapshot.with_refreshed(snapshot.find(run)).in_state("stopped")
    assert stopped.run == run


def test_snapshot_can_be_updated_with_changed_and_new_runs(workspace: Workspace) -> None:
    older, newer = (create_run(workspace, tiny_config(seed=seed)) for seed in (1, 2))
    snapshot = Snapshot.of(workspace)
    new_runs = [create_run(workspace, tiny_config(seed=seed)) for seed in (3, 4)]

    new_snapshot = snapshot.with_refreshed(snapshot.find(older), *map(RunSnapshot, new_runs))

    assert [found.run for found in new_snapshot.runs] == [new_runs[1], new_runs[0], newer, older]
    assert [found.run for found in Snapshot.of(workspace).runs] == [new_runs[1], new_runs[0], newer, older]


def test_damaged_run_has_no_state_and_repeats_its_error(workspace: Workspace) -> None:
    run, config = create_run(workspace, tiny_config()), tiny_config()
    run.status_file.write_text("{")
    run.config_file.write_text("{")
    snapshot = Snapshot.of(workspace)
    (damaged,) = snapshot.runs

    assert snapshot.readable() == snapshot.matching_config(config) == []
    for read in (damaged.status, damaged.status, damaged.config, damaged.config):
        with pytest.raises(RunError, match="damaged"):
            read()


def test_runs_with_a_config_are_listed_newest_first(workspace: Workspace) -> None:
    def with_seed(seed: int) -> TrainingConfig:
        return replace_settings(tiny_config(), seed=seed)

    runs = [create_run(workspace, with_seed(seed)) for seed in (1, 2, 1)]

    found = Snapshot.of(workspace).matching_config(with_seed(1))

    assert [match.run for match, _ in found] == [runs[2], runs[0]]


def test_run_counts_as_running_while_its_lock_is_held(workspace: Workspace) -> None:
    run = create_run(workspace, tiny_config())
    run.write_status(Status(state="running"))

    with worker_lock(run.lock_file):
        assert [found.run for found in Snapshot.of(workspace).in_state("running")] == [run]
    assert [found.run for found in Snapshot.of(workspace).in_state("interrupted")] == [run]
