"""A sweep whose trials are spread over two machines of a real Ray cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest

from core.runs.run import Run
from core.sweeps import control
from core.workspace import Workspace
from tests.support.postgresql import PostgreSQL, find_postgresql
from tests.support.ray_cluster import RayCluster, require_ray, training_processes
from tests.support.requirements import skip_or_fail
from tests.support.tiny_sweeps import marked_runs, tiny_sweep
from tests.support.waiting import wait_until
from tests.support.workers import end_all

pytestmark = pytest.mark.long
TRIALS = 6


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    require_ray()
    cluster = RayCluster(nodes=2)
    yield cluster
    cluster.close()


@pytest.fixture(params=["journal", "postgresql"])
def _storage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The study is stored in a journal file or in a real PostgreSQL database."""
    if request.param == "journal":
        yield
        return
    programs = find_postgresql()
    if programs is None:
        skip_or_fail("PostgreSQL is not on this machine; install the package postgresql.")
    server = PostgreSQL(programs)
    monkeypatch.setenv("TRAZO_SWEEP_STORAGE", server.url)
    yield
    server.stop()


@pytest.mark.usefixtures("_storage")
def test_trials_are_spread_over_two_nodes(
    cluster: RayCluster, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**cluster.environment, "TRAZO_WORKERS": "2", "TRAZO_RAY": cluster.address}.items():
        monkeypatch.setenv(name, value)
    sweep = tiny_sweep(workspace, trials=TRIALS, pruning=False)
    control.start(workspace, sweep)
    nodes: dict[str, int] = {}

    def has_ended() -> bool:
        for run in unfinished_runs(workspace):
            for process in training_processes(run.id):
                with suppress(StopIteration, psutil.NoSuchProcess):  # it has just ended
                    nodes.setdefault(run.id, cluster.node_of(process))
        return not sweep.alive

    wait_until(has_ended, what="the end of the sweep")

    assert sweep.status().state == "finished", sweep.status().message + sweep.log_file.read_text()
    progress = sweep.progress()
    assert [trial.state for trial in progress.trials] == ["complete"] * TRIALS
    assert len({run_id for trial in progress.trials for run_id in trial.runs}) == TRIALS
    assert set(nodes.values()) == {0, 1}
    (winner,) = progress.winners
    assert all(Run(workspace.runs / run_id).bundle.complete for run_id in winner.runs)
    assert all("cluster:" in run.log_tail() for _, run in marked_runs(workspace))
    end_all(workspace)


def unfinished_runs(workspace: Workspace) -> list[Run]:
    return [run for _, run in marked_runs(workspace) if not run.status().has_ended]
