"""The worker's side of a run on a cluster, with fake drivers that only send reports."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import ClusterError, RunNotFound
from core.runs.deletion import delete_run
from core.runs.process import worker_lock
from core.runs.registry import create_run
from core.runs.run import Run
from core.runs.status import Status
from core.training.engines import ray
from core.training.engines.reports import Report
from core.workspace import Workspace
from tests.support.dashboard_process import free_port
from tests.support.ray_cluster import require_ray
from tests.support.tiny_training import tiny_config

SetReports = Callable[..., None]
TRAINING = Report(event="training")


@pytest.fixture
def run(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run that has started on a cluster that every driver finds."""
    require_ray()
    monkeypatch.setenv("TRAZO_RAY", "auto")
    monkeypatch.setattr(ray, "_RETRY_SECONDS", 0.1)
    monkeypatch.setattr(ray, "_POLL_SECONDS", 0.01)
    run = create_run(workspace, tiny_config())
    run.write_status(Status(state="running", epochs=3))
    return run


@pytest.fixture
def set_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SetReports:
    """Return a function that sets the reports of the next drivers; the last driver waits after its reports."""

    def write_drivers(*drivers: list[Report]) -> None:
        python, started = tmp_path / "python", tmp_path / "started"
        cases = "\n".join(
            f"{number}) cat {_write(tmp_path / f'driver-{number}', reports)}{'; cat' * (number == len(drivers))};;"
            for number, reports in enumerate(drivers, 1)
        )
        python.write_text(f"#!/bin/sh\necho >> {started}\ncase $(wc -l < {started}) in\n{cases}\nesac\n")
        python.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(python))

    return write_drivers


def _write(path: Path, reports: list[Report]) -> Path:
    path.write_text("".join(f"{report.model_dump_json()}\n" for report in reports))
    return path


def test_run_ends_as_its_driver_reports(run: Run, set_reports: SetReports) -> None:
    set_reports(
        [Report(event="waiting", message="No room."), TRAINING, Report(event="ended", state="stopped", message="!")]
    )

    with worker_lock(run.lock_file) as lock:
        assert ray.train(run, lock) == {"state": "stopped", "message": "!"}
        assert run.status().message == "No room."


def test_connection_is_retried_until_it_succeeds(run: Run, set_reports: SetReports) -> None:
    set_reports([Report(event="lost")], [], [Report(event="ended", state="finished", message="Finished.")])

    with worker_lock(run.lock_file) as lock:
        assert ray.train(run, lock)["state"] == "finished"
        assert run.status().message.startswith("Waiting for the cluster. Start it with make cluster")


def test_run_that_the_cluster_cannot_train_fails(run: Run, set_reports: SetReports) -> None:
    set_reports([Report(event="unusable", message="Python 3.11 here, 3.12 there.")])

    with pytest.raises(ClusterError, match=r"^Python 3\.11 here, 3\.12 there\.$"):
        ray.train(run, None)


def test_run_fails_after_three_losses_in_an_epoch(run: Run, set_reports: SetReports) -> None:
    lost_reports = [TRAINING, Report(event="lost")]
    set_reports(lost_reports, lost_reports, lost_reports)

    with worker_lock(run.lock_file) as lock:
        with pytest.raises(ClusterError, match="lost 3 times within an epoch"):
            ray.train(run, lock)
        assert "lost. Continuing after the last completed epoch." in run.status().message


def test_losses_between_completed_epochs_do_not_count(
    run: Run, set_reports: SetReports, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost_reports = [TRAINING, Report(event="lost")]
    set_reports(lost_reports, lost_reports, lost_reports, lost_reports, [Report(event="ended", state="finished")])
    epochs = iter(range(1, 9))
    monkeypatch.setattr(Status, "epochs_done", property(lambda _: next(epochs)))

    with worker_lock(run.lock_file) as lock:
        assert ray.train(run, lock)["state"] == "finished"


def test_rejection_by_the_cluster_is_explained(
    run: Run, set_reports: SetReports, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_reports([], [Report(event="ended", state="finished")])
    with socket.create_server(("127.0.0.1", 0)) as server, worker_lock(run.lock_file) as lock:
        monkeypatch.setenv("TRAZO_RAY", f"127.0.0.1:{server.getsockname()[1]}")

        ray.train(run, lock)

        assert "check RAY_AUTH_TOKEN" in run.status().message


@pytest.mark.parametrize("checkpoint", [True, False])
def test_stop_ends_the_wait(run: Run, monkeypatch: pytest.MonkeyPatch, checkpoint: bool) -> None:
    monkeypatch.setenv("TRAZO_RAY", f"ray://127.0.0.1:{free_port()}")
    run.stop_file.touch()
    if checkpoint:
        run.checkpoint_file.touch()

    with worker_lock(run.lock_file) as lock:
        end = ray.train(run, lock)

    assert end["state"] == "stopped"
    assert ("Resume the run" in end["message"]) == checkpoint


def test_wait_ends_when_the_run_is_deleted(run: Run, set_reports: SetReports, workspace: Workspace) -> None:
    set_reports([Report(event="waiting")])
    delete_run(workspace, run)

    with pytest.raises(RunNotFound):
        ray.train(run, None)


def test_missing_ray_is_reported(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "find_spec", lambda _: None)

    with pytest.raises(ClusterError, match=r"Ray is not installed.* Run make cluster"):
        ray.train(run, None)
