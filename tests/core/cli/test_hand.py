"""Commands that list, show, move, delete and fine-tune hands."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from core.classifier.bundle import copy_bundle
from core.cli import main
from core.config import TrainingConfig
from core.personal.exam import EXAM_DIGITS, answer, read_exam, start_exam
from core.personal.hand import Hand, create_hand, list_hands
from core.personal.taught import taught, teach
from core.runs.active import SHIPPED, original_model, promote
from core.runs.fine_tuning import FineTuning, read_fine_tuning, write_fine_tuning
from core.runs.registry import create_run, list_runs
from core.runs.run import Run
from core.runs.status import Status
from core.workspace import Workspace
from tests.support.written_digits import teach_digits, write


@pytest.fixture
def hand(workspace: Workspace) -> Hand:
    """A hand that has taught two digits."""
    hand = create_hand(workspace, "Anna")
    teach_digits(hand, 2)
    return hand


def test_hands_are_listed_shown_moved_and_deleted(
    hand: Hand,
    workspace: Workspace,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for digit in range(2, 20):
        teach(hand, write(digit % 10, digit))
    teach(hand, write(8, seed=99, label=None))
    exam = start_exam(hand)
    for seed in range(EXAM_DIGITS):
        answer(hand, exam, write(exam.prompts[seed], seed))
        exam = read_exam(hand, exam.id)

    def output(*arguments: str, status: int = 0) -> str:
        assert main(["hand", *arguments]) == status
        captured = capsys.readouterr()
        return captured.err if status else captured.out

    assert output("list").splitlines()[1].split() == [hand.id, "21", "1", "Anna"]
    row = {"id": hand.id, "name": "Anna", "taught": 21, "exams": 1, "model": None}
    assert json.loads(output("list", "--json")) == row
    shown = output("show", "anna")
    assert "taught: 20 digits (0: 2, 1: 2," in shown
    assert "; non-digits: 1\n" in shown
    assert "read by shipped\n" in shown
    assert " of 50 read correctly (95% confidence interval" in shown
    assert output("export", "Anna") == "hand-anna.zip\n"
    assert output("import", "hand-anna.zip") == "Anna 2 was imported; taught: 21, exams: 1\n"
    assert output("show", "Anna 2").splitlines()[1:] == shown.splitlines()[1:]
    assert output("delete", "Anna").startswith("Anna was deleted.")
    assert [len(taught(each)) for each in list_hands(workspace)] == [21]
    for command in ("show", "export", "delete", "tune"):
        assert output(command, "Anna", status=1).startswith("trazo: There is no hand named 'Anna'. List all hands with")
    assert "cannot be read: No such file" in output("import", "none.zip", status=1)
    (tmp_path / "text.zip").write_text("text")
    assert "is not a hand that Trazo has exported" in output("import", "text.zip", status=1)
    output("delete", "Anna 2")
    assert "There are no hands yet" in output("list")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, partial(os.symlink, "elsewhere.zip")])
def test_export_replaces_only_files(
    hand: Hand, tmp_path: Path, capsys: pytest.CaptureFixture[str], make: Callable[[Path], None]
) -> None:
    path = tmp_path / "anna.zip"
    make(path)
    before = path.lstat()

    assert main(["hand", "export", "Anna", str(path)]) == 1

    assert path.lstat().st_ino == before.st_ino
    assert capsys.readouterr().err == f"trazo: {path} exists and is not an ordinary file. Choose another name.\n"


def test_damaged_hand_is_listed_and_can_be_deleted(
    hand: Hand, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    hand.record_file.write_text("{")

    assert main(["hand", "list"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == [hand.id, "2", "0", hand.id]
    assert main(["hand", "show", hand.id]) == 1
    assert "is damaged or cannot be read" in capsys.readouterr().err
    assert main(["hand", "delete", hand.id]) == 0
    assert list_hands(workspace) == []


def submit_and_finish(base: Run) -> Callable[..., Run]:
    """Return a replacement for `submit` whose runs finish immediately, with a copy of the base's model."""

    def submit(workspace: Workspace, config: TrainingConfig, fine_tuning: FineTuning) -> Run:
        tuned = create_run(workspace, config, fine_tuning=fine_tuning)
        copy_bundle(base.bundle, tuned.bundle.folder)
        tuned.write_status(Status(state="finished", message="Finished."))
        return tuned

    return submit


def test_tune_creates_a_run_from_the_active_model(
    run: Run,
    hand: Hand,
    workspace: Workspace,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    promote(workspace, run)
    # tests/core/training/test_fine_tuning.py uses real workers.
    monkeypatch.setattr("core.cli.hand.submit", submit_and_finish(run))

    assert main(["hand", "tune", "Anna"]) == 0

    tuned, base = list_runs(workspace)
    output = capsys.readouterr().out
    assert base.id == run.id
    assert output.startswith(f"run {tuned.id}, fine-tuned from {run.id}\nFinished.\ntest accuracy ")
    assert "+0.00 points on the validation split" in output
    assert read_fine_tuning(tuned.fine_tuning_file) == FineTuning(hand=hand.id, base=run.id, digits=2)
    hand.write_record(hand.record().model_copy(update={"model": tuned.id}))
    assert main(["hand", "show", "Anna"]) == 0
    assert f"read by {tuned.id}\n" in capsys.readouterr().out
    start_exam(hand)
    assert main(["hand", "show", "Anna"]) == 0
    assert "0 of 50 digits written" in capsys.readouterr().out
    # A second fine-tuning starts from the trained model again, not from the first fine-tuned one.
    assert original_model(workspace, tuned.id) == run.id


def test_original_model_of_any_fine_tuning_chain_is_found(run: Run, workspace: Workspace) -> None:
    assert original_model(workspace, SHIPPED) == SHIPPED
    assert original_model(workspace, run.id) == run.id

    write_fine_tuning(run.fine_tuning_file, FineTuning(hand="a", base=run.id, digits=1))

    assert original_model(workspace, run.id) == run.id


def test_tune_without_taught_digits_or_model_starts_nothing(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    hand = create_hand(workspace, "Anna")
    teach(hand, write(8, label=None))

    assert main(["hand", "tune", "Anna"]) == 1
    assert "has taught no digits yet" in capsys.readouterr().err
    teach(hand, write(8))
    assert main(["hand", "tune", "Anna", "--model", "quiet-otter"]) == 1
    assert "There is no run named 'quiet-otter'" in capsys.readouterr().err
    assert list_runs(workspace) == []
