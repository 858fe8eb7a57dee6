"""Real workers fine-tune a model to a hand, even after a kill; the deletion of the hand or the model is reported."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from core.classifier.network import Network
from core.classifier.predictor import Predictor
from core.data.datasets import load_dataset
from core.errors import RunError
from core.explain.keras_reader import read_network
from core.explain.layers import Dense
from core.launcher.queue import advance, resume
from core.personal.exam import answer, start_exam
from core.personal.fooling import attempts, submit, vote
from core.personal.hand import Hand, create_hand, delete_hand, list_hands
from core.personal.taught import taught, teach
from core.personal.written import images_of
from core.runs.deletion import delete_run
from core.runs.fine_tuning import CLASS, FineTuning, fine_tuned_config
from core.runs.registry import create_run, find_run
from core.runs.run import Run
from core.training.batches import Stopped
from core.training.end_images import EndImages
from core.training.fine_tuning import _own_digits, fine_tune
from core.workspace import Workspace
from tests.support.workers import end_all, kill_worker, wait_for, wait_for_end
from tests.support.written_digits import take_exam, teach_digits, write


@pytest.fixture(autouse=True)
def no_worker_survives(workspace: Workspace) -> Iterator[None]:
    """Kill the workers that a test leaves running."""
    yield
    end_all(workspace)


@pytest.fixture
def hand(workspace: Workspace) -> Hand:
    """A hand that has taught 20 digits, and a scribble that is not a digit."""
    hand = create_hand(workspace, "Anna")
    teach_digits(hand, 20)
    teach(hand, write(8, seed=99, label=None))
    return hand


def queue_fine_tuning(workspace: Workspace, hand: Hand, base: Run) -> Run:
    config = fine_tuned_config(base.config())
    return create_run(workspace, config, fine_tuning=FineTuning(hand=hand.id, base=base.id, digits=20))


@pytest.mark.extended
def test_run_killed_while_tuning_can_be_resumed(
    run: Run, hand: Hand, workspace: Workspace, patch_worker: Callable[[str], None], tmp_path: Path
) -> None:
    base, written = run, taught(hand)
    tuned = queue_fine_tuning(workspace, hand, base)

    for phase in ("tuning", "tuned"):
        phase_file = tmp_path / phase
        patch_worker(
            "from pathlib import Path\nfrom tests.support.holding import pause_in\n"
            f"pause_in({phase!r}, Path({str(phase_file)!r}))"
        )
        advance(workspace) if phase == "tuning" else resume(workspace, tuned)
        wait_for(tuned, phase_file.exists, phase)
        kill_worker(tuned)
        assert tuned.status().state == "interrupted"
        assert not tuned.bundle.complete
    patch_worker("")
    resume(workspace, tuned)
    wait_for_end(tuned)

    assert (tuned.status().state, tuned.status().message) == ("finished", "Finished."), tuned.log_tail()
    assert list(tuned.folder.glob(".*")) == []
    assert taught(hand) == written
    assert_only_the_last_layer_differs(tuned, base, workspace)


def assert_only_the_last_layer_differs(tuned: Run, base: Run, workspace: Workspace) -> None:
    """Assert that the fine-tuned bundle is complete, and differs from its base only in the last layer."""
    dataset = load_dataset("digits", workspace)
    card = tuned.bundle.card()
    assert (card.run_id, card.config) == (tuned.id, tuned.config())
    assert card.data == base.bundle.card().data
    assert card.novelty is not None
    assert card.calibration is not None
    assert card.metrics.test_accuracy == tuned.bundle.evaluation().accuracy
    layers, old_layers = (read_network(each.bundle.keras_file).layers for each in (tuned, base))
    images = dataset.test.images[:100]
    changed_layers = [
        index
        for index, (new, old) in enumerate(zip(layers, old_layers, strict=True))
        if any(not np.array_equal(value, vars(old)[name]) for name, value in vars(new).items())
    ]
    assert changed_layers == [len(layers) - 2]
    assert isinstance(layers[-2], Dense)
    network = Network(tuned.bundle.tflite_file)
    probabilities = network(images).probabilities
    assert read_network(tuned.bundle.keras_file).probabilities(images) == pytest.approx(probabilities, abs=1e-4)
    own_images = images_of([write(index % 10, seed=index) for index in range(20)])
    labels = np.arange(20) % 10
    correct_before = Network(base.bundle.tflite_file)(own_images).probabilities.argmax(axis=1) == labels
    assert (network(own_images).probabilities.argmax(axis=1) == labels).sum() > correct_before.sum()
    assert Predictor(tuned.bundle).judge(own_images, network(own_images).probabilities)[1].count("not_a_digit") <= 1


def test_run_whose_hand_or_model_is_gone_fails_with_a_message(run: Run, hand: Hand, workspace: Workspace) -> None:
    other, examined = create_hand(workspace, "Ben"), create_hand(workspace, "Eva")
    teach_digits(other, 10)
    exam = start_exam(examined)
    # This exam digit got into the log despite the seal, and nothing else was taught.
    teach(examined, write(exam.prompts[0]))
    answer(examined, exam, write(exam.prompts[0]))
    written = taught(hand)

    def failure_message(chosen_hand: Hand, delete: Callable[[], None]) -> str:
        waiting = queue_fine_tuning(workspace, chosen_hand, run)
        delete()
        advance(workspace)
        wait_for_end(waiting)
        assert waiting.status().state == "failed", waiting.log_tail()
        return waiting.status().message

    message = failure_message(other, lambda: delete_hand(workspace, other))
    assert "The hand that this run should learn was deleted" in message
    assert "No digits have been taught yet" in failure_message(examined, lambda: None)
    message = failure_message(hand, lambda: delete_run(workspace, run))
    assert message.startswith("The model to fine-tune was deleted. Choose")
    assert list_hands(workspace) == [hand, examined]
    assert taught(hand) == written
    with pytest.raises(RunError, match="There is no run"):
        find_run(workspace, run.id)


def test_stop_ends_fine_tuning_without_a_model(run: Run, hand: Hand, workspace: Workspace) -> None:
    tuned = queue_fine_tuning(workspace, hand, run)
    tuned.stop_file.touch()
    dataset, fine_tuning = load_dataset("digits", workspace), FineTuning(hand=hand.id, base=run.id, digits=20)

    with pytest.raises(Stopped):
        fine_tune(tuned, tuned.config(), fine_tuning, dataset, workspace, EndImages(dataset, tuned.config()))

    assert not tuned.bundle.complete


def test_class_learns_from_all_hands_but_not_from_exams(hand: Hand, workspace: Workspace) -> None:
    other = create_hand(workspace, "Ben")
    teach_digits(other, 10)
    fooled = write(7, seed=50).model_copy(update={"predicted": 1})
    submit(other, fooled)
    for name in ("Eva", "Kim", "Wu"):
        vote(create_hand(workspace, name), attempts(workspace)[0], 7)
    exam = take_exam(other, 2)
    teach(hand, exam.written[0])  # it got into the log despite the seal

    own_digits = _own_digits(
        workspace, FineTuning(hand=CLASS, base="shipped", digits=30), 1, Run(workspace.runs / "run")
    )

    # The digits of two hands, and the drawing that fooled the model.
    assert len(own_digits.digits) == 20 + 10 + 1
    assert len(own_digits.others) == 1
    assert own_digits.digits[-1] == fooled
