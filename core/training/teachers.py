"""Teachers: runs whose networks others learn from, found by their settings. Those that lack are trained first."""

from __future__ import annotations

from core.classifier.network import Network
from core.config import TrainingConfig, teachers_of
from core.errors import RunError
from core.runs.registry import list_runs
from core.runs.run import Run, Status
from core.workspace import Workspace, make_folder, replacing


def finished_run(workspace: Workspace, config: TrainingConfig) -> Run | None:
    """The newest finished run with these very settings, whoever started it."""
    return next((run for run, status in _runs_with(workspace, config) if status.state == "finished"), None)


def teachers_to_come(workspace: Workspace, config: TrainingConfig) -> list[Run]:
    """What a training with this config waits for: runs of its teachers that are at work or in the queue."""
    found = (_to_come(workspace, wanted) for wanted in teachers_of(config) if not finished_run(workspace, wanted))
    return [run for run in found if run]


def lacking_teachers(workspace: Workspace, config: TrainingConfig) -> list[TrainingConfig]:
    """What has to be trained before a training with this config, and has not been, and will not have been."""
    return [
        wanted
        for wanted in teachers_of(config)
        if not finished_run(workspace, wanted) and not _to_come(workspace, wanted)
    ]


def take_teachers(workspace: Workspace, run: Run, config: TrainingConfig) -> None:
    """Give the run a copy of each of its teachers' networks that it lacks.

    Where no such teacher was trained to its end, one that was stopped will do. Raises RunError where none left a
    network, BundleError where it is damaged.
    """
    for number, wanted in enumerate(teachers_of(config)):
        copy = run.teachers / f"{number}.tflite"
        if copy.exists():
            continue
        teacher = finished_run(workspace, wanted) or _stopped(workspace, wanted)
        if teacher is None:
            raise RunError(
                f"This training learns from a network of the preset {wanted.preset} with seed {wanted.seed}, and there "
                "is none yet. Train that one first, then press Resume here; or train again, which does both.",
                run.id,
            )
        file = teacher.bundle.tflite_file
        Network(file, teacher.bundle.card().network_fingerprint)
        make_folder(run.teachers)
        with replacing(copy) as temporary:
            temporary.write_bytes(file.read_bytes())
        print(f"taught by run {teacher.id}", flush=True)


def taken_teachers(run: Run, config: TrainingConfig) -> list[Network]:
    """The networks that `take_teachers` left, loaded; raises BundleError."""
    return [Network(run.teachers / f"{number}.tflite") for number in range(config.teachers)]


def _to_come(workspace: Workspace, config: TrainingConfig) -> Run | None:
    return next((run for run, status in _runs_with(workspace, config) if not status.over), None)


def _stopped(workspace: Workspace, config: TrainingConfig) -> Run | None:
    ended = (run for run, status in _runs_with(workspace, config) if status.over)
    return next((run for run in ended if run.bundle.complete), None)


def _runs_with(workspace: Workspace, config: TrainingConfig) -> list[tuple[Run, Status]]:
    """The runs with these very settings, newest first; damaged ones don't count."""
    found = []
    for run in list_runs(workspace):
        try:
            if run.config() == config:
                found.append((run, run.status()))
        except RunError:
            continue
    return found
