"""Teachers: runs whose networks other trainings learn from, found by their settings."""

from __future__ import annotations

import numpy as np

from core.classifier.network import BATCH, Network, network_fingerprint
from core.config import TrainingConfig, teachers_of
from core.errors import BundleError, RunError
from core.runs.run import Run
from core.runs.snapshot import Snapshot
from core.storage import atomic_write, make_folder, read_file
from core.workspace import Workspace


def finished_run(snapshot: Snapshot, config: TrainingConfig) -> Run | None:
    """Return the newest finished run with exactly these settings and a model."""
    runs = (seen.run for seen, status in snapshot.with_config(config) if status.state == "finished")
    return next((run for run in runs if run.bundle.complete), None)


def teachers_to_come(snapshot: Snapshot, run: Run, config: TrainingConfig) -> list[Run]:
    """Return the teachers that a run waits for: those that are running or queued."""
    found = []
    for wanted in _lacking(snapshot, run, config):
        found += [seen.run for seen, status in snapshot.with_config(wanted) if not status.over][:1]
    return found


def lacking_teachers(snapshot: Snapshot, config: TrainingConfig, run: Run | None = None) -> list[TrainingConfig]:
    """Return the trainings that must be queued before one with this config.

    `run`: one that has begun, and may have copies of its teachers' networks.
    """
    return [
        wanted
        for wanted in _lacking(snapshot, run, config)
        if all(status.over for _, status in snapshot.with_config(wanted))
    ]


def take_teachers(workspace: Workspace, run: Run, config: TrainingConfig) -> None:
    """Copy the networks of a run's teachers into its folder; raises RunError if one is not trained."""
    snapshot = Snapshot.of(workspace)
    for number, wanted in enumerate(teachers_of(config)):
        copy = run.teachers / f"{number}.tflite"
        if copy.exists():
            continue
        teacher = finished_run(snapshot, wanted)
        if teacher is None:
            raise RunError(
                f"This training learns from a network of the preset {wanted.preset} with seed {wanted.seed}, which is "
                "gone or was not trained to its end. Press Resume here: that network is trained first.",
                run.id,
            )
        content = _network(teacher)
        make_folder(run.teachers)
        with atomic_write(copy) as temporary:
            temporary.write_bytes(content)
        print(f"taught by run {teacher.id}", flush=True)


def taken_teachers(run: Run, config: TrainingConfig) -> list[Network]:
    """Load the networks that `take_teachers` copied, and try each of them; raises BundleError."""
    networks = [Network(run.teachers / f"{number}.tflite") for number in range(config.teachers)]
    for network in networks:
        # A damaged network may load. It must be found before the training, not by a thread of its data pipeline.
        network(np.zeros((BATCH, 28, 28), np.uint8))
    return networks


def _lacking(snapshot: Snapshot, run: Run | None, config: TrainingConfig) -> list[TrainingConfig]:
    """Return the teachers that are not trained, and whose networks the run has no copies of."""
    return [
        wanted
        for number, wanted in enumerate(teachers_of(config))
        if not (run and (run.teachers / f"{number}.tflite").exists()) and not finished_run(snapshot, wanted)
    ]


def _network(teacher: Run) -> bytes:
    """Return the teacher's `.tflite`, checked against its card; raises BundleError."""
    try:
        content = read_file(teacher.bundle.tflite_file)
    except OSError as error:
        raise _unusable(teacher) from error
    if network_fingerprint(content) != teacher.bundle.card().network_fingerprint:
        raise _unusable(teacher)
    return content


def _unusable(teacher: Run) -> BundleError:
    return BundleError(
        f"The network of run {teacher.id}, this run's teacher, is damaged. Delete that run, then press Resume "
        "here: another teacher is trained first.",
        teacher.bundle.folder,
    )
