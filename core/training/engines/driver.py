"""The process that connects a run to a Ray cluster: `python -m core.training.engines.driver RUN_DIR LOCK`.

The run's worker starts a driver for each attempt, because Ray kills a process whose cluster is gone. For each
event, the driver writes a Report to its standard output; it stores the files from the cluster in the run's folder.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import ray
from ray.exceptions import RayError, RayTaskError, RuntimeEnvSetupError

from core.environment import ray_address, ray_cpus, ray_gpus
from core.errors import ClusterError, TrazoError
from core.language import Message, count_message, message_of
from core.runs.run import Run
from core.runs.status import Status
from core.training.engines.changes import FolderChanges, FolderWatch
from core.training.engines.node import NodeRun
from core.training.engines.reports import Report
from core.training.engines.shared_data import NAMESPACE, share_mnist, share_pen_digits
from core.training.engines.versions import versions
from core.workspace import PROJECT, Workspace

_MEMORY_BYTES = 1_500_000_000
"""Memory that a training run needs; Ray starts no more runs on a machine than fit."""

_WAIT_SECONDS = 5.0
"""Seconds between two messages while no machine has room; on a free machine, training starts within this time."""

_ANSWER_SECONDS = 60.0
"""Timeout for an answer, which usually comes within a second; a bundle over a slow network takes longer."""

_CONNECTION_ERRORS = (RayError, ConnectionError, RuntimeError, TimeoutError, SystemError, ValueError)
"""Errors that Ray raises if the cluster or a machine is gone; which one depends on the address and the timing."""


class _Training:
    """A run's training on a machine in the cluster."""

    def __init__(self, run: Run, report: Callable[[Report], None]) -> None:
        self._run, self._report = run, report
        self._requests = self._bytes = 0

    def start(self, workspace: Workspace) -> None:
        """Send the run to the first machine that has room, and wait until its training starts.

        Raises ClusterError if no training can start there, DataError if the data is missing.
        """
        config = self._run.config()
        mnist = share_mnist(workspace) if config.dataset == "mnist" else {}
        pen_digits = share_pen_digits(workspace, required=config.pen_digits > 0)
        needs = {"num_cpus": ray_cpus(), "num_gpus": ray_gpus(), "memory": _MEMORY_BYTES}
        self._actor = ray.remote(NodeRun).options(**needs).remote(self._run.id)
        files = FolderWatch(self._run.folder).changes()
        files = FolderChanges(tuple(file for file in files.files if file.name != "train.log"), files.bundle)
        started = self._actor.start.remote(files, mnist, pen_digits, versions(), ray_cpus())
        while not ray.wait([started], timeout=_WAIT_SECONDS)[0]:
            self._report(Report(event="waiting", message=_waiting_message()))
        if problem := ray.get(started):
            raise ClusterError(problem)

    def follow(self) -> Report:
        """Copy what the training process writes until it ends; return the last report."""
        last_status = Status(state="running")
        while True:
            answer = self._actor.exchange.remote(_stop_request(self._run))
            changes, ended = ray.get(answer, timeout=_ANSWER_SECONDS)
            self._requests, self._bytes = self._requests + 1, self._bytes + changes.size
            last_status = self._apply(changes) or last_status
            if ended:
                ray.kill(self._actor)  # now, rather than when the cluster notices that this process has ended
                print(f"cluster: {self._requests} requests, {self._bytes:,} bytes received", flush=True)
                return _final_report(last_status)
            self._report(Report(event="training"))

    def _apply(self, changes: FolderChanges) -> Status | None:
        """Write the changes to the run's folder and its log; return the new status, if any."""
        special_files = {
            change.name: change.content for change in changes.files if change.name in ("status.json", "train.log")
        }
        other_files = tuple(change for change in changes.files if change.name not in special_files)
        FolderChanges(other_files, changes.bundle).apply(self._run.folder)
        if "train.log" in special_files:
            sys.stdout.buffer.write(special_files["train.log"])
            sys.stdout.flush()
            self._run.trim_log()
        if "status.json" not in special_files:
            return None
        status = Status.model_validate_json(special_files["status.json"])
        if not status.has_ended:
            # The clocks of the machines may differ, and the worker here writes the final status.
            self._run.write_status(status.model_copy(update={"started": self._run.started}), durable=False)
        return status


def _final_report(last_status: Status) -> Report:
    if last_status.state in ("finished", "stopped", "failed"):
        return Report(event="ended", state=last_status.state, message=last_status.message)
    print("cluster: the process that trained this run ended unexpectedly", flush=True)
    return Report(event="lost")


def _stop_request(run: Run) -> str | None:
    """Return the contents of the run's stop file, or None if the run was not asked to stop."""
    try:
        return run.stop_file.read_text()
    except FileNotFoundError:
        return None


def _waiting_message() -> Message:
    """Return a message about the machine that the run is waiting for."""
    cpus, gpus = ray_cpus(), ray_gpus()
    resources = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    needs = count_message("{count} CPU", "{count} CPUs", cpus)
    if gpus:
        needs = Message("{cpus} and {gpus}", cpus=needs, gpus=count_message("{count} GPU", "{count} GPUs", gpus))
    if any(node.get("CPU", 0) >= cpus and node.get("GPU", 0) >= gpus for node in resources):
        return Message("Waiting for a machine in the cluster with {needs} free.", needs=needs)
    return Message(
        "Waiting: no machine in the cluster has {needs}. Add one with make join, or stop this run and lower "
        "TRAZO_RAY_CPUS or TRAZO_RAY_GPUS.",
        needs=needs,
    )


def main(folder: Path, lock: int) -> None:
    """Train a run on the cluster; the last report says how it ended.

    `lock`: file descriptor of the run's lock. It keeps other processes from starting the run.
    """
    os.set_inheritable(lock, False)
    threading.Thread(target=_end_with_worker, daemon=True).start()
    report = _reporter()
    try:
        _connect()
        report(Report(event="waiting", message=Message("Sending the run to the cluster.")))
        training = _Training(Run(folder), report)
        training.start(Workspace.from_environment())
        report(Report(event="training"))
        report(training.follow())
    except (TrazoError, *_CONNECTION_ERRORS) as error:
        print(f"cluster: {type(error).__name__}: {error}", flush=True)
        report(_failure(error))


def _failure(error: Exception) -> Report:
    """Return the report for an error: `lost` if another attempt may succeed."""
    if isinstance(error, RayTaskError):  # also a subclass of the remote error's type
        if isinstance(error.cause, RayError):  # the data was lost with its machine
            return Report(event="lost")
        message = Message(
            "The cluster's machine could not train this run ({error}). See the log for details.",
            error=type(error.cause).__name__,
        )
        return Report(event="unusable", message=message)
    if isinstance(error, RuntimeEnvSetupError):
        return Report(
            event="unusable", message=Message("The cluster could not install Trazo's code. See the log for details.")
        )
    if isinstance(error, TrazoError):
        return Report(event="unusable", message=message_of(error))
    return Report(event="lost")


def _connect() -> None:
    """Connect to the cluster; raises ClusterError if its versions differ from this machine's."""
    try:
        ray.init(
            address=ray_address(),
            namespace=NAMESPACE,
            # The machines need only the packages: the code of this version travels with the run.
            runtime_env={"py_modules": [str(PROJECT / "core")], "excludes": ["__pycache__"]},
            log_to_driver=False,
            logging_level="ERROR",
        )
    except RuntimeError as error:
        found = re.findall(r"Ray: (\S+)\s+Python: (\S+)", str(error))
        if len(found) != 2:
            raise
        (ray_there, python_there), (ray_here, python_here) = found
        raise ClusterError(
            Message(
                "The cluster has Ray {ray_there} and Python {python_there}, but this machine has Ray "
                "{ray_here} and Python {python_here}. Install the same requirements-cluster.txt on both.",
                ray_there=ray_there,
                python_there=python_there,
                ray_here=ray_here,
                python_here=python_here,
            )
        ) from error


def _reporter() -> Callable[[Report], None]:
    """Return a function that writes reports to standard output; everything else then goes to the run's log."""
    stream = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def report(report: Report) -> None:
        print(report.model_dump_json(), file=stream, flush=True)

    return report


def _end_with_worker() -> NoReturn:
    """End this process when standard input closes, because then the worker has ended."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
    # Ray's own clean-up may wait for a cluster that is gone.
    os._exit(0)
