"""Teachers: runs whose networks others learn from, found by their settings."""

from __future__ import annotations

import numpy as np

from core.classifier.network import BATCH, Network, network_fingerprint
from core.config import TrainingConfig, teachers_of
from core.errors import BundleError, RunError
from core.runs.registry import list_runs
from core.runs.run import Run
from core.runs.status import Status
from core.storage import make_folder, replacing
from core.workspace import Workspace


def finished_run(workspace: Workspace, config: TrainingConfig) -> Run | None:
    """The newest finished run with these very settings and a model, whoever started it."""
    runs = (run for run, status in runs_with(workspace, config) if status.state == "finished")
    return next((run for run in runs if run.bundle.complete), None)


def teachers_to_come(workspace: Workspace, run: Run, config: TrainingConfig) -> list[Run]:
    """The runs that this one waits for: those of its teachers that are at work or in the queue."""
    found = []
    for wanted in _lacking(workspace, run, config):
        found += [teacher for teacher, status in runs_with(workspace, wanted) if not status.over][:1]
    return found


def lacking_teachers(workspace: Workspace, config: TrainingConfig, run: Run | None = None) -> list[TrainingConfig]:
    """What has to be trained before a training with this config, and neither is nor waits to be.

    `run`: one that has begun, and may have its teachers' networks already.
    """
    return [
        wanted
        for wanted in _lacking(workspace, run, config)
        if all(status.over for _, status in runs_with(workspace, wanted))
    ]


def take_teachers(workspace: Workspace, run: Run, config: TrainingConfig) -> None:
    """Give the run a copy of each of its teachers' networks that it lacks; raises RunError where there is none."""
    for number, wanted in enumerate(teachers_of(config)):
        copy = run.teachers / f"{number}.tflite"
        if copy.exists():
            continue
        teacher = finished_run(workspace, wanted)
        if teacher is None:
            raise RunError(
                f"This training learns from a network of the preset {wanted.preset} with seed {wanted.seed}, which was "
                "not trained to its end, or is gone. Press Resume here: that one is trained first.",
                run.id,
            )
        content = _network(teacher)
        make_folder(run.teachers)
        with replacing(copy) as temporary:
            temporary.write_bytes(content)
        print(f"taught by run {teacher.id}", flush=True)


def taken_teachers(run: Run, config: TrainingConfig) -> list[Network]:
    """The networks that `take_teachers` left, each of which has answered once; raises BundleError."""
    networks = [Network(run.teachers / f"{number}.tflite") for number in range(config.teachers)]
    for network in networks:
        # What is damaged may load all the same, and is to be told before the training, not by a thread of its data.
        network(np.zeros((BATCH, 28, 28), np.uint8))
    return networks


def runs_with(workspace: Workspace, config: TrainingConfig) -> list[tuple[Run, Status]]:
    """The runs with these very settings, newest first; damaged ones don't count."""
    found = []
    for run in list_runs(workspace):
        try:
            if run.config() == config:
                found.append((run, run.status()))
        except RunError:
            continue
    return found


def _lacking(workspace: Workspace, run: Run | None, config: TrainingConfig) -> list[TrainingConfig]:
    """The teachers whose networks are neither in the run's folder nor to be had."""
    return [
        wanted
        for number, wanted in enumerate(teachers_of(config))
        if not (run and (run.teachers / f"{number}.tflite").exists()) and not finished_run(workspace, wanted)
    ]


def _network(teacher: Run) -> bytes:
    """The teacher's `.tflite`, as its card has it; raises BundleError."""
    try:
        content = teacher.bundle.tflite_file.read_bytes()
    except OSError as error:
        raise _unusable(teacher) from error
    if network_fingerprint(content) != teacher.bundle.card().network_fingerprint:
        raise _unusable(teacher)
    return content


def _unusable(teacher: Run) -> BundleError:
    return BundleError(
        f"The network of run {teacher.id}, which is to teach this one, is damaged. Delete that run, then press Resume "
        "here: another one is trained first.",
        teacher.bundle.folder,
    )
