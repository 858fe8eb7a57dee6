"""Runs on a real Ray cluster. Tests with two nodes take minutes on two cores, so they are marked as long."""

from __future__ import annotations

from collections.abc import Iterator

import psutil
import pytest

from core.environment import pen_digits_location
from core.launcher.control import request_stop
from core.launcher.queue import resume, submit
from core.runs.run import Run
from core.training.checkpoint import read_checkpoint
from core.workspace import Workspace
from tests.support.ray_cluster import RayCluster, require_ray, training_processes
from tests.support.tiny_training import tiny_config
from tests.support.waiting import wait_until
from tests.support.workers import end_all, kill_worker

PEN_DIGITS = pen_digits_location()  # read before a fixture unsets the variable

ENDLESS = tiny_config(epochs=200, patience=0, batch_size=8, filters=(32, 32))


@pytest.fixture(scope="module")
def small_cluster() -> Iterator[RayCluster]:
    """A head node with one CPU."""
    require_ray()
    cluster = RayCluster(nodes=0, head_cpus=1)
    yield cluster
    cluster.close()


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    """A head node and two others, which the tests of this module share; the last test kills them."""
    require_ray()
    cluster = RayCluster(nodes=2)
    yield cluster
    cluster.close()


@pytest.fixture(autouse=True)
def _end_workers(workspace: Workspace) -> Iterator[None]:
    yield
    end_all(workspace)


def train_on(cluster: RayCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train the runs of this test on the cluster, two at a time."""
    for name, value in {**cluster.environment, "TRAZO_WORKERS": "2", "TRAZO_RAY": cluster.address}.items():
        monkeypatch.setenv(name, value)


def training_process(run: Run) -> psutil.Process:
    """Wait until a node is training the run; return its process."""
    (process,) = wait_until(lambda: training_processes(run.id), what=f"the training of {run.id}")
    return process


def wait_for_steps(run: Run, after_epoch: int = 1) -> None:
    """Wait until a run has completed a step after this epoch."""

    def has_steps() -> bool:
        assert not run.status().has_ended, run.log_tail()
        return bool(len(run.steps()) and run.steps()["epoch"].max() > after_epoch)

    wait_until(has_steps, what=f"steps after epoch {after_epoch}\n")


def wait_for_end(run: Run) -> None:
    wait_until(lambda: run.status().has_ended and not run.alive, what="the end of the run")


@pytest.mark.extended
def test_run_trains_on_the_cluster_as_it_does_locally(
    small_cluster: RayCluster, workspace: Workspace, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_on(small_cluster, monkeypatch)
    monkeypatch.setenv("TRAZO_RAY", small_cluster.client_address)  # as from a machine outside the cluster

    run = submit(workspace, tiny_config(epochs=2))

    wait_for_end(run)
    assert_same_result(run, trained)
    assert "cluster:" in run.log_tail()


@pytest.mark.long
def test_two_runs_train_on_two_nodes_at_once(
    cluster: RayCluster, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_on(cluster, monkeypatch)
    endless = submit(workspace, ENDLESS)
    wait_for_steps(endless)
    monkeypatch.setenv("TRAZO_RAY", cluster.client_address)

    run = submit(workspace, tiny_config(epochs=2))

    assert {cluster.node_of(training_process(each)) for each in (endless, run)} == {0, 1}
    wait_for_end(run)
    assert (run.status().state, endless.status().state) == ("finished", "running")
    request_stop(workspace, endless)
    wait_for_end(endless)
    assert (endless.status().state, endless.stop_requested) == ("stopped", False)
    assert endless.bundle.card().metrics.epochs >= 2
    wait_until(lambda: not any(training_processes(each.id) for each in (endless, run)), what="the end on the nodes")


def assert_same_result(run: Run, trained: Run) -> None:
    """Assert that a run has the same files and results as one that was trained locally, except for float noise."""
    assert (run.status().state, run.status().message) == ("finished", trained.status().message), run.log_tail()
    assert file_names(run) == file_names(trained)
    columns = ["epoch", "step", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"]
    expected = trained.history()[columns].to_numpy()
    assert run.history()[columns].to_numpy() == pytest.approx(expected, abs=2e-3)
    assert run.steps()["step"].tolist()[-1] == trained.steps()["step"].tolist()[-1]
    card, expected_card = run.bundle.card(), trained.bundle.card()
    assert card.metrics.test_accuracy == pytest.approx(expected_card.metrics.test_accuracy, abs=0.006)
    assert (card.run_id, card.data, card.layers) == (run.id, expected_card.data, expected_card.layers)
    assert "test accuracy" in run.log_tail()


def file_names(run: Run) -> set[str]:
    """Return the names of all files of a run."""
    return {str(path.relative_to(run.folder)) for path in run.folder.rglob("*") if path.is_file()}


@pytest.mark.long
def test_run_survives_the_loss_of_node_head_and_worker(
    cluster: RayCluster, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_on(cluster, monkeypatch)
    if PEN_DIGITS:  # they are sent to the cluster, and again after the first machine is lost
        monkeypatch.setenv("TRAZO_PEN_DIGITS", str(PEN_DIGITS))
    run = submit(workspace, ENDLESS)
    wait_for_steps(run)
    first = cluster.node_of(training_process(run))

    cluster.kill_node(first)

    assert cluster.node_of(training_process(run)) == 1 - first
    assert_continues(run)

    cluster.kill_head()
    cluster.kill_node(1 - first)  # it would exit by itself a minute after the head

    wait_for_message(run)
    assert (run.status().state, run.alive) == ("running", True)
    cluster.start_head(cpus=1)
    assert_continues(run)

    kill_worker(run)

    assert run.status().state == "interrupted"
    wait_until(lambda: not training_processes(run.id), what="the end of the training on the node")
    resume(workspace, run)
    assert_continues(run)

    cluster.kill_head()

    wait_for_message(run)
    request_stop(workspace, run)
    wait_for_end(run)
    assert run.status().state == "stopped"
    assert run.checkpoint_file.exists()


def assert_continues(run: Run) -> None:
    """Wait until the run has completed another epoch since its last checkpoint, and assert that it lost no epoch."""
    saved = read_checkpoint(run)
    assert saved is not None
    wait_for_steps(run, saved.epoch + 1)
    assert run.history()["epoch"].tolist() == list(range(1, len(run.history()) + 1))


def wait_for_message(run: Run) -> None:
    wait_until(lambda: run.status().message.startswith("Waiting for the cluster. Start it"), what="the message")
