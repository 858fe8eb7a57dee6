"""Distillation: teachers are found or trained first, and students learn from their predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.classifier.network import Network
from core.config import TrainingConfig, preset, replace_settings, teacher_configs
from core.data.datasets import Dataset, Split, load_dataset, normalise
from core.errors import BundleError, RunError, StorageError
from core.launcher import queue
from core.launcher.queue import advance, resume, submit
from core.launcher.teachers import copy_teachers, load_teachers, pending_teachers
from core.runs.deletion import delete_run
from core.runs.registry import create_run, list_runs
from core.runs.run import Run
from core.runs.snapshot import Snapshot
from core.runs.status import Status
from core.training.batches import training_batches
from core.training.distillation import MIN_PROBABILITY, TEMPERATURE, distillation_loss
from core.training.trainer import train_and_evaluate
from core.workspace import SHIPPED_BUNDLE, Workspace
from tests.support.tiny_training import tiny_config
from tests.support.waiting import wait_until
from tests.support.workers import end_all, kill_worker

STUDENT_CONFIG = tiny_config(epochs=2, teachers=1, seed=5, patience=0)


@pytest.fixture(autouse=True)
def no_worker_survives(workspace: Workspace) -> Iterator[None]:
    """Kill the workers that a test leaves running."""
    yield
    end_all(workspace)


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits", Workspace(Path("unused")))


@pytest.fixture
def teacher(run: Run) -> Run:
    """Return a finished run that is recorded with the settings of the student's teacher, but has a small network."""
    run.write_config(_teacher_config())
    return run


def _teacher_config() -> TrainingConfig:
    (config,) = teacher_configs(STUDENT_CONFIG)
    return config


def test_teachers_are_large_and_do_not_depend_on_the_seed() -> None:
    large = preset("large", "digits")

    assert teacher_configs(tiny_config()) == []
    assert teacher_configs(tiny_config(teachers=3)) == [
        large,
        replace_settings(large, seed=43),
        replace_settings(large, seed=44),
    ]
    assert teacher_configs(STUDENT_CONFIG) == teacher_configs(replace_settings(STUDENT_CONFIG, seed=6))


@pytest.mark.usefixtures("idle_workers")
def test_teacher_is_trained_first_and_only_once(workspace: Workspace) -> None:
    first = submit(workspace, STUDENT_CONFIG)
    second = submit(workspace, replace_settings(STUDENT_CONFIG, epochs=3))

    newest, older, oldest = list_runs(workspace)
    assert (newest, older) == (second, first)
    assert oldest.config() == _teacher_config()
    assert oldest.status().state == "running"
    assert pending_teachers(Snapshot.of(workspace), second, STUDENT_CONFIG) == [oldest]


@pytest.mark.usefixtures("idle_workers")
def test_student_waits_for_a_teacher_that_was_queued_later(workspace: Workspace) -> None:
    running, student = submit(workspace, tiny_config()), create_run(workspace, STUDENT_CONFIG)
    teacher = create_run(workspace, _teacher_config())

    kill_worker(running)

    assert advance(workspace) == teacher
    assert student.status().state == "queued"


@pytest.mark.usefixtures("idle_workers", "teacher")
def test_finished_teacher_is_not_trained_again(workspace: Workspace) -> None:
    student = submit(workspace, STUDENT_CONFIG)

    assert student.status().state == "running"
    assert len(list_runs(workspace)) == 2
    assert pending_teachers(Snapshot.of(workspace), student, STUDENT_CONFIG) == []


@pytest.mark.usefixtures("idle_workers")
@pytest.mark.parametrize("state", ["failed", "interrupted", "stopped"])
def test_teacher_without_a_checkpoint_is_trained_again(workspace: Workspace, state: str) -> None:
    create_run(workspace, _teacher_config()).write_status(Status.model_validate({"state": state, "ended": 1}))

    student = submit(workspace, STUDENT_CONFIG)

    assert student.status().state == "queued"
    assert len(list_runs(workspace)) == 3


@pytest.mark.usefixtures("idle_workers")
def test_finished_teacher_without_a_model_is_trained_again(workspace: Workspace, teacher: Run) -> None:
    teacher.bundle.card_file.unlink()

    submit(workspace, STUDENT_CONFIG)

    assert [run.config().preset for run in list_runs(workspace)] == ["original", "large", "large"]


@pytest.mark.usefixtures("idle_workers")
@pytest.mark.parametrize("state", ["failed", "interrupted", "stopped"])
def test_interrupted_teacher_is_resumed_for_its_student(workspace: Workspace, state: str) -> None:
    interrupted = create_run(workspace, _teacher_config())
    interrupted.checkpoint_file.write_bytes(b"some epochs")
    interrupted.write_status(Status.model_validate({"state": state, "ended": 1}))

    submit(workspace, STUDENT_CONFIG)

    assert interrupted.status().state == "running"
    assert len(list_runs(workspace)) == 2


@pytest.mark.usefixtures("idle_workers")
def test_student_without_a_teacher_can_be_resumed(workspace: Workspace) -> None:
    student = create_run(workspace, STUDENT_CONFIG)
    with pytest.raises(RunError, match=r'"large" preset and seed 42.* Press Resume here'):
        copy_teachers(workspace, student, STUDENT_CONFIG)
    student.write_status(Status(state="failed", ended=1))

    resume(workspace, student)

    teacher, _ = list_runs(workspace)
    assert teacher.config() == _teacher_config()
    assert (teacher.status().state, student.status().state) == ("running", "queued")


@pytest.mark.usefixtures("idle_workers")
def test_failed_resume_leaves_no_teachers_behind(workspace: Workspace) -> None:
    student = create_run(workspace, STUDENT_CONFIG)
    student.write_status(Status(state="failed", ended=1))
    student.process_file.mkdir()  # a folder cannot be unlinked

    with pytest.raises(StorageError):
        resume(workspace, student)

    assert list_runs(workspace) == [student]
    assert student.status().state == "failed"


@pytest.mark.usefixtures("idle_workers")
@pytest.mark.parametrize(("slots", "fits"), [(2, False), (3, True)])
def test_queue_needs_slots_for_the_teachers_too(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, slots: int, fits: bool
) -> None:
    monkeypatch.setattr(queue, "MAX_QUEUED", slots)

    with nullcontext() if fits else pytest.raises(RunError, match="need 3 of the 2 slots"):
        submit(workspace, replace_settings(STUDENT_CONFIG, teachers=2))

    assert len(list_runs(workspace)) == (3 if fits else 0)


def test_failed_submit_leaves_no_teachers_behind(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def create_only_first_teacher(workspace: Workspace, config: TrainingConfig) -> Run:
        if config.seed == 43:
            raise StorageError("The disk is full.")
        return create_run(workspace, config)

    monkeypatch.setattr(queue, "create_run", create_only_first_teacher)

    with pytest.raises(StorageError, match="full"):
        submit(workspace, replace_settings(STUDENT_CONFIG, teachers=2))

    assert not list_runs(workspace)


def test_damaged_teacher_is_rejected(workspace: Workspace, teacher: Run) -> None:
    content = bytearray(teacher.bundle.tflite_file.read_bytes())
    content[len(content) // 2] ^= 1
    teacher.bundle.tflite_file.write_bytes(content)
    student = create_run(workspace, STUDENT_CONFIG)

    with pytest.raises(BundleError, match=r"is damaged\. Delete that run, then press Resume"):
        copy_teachers(workspace, student, STUDENT_CONFIG)

    assert not student.teachers_folder.exists()


def test_damaged_copy_is_reported_before_training(workspace: Workspace, teacher: Run) -> None:
    student = create_run(workspace, STUDENT_CONFIG)
    copy_teachers(workspace, student, STUDENT_CONFIG)
    copy = student.teachers_folder / "0.tflite"
    copy.write_bytes(copy.read_bytes()[:1000])

    with pytest.raises(BundleError, match="cannot be used"):
        load_teachers(student, STUDENT_CONFIG)


def test_targets_are_the_geometric_mean_of_the_teachers(teacher: Run, digits: Dataset) -> None:
    # More batches than the teachers predict at once; the last batch is incomplete.
    config = replace_settings(STUDENT_CONFIG, epochs=1, batch_size=16)
    split = Split(digits.train.images[:150], digits.train.labels[:150])
    networks = [Network(teacher.bundle.tflite_file), Network(SHIPPED_BUNDLE / "mnist_model.tflite")]

    batches = list(training_batches(split, config, 0, networks).as_numpy_iterator())

    images, targets = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    assert targets.shape == (150, 20)
    labels = [batch_labels for _, batch_labels in training_batches(split, config).as_numpy_iterator()]
    assert np.array_equal(targets[:, :10], np.concatenate(labels))
    pixels = (images[..., 0] * 255).round().astype(np.uint8)
    first, second = (np.maximum(network(pixels).probabilities, MIN_PROBABILITY) for network in networks)
    means = np.sqrt(first * second)
    assert targets[:, 10:] == pytest.approx(means / means.sum(axis=1, keepdims=True), abs=1e-5)
    assert np.abs(first - second).max() > 0.5


@pytest.mark.usefixtures("few_detector_samples")
def test_student_learns_from_the_teacher_not_the_labels(workspace: Workspace, teacher: Run, digits: Dataset) -> None:
    # All labels are wrong, so correct predictions can only come from the teacher.
    train = Split(digits.train.images, (digits.train.labels + 1) % 10)
    config = replace_settings(STUDENT_CONFIG, epochs=4)
    student = create_run(workspace, config)
    copy_teachers(workspace, student, config)

    card = train_and_evaluate(config, student, replace(digits, train=train)).card

    assert card is not None
    assert card.metrics.test_accuracy > 0.5
    # The accuracy in the history is still measured against the labels.
    assert student.history()["accuracy"].iloc[-1] < 0.3
    # The saved model can be evaluated with labels, without this project's functions.
    loaded, test = keras.models.load_model(student.bundle.keras_file), digits.test
    _, accuracy = loaded.evaluate(normalise(test.images), keras.utils.to_categorical(test.labels, 10), verbose=0)
    assert accuracy == pytest.approx(card.metrics.test_accuracy, abs=0.02)


@pytest.mark.extended
def test_resumed_worker_needs_no_teacher_run(
    workspace: Workspace, teacher: Run, patch_worker: Callable[[str], None], tmp_path: Path
) -> None:
    second_epoch = tmp_path / "second-epoch"
    patch_worker(
        "from pathlib import Path\nfrom tests.support.holding import pause_in\n"
        f"pause_in('step', Path({str(second_epoch)!r}))"
    )
    student = submit(workspace, replace_settings(STUDENT_CONFIG, epochs=3, batch_size=16))
    wait_until(second_epoch.exists, what="the second epoch")
    kill_worker(student)
    assert student.checkpoint_file.exists()
    patch_worker("")
    delete_run(workspace, teacher)

    resume(workspace, student)

    wait_until(lambda: student.status().has_ended and not student.alive, what="the end of training")
    assert student.status().state == "finished", student.log_tail()
    assert f"teacher: run {teacher.id}" in student.log_tail()
    assert list(student.history()["epoch"]) == [1, 2, 3]
    assert student.bundle.card().config.teachers == 1
    assert not student.teachers_folder.exists()


probabilities = arrays(np.float32, (3, 10), elements=st.floats(0.015625, 1, width=32)).map(
    lambda rows: rows / rows.sum(axis=1, keepdims=True)
)


@given(probabilities, probabilities)
def test_loss_is_the_kl_divergence_at_the_temperature(teacher: np.ndarray, predicted: np.ndarray) -> None:
    def soften(rows: np.ndarray) -> np.ndarray:
        powers = rows.astype(np.float64) ** (1 / TEMPERATURE)
        return powers / powers.sum(axis=1, keepdims=True)

    targets = np.concatenate([np.eye(10, dtype=np.float32)[:3], teacher], axis=1)
    loss = np.asarray(distillation_loss(targets, predicted))

    expected = (soften(teacher) * np.log(soften(teacher) / soften(predicted))).sum(axis=1) * TEMPERATURE**2
    assert loss == pytest.approx(expected, abs=1e-4)
    assert np.asarray(distillation_loss(targets, teacher)) == pytest.approx(np.zeros(3), abs=1e-5)
