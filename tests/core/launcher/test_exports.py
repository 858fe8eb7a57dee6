"""Exports are made by one worker at a time, and a killed worker leaves no half-written file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.classifier.bundle import Bundle
from core.cli import export_worker, main
from core.errors import ExportError
from core.exports.folder import Exports
from core.exports.parity import read_parity
from core.launcher.exports import start_export
from core.runs.run import Run
from core.workspace import PROJECT, SHIPPED_BUNDLE, Workspace
from tests.support.fuzzing import drawn_seven
from tests.support.workers import kill_export_workers


@pytest.fixture
def kill(idle_workers: None, workspace: Workspace) -> Iterator[Callable[[], None]]:
    """Return a function that kills the workers, which never end by themselves."""
    yield lambda: kill_export_workers(workspace)
    kill_export_workers(workspace)


def test_killed_worker_leaves_an_error_and_no_file(
    workspace: Workspace, kill: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.runs.process._LOCK_RETRY_SECONDS", 0)
    exports = start_export(workspace, Bundle(SHIPPED_BUNDLE), "onnx")
    assert exports.state("onnx").running
    assert not exports.state("savedmodel").running

    with pytest.raises(ExportError, match="Try again in a minute"):
        start_export(workspace, Bundle(SHIPPED_BUNDLE), "savedmodel")
    kill()

    state = exports.state("onnx")
    assert not state.running
    assert "ended unexpectedly" in str(state.problem)
    assert state.file is None
    assert exports.state("savedmodel").problem is None


def test_failure_to_start_a_worker_is_explained(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")

    with pytest.raises(ExportError, match="could not be started"):
        start_export(workspace, Bundle(SHIPPED_BUNDLE), "onnx")


def test_command_exports_with_a_real_worker(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", run.id, "--format", "zip"]) == 0

    file = Path(capsys.readouterr().out.strip())
    assert file.name == "mnist_model.reader.zip"
    assert file.stat().st_size > run.bundle.tflite_file.stat().st_size


@pytest.mark.parametrize("closed", ["<&-", "<&- >&- 2>&-"])
def test_command_works_with_closed_streams(closed: str, run: Run, workspace: Workspace) -> None:
    command = f'exec "$0" -m core export "$1" --format zip {closed}'

    subprocess.run(["sh", "-c", command, sys.executable, run.id], cwd=PROJECT, check=True)

    assert Exports(workspace, run.bundle).file("zip").is_file()


def test_relative_folder_is_found_from_any_folder(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run.folder)

    assert main(["export", run.bundle.folder.name, "--format", "zip"]) == 0


def test_empty_picture_is_not_compared(
    tmp_path: Path, workspace: Workspace, export_in_this_process: None, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.png").touch()

    assert main(["parity", "--picture", str(tmp_path / "empty.png")]) == 1

    assert capsys.readouterr().err.startswith("trazo: This is not a picture that can be read")


@pytest.fixture
def export_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the workers' tasks in this process, which saves importing TensorFlow again."""

    def run_task(workspace: Workspace, bundle: Bundle, task: str, drawing: bytes | None = None) -> Exports:
        export_worker.main(task, bundle, drawing or b"")  # type: ignore[arg-type]
        return Exports(workspace, bundle)

    monkeypatch.setattr("core.cli.exports.start_export", run_task)


def test_parity_command_prints_each_way(
    run: Run, workspace: Workspace, tmp_path: Path, export_in_this_process: None, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "seven.png"
    drawn_seven(side=200).save(picture)

    status = main(["parity", run.id, "--picture", str(picture)])

    report = read_parity(Exports(workspace, run.bundle).file("parity"))
    assert report is not None
    assert [way.name for way in report.ways] == [".keras", ".tflite", ".onnx", "NumPy", "Command line"]
    ways = {way.name: way for way in report.ways}
    assert "Create it first" in str(ways[".onnx"].problem)
    assert ways["NumPy"].changed_digits == ways["NumPy"].changed_verdicts == 0
    assert ways["Command line"].changed_verdicts == ways[".tflite"].changed_verdicts
    assert len(report.verdicts) == 144 + 1  # all validation images of scikit-learn's digits, and the drawing
    out = capsys.readouterr().out
    assert all(name in out for name in ways)
    assert status == (1 if report.failure else 0)


def test_damaged_model_is_reported_by_the_worker(run: Run, workspace: Workspace) -> None:
    run.bundle.keras_file.write_bytes(b"damaged")

    assert export_worker.main("onnx", run.bundle, b"") == 1

    exports = Exports(workspace, run.bundle)
    assert "mnist_model.keras" in str(exports.state("onnx").problem)
    assert list(exports.folder.iterdir()) == []
