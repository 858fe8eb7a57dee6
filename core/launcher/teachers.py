"""Teachers: runs whose networks other runs learn from, found by their settings."""

from __future__ import annotations

import numpy as np

from core.classifier.network import BATCH_SIZE, Network, network_fingerprint
from core.config import TrainingConfig, teacher_configs
from core.errors import BundleError, RunError
from core.language import Message
from core.runs.run import Run
from core.runs.snapshot import Snapshot
from core.storage import atomic_write, make_folder, read_file
from core.workspace import Workspace


def finished_run(snapshot: Snapshot, config: TrainingConfig) -> Run | None:
    """Return the newest finished run with exactly these settings and a model, or None if there is none."""
    runs = (found.run for found, status in snapshot.matching_config(config) if status.state == "finished")
    return next((run for run in runs if run.bundle.complete), None)


def pending_teachers(snapshot: Snapshot, run: Run, config: TrainingConfig) -> list[Run]:
    """Return the teachers that a run is waiting for: those that are running or queued."""
    pending = []
    for teacher_config in _unavailable_teachers(snapshot, run, config):
        pending += [found.run for found, status in snapshot.matching_config(teacher_config) if not status.has_ended][:1]
    return pending


def missing_teachers(snapshot: Snapshot, config: TrainingConfig, run: Run | None = None) -> list[TrainingConfig]:
    """Return the configs of the teachers that must be queued before a run with this config.

    `run`: the run if it already exists, because it may have copies of its teachers' networks.
    """
    return [
        teacher_config
        for teacher_config in _unavailable_teachers(snapshot, run, config)
        if all(status.has_ended for _, status in snapshot.matching_config(teacher_config))
    ]


def copy_teachers(workspace: Workspace, run: Run, config: TrainingConfig) -> None:
    """Copy the networks of a run's teachers into its folder; raises RunError if a teacher has not been trained."""
    snapshot = Snapshot.of(workspace)
    for number, teacher_config in enumerate(teacher_configs(config)):
        copy = run.teachers_folder / f"{number}.tflite"
        if copy.exists():
            continue
        teacher = finished_run(snapshot, teacher_config)
        if teacher is None:
            raise RunError(
                Message(
                    'This run learns from a network with the "{preset}" preset and seed {seed}, which was '
                    "deleted or did not finish training. Press Resume here to train that network first.",
                    preset=teacher_config.preset,
                    seed=teacher_config.seed,
                ),
                run.id,
            )
        content = _read_network(teacher)
        make_folder(run.teachers_folder)
        with atomic_write(copy) as temporary:
            temporary.write_bytes(content)
        print(f"teacher: run {teacher.id}", flush=True)


def load_teachers(run: Run, config: TrainingConfig) -> list[Network]:
    """Load the networks that `copy_teachers` copied, and test each of them; raises BundleError."""
    networks = [Network(run.teachers_folder / f"{number}.tflite") for number in range(config.teachers)]
    for network in networks:
        # Some damage shows only during inference. Detect it now rather than in a thread of the data pipeline.
        network(np.zeros((BATCH_SIZE, 28, 28), np.uint8))
    return networks


def _unavailable_teachers(snapshot: Snapshot, run: Run | None, config: TrainingConfig) -> list[TrainingConfig]:
    """Return the configs of the teachers that have no finished run and whose networks `run` has not copied yet."""
    return [
        teacher_config
        for number, teacher_config in enumerate(teacher_configs(config))
        if not (run and (run.teachers_folder / f"{number}.tflite").exists())
        and not finished_run(snapshot, teacher_config)
    ]


def _read_network(teacher: Run) -> bytes:
    """Return the teacher's `.tflite` file, checked against its card; raises BundleError."""
    try:
        content = read_file(teacher.bundle.tflite_file)
    except OSError as error:
        raise _damaged_network_error(teacher) from error
    if network_fingerprint(content) != teacher.bundle.card().network_fingerprint:
        raise _damaged_network_error(teacher)
    return content


def _damaged_network_error(teacher: Run) -> BundleError:
    return BundleError(
        Message(
            "The network of run {teacher}, this run's teacher, is damaged. Delete that run, then press Resume "
            "here to train another teacher first.",
            teacher=teacher.id,
        ),
        teacher.bundle.folder,
    )
