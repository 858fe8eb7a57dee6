"""Runs on a real Ray cluster: a head and two nodes of one CPU each."""

from __future__ import annotations

from collections.abc import Iterator

import psutil
import pytest

from core.launcher.control import request_stop
from core.launcher.queue import resume, submit
from core.runs.run import Run
from core.training.checkpoint import read_checkpoint
from core.workspace import Workspace
from tests.support.ray_cluster import RayCluster, require_ray, training_processes
from tests.support.tiny_training import tiny_config
from tests.support.waiting import wait_until
from tests.support.workers import end_all, kill_worker

ENDLESS = tiny_config(epochs=200, patience=0, batch_size=8)


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    """A head and two nodes, which the tests of this module share; the last one kills them."""
    require_ray()
    cluster = RayCluster()
    cluster.start_head()
    cluster.add_node()
    cluster.add_node()
    yield cluster
    cluster.close()


@pytest.fixture(autouse=True)
def on_the_cluster(cluster: RayCluster, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Train the runs of this test on the cluster, two at a time."""
    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TRAZO_WORKERS", "2")
    monkeypatch.setenv("TRAZO_RAY", cluster.address)
    yield
    end_all(workspace)


def training_of(run: Run) -> psutil.Process:
    """Wait until a node trains the run, and return the process there."""
    (process,) = wait_until(lambda: training_processes(run.id), what=f"the training of {run.id}")
    return process


def wait_for_steps(run: Run, after_epoch: int = 1) -> None:
    """Wait until a run has trained further than an epoch."""

    def trains() -> bool:
        assert not run.status().over, run.log_tail()
        return bool(len(run.steps()) and run.steps()["epoch"].max() > after_epoch)

    wait_until(trains, what=f"steps after epoch {after_epoch}\n")


def wait_for_end(run: Run) -> None:
    wait_until(lambda: run.status().over and not run.alive, what="the end of the run")


def test_run_on_a_node_ends_as_it_does_here(
    cluster: RayCluster, workspace: Workspace, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAZO_RAY", cluster.client_address)  # as from a machine outside the cluster

    run = submit(workspace, tiny_config(epochs=2))
    wait_for_end(run)

    assert (run.status().state, run.status().message) == ("finished", trained.status().message), run.log_tail()
    assert files(run) == files(trained)
    columns = ["epoch", "step", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"]
    expected = trained.history()[columns].to_numpy()
    assert run.history()[columns].to_numpy() == pytest.approx(expected, abs=2e-3)
    assert run.steps()["step"].tolist()[-1] == trained.steps()["step"].tolist()[-1]
    card, expected_card = run.bundle.card(), trained.bundle.card()
    assert card.metrics.test_accuracy == pytest.approx(expected_card.metrics.test_accuracy, abs=0.006)
    assert (card.run_id, card.data, card.layers) == (run.id, expected_card.data, expected_card.layers)
    assert "test accuracy" in run.log_tail()
    wait_until(lambda: not training_processes(run.id), what="the end of the process on the node")


def files(run: Run) -> set[str]:
    """Return the names of all files of a run."""
    return {str(path.relative_to(run.folder)) for path in run.folder.rglob("*") if path.is_file()}


def test_two_runs_train_on_two_nodes_at_once(cluster: RayCluster, workspace: Workspace) -> None:
    killed, stopped = submit(workspace, ENDLESS), submit(workspace, ENDLESS)
    wait_for_steps(killed)
    wait_for_steps(stopped)
    processes = [training_of(run) for run in (killed, stopped)]
    assert len({cluster.node_of(process).pid for process in processes}) == 2

    request_stop(workspace, stopped)
    kill_worker(killed)

    wait_until(lambda: not any(training_processes(run.id) for run in (killed, stopped)), what="the end on both nodes")
    wait_for_end(stopped)
    assert (stopped.status().state, stopped.stop_requested) == ("stopped", False)
    assert stopped.bundle.card().metrics.epochs >= 2
    assert killed.status().state == "interrupted"
    saved = read_checkpoint(killed)
    assert saved is not None
    resume(workspace, killed)
    wait_for_steps(killed, saved.epoch + 1)
    assert killed.history()["epoch"].tolist() == list(range(1, len(killed.history()) + 1))


def test_run_survives_its_node_then_the_head(
    cluster: RayCluster, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = submit(workspace, ENDLESS)
    wait_for_steps(run)
    first = cluster.node_of(training_of(run))

    cluster.kill(first)

    saved = read_checkpoint(run)
    assert saved is not None
    wait_for_steps(run, saved.epoch + 1)
    assert cluster.node_of(training_of(run)) != first

    cluster.kill(cluster.head)
    wait_until(lambda: run.status().message.startswith("Waiting for the cluster"), what="the message")
    assert (run.status().state, run.alive) == ("running", True)
    saved = read_checkpoint(run)
    assert saved is not None
    cluster.start_head(cpus=1)
    wait_for_steps(run, saved.epoch + 1)
    assert run.history()["epoch"].tolist() == list(range(1, len(run.history()) + 1))

    cluster.kill(cluster.head)
    wait_until(lambda: run.status().message.startswith("Waiting for the cluster"), what="the message")
    request_stop(workspace, run)
    wait_for_end(run)
    assert run.status().state == "stopped"
    assert run.checkpoint_file.exists()
