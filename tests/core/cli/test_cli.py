"""The command line."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.classifier.bundle import Bundle
from core.classifier.predictor import Predictor
from core.cli import main
from core.config import LIMITS
from core.data.datasets import Dataset, load_dataset
from core.explain import embedding_map
from core.explain.map_file import bundle_fingerprint, map_file, read_map
from core.launcher.queue import submit
from core.personal.hand import create_hand
from core.runs.active import active_model
from core.runs.registry import create_run, list_runs
from core.runs.run import Run
from core.setting_help import SETTING_HELP
from core.workspace import PROJECT, SHIPPED_BUNDLE, Workspace
from tests.support.fuzzing import drawn_seventeen
from tests.support.pen_digit_files import UNIPEN
from tests.support.tiny_training import tiny_config
from tests.support.waiting import wait_until

TINY = ["--dataset", "digits", "--filters", "8,8", "--dense-units", "16"]


@pytest.fixture
def digits(tmp_path: Path, mnist: Dataset) -> list[Path]:
    """Return the first twenty test images, as PNG files."""
    files = []
    for index in range(20):
        files.append(tmp_path / f"{index}-is-{mnist.test.labels[index]}.png")
        Image.fromarray(mnist.test.images[index]).save(files[-1])
    return files


def predictions(capsys: pytest.CaptureFixture[str]) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_help_of_train_explains_each_setting(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help"])

    output = " ".join(capsys.readouterr().out.split())
    assert [name for name in LIMITS if SETTING_HELP[name] not in output] == []
    assert "Range: 0 to 2147483647." in output


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(["--help"])

    out = capsys.readouterr().out
    assert exit_info.value.code == 0
    assert all(f"python -m core {name}" in out for name in ("data", "train", "runs", "predict", "export"))
    assert "evaluate" in out
    assert "parity" in out


def test_predict_prints_one_object_per_line(
    digits: list[Path], workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["predict", "--json", *map(str, digits)])

    results = predictions(capsys)
    assert status == 0
    assert [result["file"] for result in results] == [str(path) for path in digits]
    for result in results:
        assert list(result) == ["file", "digit", "probabilities", "verdict", "several", "error", "confidence"]
        assert result["error"] is None
        assert len(result["probabilities"]) == 10
        assert sum(result["probabilities"]) == pytest.approx(1, abs=1e-4)
        assert result["confidence"] == max(result["probabilities"])
    correct = sum(f"-is-{result['digit']}." in result["file"] for result in results)
    assert correct >= 19
    predictor = Predictor(Bundle(SHIPPED_BUNDLE))
    readings = [predictor.read(np.asarray(Image.open(path))) for path in digits]
    assert [(result["verdict"], result["digit"]) for result in results] == [
        (reading.verdict, reading.digit) for reading in readings
    ]


def test_predict_reads_numbers_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture, missing = str(tmp_path / "seventeen.png"), str(tmp_path / "absent.png")
    drawn_seventeen().save(picture)

    assert main(["predict", "--json", picture]) == 0
    (as_digit,) = predictions(capsys)
    assert main(["predict", "--json", "--number", picture, missing]) == 1
    as_number, failed = predictions(capsys)
    main(["predict", picture])
    main(["predict", "--number", picture, missing])
    digit_line, number_line, failed_line = capsys.readouterr().out.splitlines()

    assert (as_digit["verdict"], as_digit["several"]) == ("not_a_digit", True)
    assert as_digit.items() <= as_number.items()
    assert as_number["number"] == "17"
    assert [digit["digit"] for digit in as_number["digits"]] == [1, 7]
    assert (failed["number"], failed["digits"], failed["verdict"]) == (None, [], "error")
    assert digit_line == f"{picture}: not a digit, several digits (read them with --number)"
    assert re.fullmatch(rf"{re.escape(picture)}: 17, 1: >?[\d.]+% sure; 7: >?[\d.]+% sure", number_line)
    assert "cannot be read" in failed_line


def test_predict_reports_unreadable_files_and_reads_the_rest(
    digits: list[Path], tmp_path: Path, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    text, blank = tmp_path / "text.png", tmp_path / "blank.png"
    text.write_text("not a picture")
    Image.new("L", (50, 50), 255).save(blank)

    status = main(["predict", "--json", str(digits[0]), str(text), str(tmp_path / "absent.png"), str(blank)])

    for_digit, for_text, for_missing_file, for_blank = predictions(capsys)
    assert status == 1
    assert for_digit["verdict"] == "digit"
    for result in (for_text, for_missing_file):
        assert (result["verdict"], result["digit"], result["probabilities"]) == ("error", None, None)
        assert result["confidence"] is None
        assert result["error"]
    assert [for_blank[name] for name in ("verdict", "digit", "probabilities", "error")] == ["blank", None, None, None]
    assert for_blank["confidence"] is None


def test_predict_shows_a_rejection_with_its_nearest_digit(
    tmp_path: Path, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    square = Image.new("L", (100, 100), 255)
    square.paste(0, (20, 20, 80, 80))
    square.save(tmp_path / "square.png")

    assert main(["predict", "--json", str(tmp_path / "square.png")]) == 0
    assert main(["predict", str(tmp_path / "square.png")]) == 0

    as_json, plain = capsys.readouterr().out.splitlines()
    result = json.loads(as_json)
    assert (result["verdict"], result["error"]) == ("not_a_digit", None)
    assert result["digit"] in range(10)
    assert f"not a digit, unlike any digit in the training data (nearest: {result['digit']})" in plain


def test_file_above_the_limit_is_not_read_completely(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "--json", "/dev/zero"]) == 1

    (result,) = predictions(capsys)
    assert "MB" in result["error"]


def test_ctrl_c_prints_no_traceback(tmp_path: Path, workspace: Workspace) -> None:
    os.mkfifo(tmp_path / "pipe")
    process = subprocess.Popen(
        [sys.executable, "-m", "core", "predict", tmp_path / "pipe"],
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts background jobs with SIGINT ignored, and child processes inherit this.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    with (tmp_path / "pipe").open("wb"):  # blocks until the command opens the pipe for reading
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=300)

    assert process.returncode == 130
    assert "Stopped" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", [["runs", "list"], ["predict", "blank.png"], ["runs", "list", "--json"]])
def test_output_that_cannot_be_written_is_reported_in_one_line(
    command: list[str], tmp_path: Path, workspace: Workspace
) -> None:
    create_run(workspace, tiny_config())
    Image.new("L", (50, 50), 255).save(tmp_path / "blank.png")

    with Path("/dev/full").open("w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "core", *command],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(PROJECT)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=300,
            check=False,
        )

    errors = [line for line in process.stderr.splitlines() if not line.startswith("INFO")]  # LiteRT's
    assert errors == ["trazo: The output cannot be written: No space left on device."]
    assert process.returncode == 1


def test_blank_picture_is_not_an_error(tmp_path: Path, workspace: Workspace) -> None:
    Image.new("L", (50, 50), 255).save(tmp_path / "blank.png")

    assert main(["predict", str(tmp_path / "blank.png")]) == 0


def test_predict_accepts_another_model(
    trained: Run, digits: list[Path], workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["predict", "--json", str(digits[0])])
    main(["predict", "--json", "--model", str(trained.bundle.folder), str(digits[0])])

    shipped, other = predictions(capsys)
    assert shipped["probabilities"] != other["probabilities"]


def test_predict_accepts_a_run_by_name(
    run: Run, digits: list[Path], workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    for model in (str(run.bundle.folder), run.title, run.id):
        assert main(["predict", "--json", "--model", model, str(digits[0])]) == 0

    by_folder, by_title, by_id = predictions(capsys)
    assert by_folder == by_title == by_id
    assert main(["predict", "--model", "nobody", str(digits[0])]) == 1
    assert capsys.readouterr().err == (
        "trazo: There is no run named 'nobody'. It may have been deleted.\n"
        "List all runs with: python -m core runs list\n"
    )


def test_missing_model_is_reported_in_one_line(
    tmp_path: Path, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "--model", str(tmp_path), "x.png"]) == 1

    assert capsys.readouterr().err.startswith("trazo: The file card.json of the model in")


@pytest.mark.parametrize("arguments", [["predict", "x.png", "--model"], ["hand", "export", "Anna"]])
def test_name_that_is_too_long_is_reported_in_one_line(
    arguments: list[str], workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    create_hand(workspace, "Anna")

    assert main([*arguments, "a" * 300]) == 1

    assert re.fullmatch(r"trazo: .*a{300}.*: File name too long\.\n", capsys.readouterr().err)


@pytest.mark.usefixtures("without_mnist")
def test_data_status_names_the_stand_in(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "status"]) == 0

    out = capsys.readouterr().out
    assert "stand-in" in out
    assert "data download" in out


@pytest.mark.usefixtures("without_mnist")
def test_data_status_counts_the_pen_digits(few_pen_digits: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "status"]) == 0
    assert "2 by writers 1 to 20 for training\n2 by writers 21 to 30 for measuring" in capsys.readouterr().out

    few_pen_digits.pen_digits_file.unlink()

    assert main(["data", "status"]) == 0
    assert "data download pen-digits" in capsys.readouterr().out


def test_pen_digits_are_imported_by_command(
    few_pen_digits: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few_pen_digits.pen_digits_file.unlink()
    (tmp_path / "digits").write_text(UNIPEN)

    assert main(["data", "import", "pen-digits", str(tmp_path / "digits")]) == 0

    assert str(few_pen_digits.pen_digits_file) in capsys.readouterr().out
    assert few_pen_digits.pen_digits_file.is_file()


@pytest.mark.usefixtures("without_mnist")
def test_training_without_mnist_explains_the_download(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--epochs", "1"]) == 1

    assert "data download" in capsys.readouterr().err
    assert list_runs(workspace) == []


def test_value_outside_its_limits_is_reported_in_one_line(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", *TINY, "--epochs", "0"]) == 1

    assert "epochs" in capsys.readouterr().err
    assert list_runs(workspace) == []


def test_run_is_trained_listed_shown_promoted_and_deleted(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", *TINY, "--epochs", "1", "--output", str(tmp_path / "copy")]) == 0
    (run,) = list_runs(workspace)
    output = capsys.readouterr()
    assert "test accuracy" in output.out
    # stderr is not a terminal, so there is a line per epoch instead of a progress bar.
    (line,) = output.err.splitlines()
    assert re.fullmatch(r"epoch 1/1: loss [\d.]+, accuracy [\d.]+%, validation loss [\d.]+, accuracy [\d.]+%", line)
    assert (tmp_path / "copy" / "card.json").read_bytes() == run.bundle.card_file.read_bytes()
    assert (tmp_path / "copy" / "answers.npz").read_bytes() == run.epoch_predictions_file.read_bytes()

    assert main(["runs", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "finished"
    assert main(["runs", "show", run.title]) == 0
    assert main(["evaluate", run.title]) == 0
    assert "precision" in capsys.readouterr().out
    assert main(["runs", "promote", run.title]) == 0
    assert active_model(workspace).run_id == run.id
    assert main(["runs", "promote", "shipped"]) == 0
    assert main(["runs", "stop", run.title]) == 1
    assert main(["runs", "delete", run.title]) == 0
    assert list_runs(workspace) == []
    assert main(["runs", "show", run.title]) == 1


def test_ctrl_c_stops_training_and_keeps_the_model(workspace: Workspace) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "core", "train", *TINY, "--epochs", "200", "--patience", "0"],
        cwd=PROJECT,
        env={**os.environ, "TRAZO_WORKSPACE": str(workspace.root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: any(len(run.history()) for run in list_runs(workspace)), what="the first epoch")

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)

    (run,) = list_runs(workspace)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert "kept" in out
    assert run.status().state == "stopped"
    assert run.bundle.complete


@pytest.mark.usefixtures("idle_workers", "without_mnist")
def test_ctrl_c_stops_teachers_that_no_other_run_needs(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(workspace, tiny_config(teachers=1))
    monkeypatch.setattr("core.cli.train.advance", lambda _: signal.raise_signal(signal.SIGINT))

    assert main(["train", *TINY, "--teachers", "2"]) == 0

    student, own_teacher, other_student, shared_teacher = list_runs(workspace)
    out = capsys.readouterr().out
    assert f"waiting for teacher run {shared_teacher.id}, which is trained first\n" in out
    assert f"waiting for teacher run {own_teacher.id}, which is trained first\n" in out
    assert {student.status().state, own_teacher.status().state} == {"stopped"}
    assert (shared_teacher.status().state, shared_teacher.stop_requested) == ("running", False)
    assert other_student.status().state == "queued"


def test_predict_accepts_a_thousand_files(tmp_path: Path, mnist: Dataset, workspace: Workspace) -> None:
    source = tmp_path / "0.png"
    Image.fromarray(mnist.test.images[0]).save(source)
    files = [source, *(Path(shutil.copyfile(source, tmp_path / f"{index}.png")) for index in range(1, 1000))]

    process = subprocess.run(
        [sys.executable, "-m", "core", "predict", "--json", *map(str, files)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,  # far more than the few seconds that the command takes on an idle machine
    )

    results = [json.loads(line) for line in process.stdout.splitlines()]
    assert [result["file"] for result in results] == [str(path) for path in files]
    assert {result["digit"] for result in results} == {int(mnist.test.labels[0])}
    assert np.ptp([result["probabilities"][7] for result in results]) == 0


@pytest.mark.usefixtures("idle_workers")
def test_stop_without_a_name_stops_all_runs(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    running, waiting = submit(workspace, tiny_config()), submit(workspace, tiny_config())

    assert main(["runs", "stop"]) == 0

    assert running.stop_requested
    assert waiting.status().state == "stopped"
    output = capsys.readouterr().out
    assert f"{running.id} was asked to stop" in output
    assert f"{waiting.id} was asked to stop" in output


@pytest.mark.usefixtures("idle_workers")
def test_empty_name_of_a_run_names_no_run(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = submit(workspace, tiny_config())
    monkeypatch.chdir(SHIPPED_BUNDLE)  # a folder that `--model .` accepts

    for command in (["runs", "stop", ""], ["evaluate", ""], ["predict", "x.png", "--model", ""]):
        assert main(command) == 1
        assert "There is no run" in capsys.readouterr().err

    assert not run.stop_requested


def test_map_writes_the_map_of_a_run(
    run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(embedding_map, "MAX_LANDMARKS", 60)

    assert main(["map", run.id]) == 0

    (path,) = workspace.cache.iterdir()
    assert capsys.readouterr().out == f"The map is in {path}\n"
    fingerprint = bundle_fingerprint(run.bundle)
    assert path == map_file(workspace, "digits", fingerprint)
    assert len(read_map(path, load_dataset("digits", workspace).train, fingerprint).labels) == 60


def test_evaluate_prints_the_metrics_that_pages_show(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    card = Bundle(SHIPPED_BUNDLE).card()
    assert card.robustness
    assert card.novelty
    assert card.calibration

    assert main(["evaluate", "shipped"]) == 0

    out = capsys.readouterr().out
    assert f"accuracy on redrawn digits {card.robustness.drawings:.1%}" in out
    assert f"rejected: {card.novelty.digits_rejected:.2%} of the validation digits" in out
    assert f"close calls: {card.calibration.unsure_share:.2%} of the validation digits" in out
    assert re.search(r"expected calibration error \d\.\d\d%, Brier score 0\.\d{4}", out)
    assert re.search(r"disputed labels: \d+ of 15 misclassified; test accuracy without disputed labels 99\.\d\d%", out)


def test_list_and_show_print_accuracy_on_redrawn_digits(
    run: Run, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    card = run.bundle.card()
    assert card.robustness

    assert main(["runs", "list"]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert main(["runs", "show", run.title]) == 0

    assert header.split()[:4] == ["run", "state", "test", "redrawn"]
    assert row.split()[:4] == [
        run.id,
        "finished",
        f"{card.metrics.test_accuracy:.2%}",
        f"{card.robustness.drawings:.1%}",
    ]
    assert f"accuracy on redrawn digits {card.robustness.drawings:.1%}" in capsys.readouterr().out


def test_close_call_names_both_digits(
    digits: list[Path], workspace: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Predictor, "_verdict", lambda *_: "unsure")

    assert main(["predict", "--json", str(digits[0])]) == 0
    assert main(["predict", str(digits[0])]) == 0

    as_json, plain = capsys.readouterr().out.splitlines()
    assert json.loads(as_json)["verdict"] == "unsure"
    assert ": 7, looks like a 7 or a" in plain
