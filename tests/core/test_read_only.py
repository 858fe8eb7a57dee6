"""With TRAZO_READONLY=1, core rejects every change, and the workspace stays unchanged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.classifier.bundle import Bundle, copy_bundle
from core.cli import main
from core.data.datasets import Dataset, Split
from core.data.pen_digits import download_pen_digits
from core.data.sources import download_mnist, import_mnist
from core.environment import mnist_location, read_only
from core.errors import ReadOnly
from core.launcher import control, queue
from core.launcher.duplicates_process import start_search
from core.launcher.exports import start_export
from core.launcher.map_process import start_map
from core.launcher.overview import overview
from core.runs.active import ActivePredictor, promote
from core.runs.deletion import delete_run
from core.runs.registry import create_run
from core.runs.run import Run
from core.runs.status import Status
from core.runs.summary import summaries
from core.workspace import SHIPPED_BUNDLE, Workspace
from tests.support.tiny_training import tiny_config


@pytest.fixture
def run(workspace: Workspace) -> Run:
    """Return a stopped run with a model."""
    run = create_run(workspace, tiny_config())
    copy_bundle(Bundle(SHIPPED_BUNDLE), run.bundle.folder)
    run.checkpoint_file.touch()
    run.write_status(Status(state="stopped"))
    return run


def contents(workspace: Workspace) -> dict[Path, bytes | None]:
    return {path: path.read_bytes() if path.is_file() else None for path in workspace.root.rglob("*")}


NO_IMAGES = Split(np.empty((0, 28, 28), np.uint8), np.empty(0, np.uint8))
EMPTY = Dataset("digits", "no images", "nowhere", "0" * 64, NO_IMAGES, NO_IMAGES, NO_IMAGES)

CHANGES: dict[str, Callable[[Workspace, Run], object]] = {
    "train": lambda workspace, _run: queue.submit(workspace, tiny_config()),
    "create a run": lambda workspace, _run: create_run(workspace, tiny_config()),
    "stop": control.request_stop,
    "resume": queue.resume,
    "remove_from_queue": queue.remove_from_queue,
    "delete": control.delete,
    "delete a folder": delete_run,
    "promote": promote,
    "promote the shipped model": lambda workspace, _run: promote(workspace, None),
    "download": lambda workspace, _run: download_mnist(workspace),
    "download the pen digits": lambda workspace, _run: download_pen_digits(workspace),
    "find near duplicates": lambda workspace, _run: start_search(workspace, EMPTY),
    "export": lambda workspace, run: start_export(workspace, run.bundle, "zip"),
    "compute a map": lambda workspace, run: start_map(workspace, run.bundle, "digits"),
    "write a status": lambda _workspace, run: run.write_status(Status(state="finished")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_rejected_and_nothing_is_written(
    change: str, run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(workspace)
    monkeypatch.setenv("TRAZO_READONLY", "1")

    with pytest.raises(ReadOnly, match="Changes are switched off"):
        CHANGES[change](workspace, run)

    assert contents(workspace) == before


def test_files_are_not_imported(workspace: Workspace, mnist: object, monkeypatch: pytest.MonkeyPatch) -> None:
    source = mnist_location()
    if source is None:
        pytest.skip("TRAZO_MNIST does not name a file to import.")
    monkeypatch.setenv("TRAZO_READONLY", "1")

    with pytest.raises(ReadOnly):
        import_mnist(source, workspace)

    assert not workspace.mnist_file.exists()


def test_reading_still_works(run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_READONLY", "1")

    assert [row.id for row in summaries(workspace)] == [run.id]
    assert ActivePredictor(workspace).current()[0].name == "shipped"
    assert overview(workspace).latest == run


def test_queued_run_is_not_started(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    run = create_run(workspace, tiny_config())
    monkeypatch.setenv("TRAZO_READONLY", "1")

    assert queue.advance(workspace) is None
    assert run.status().state == "queued"


def test_command_line_reports_read_only(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRAZO_READONLY", "1")

    assert main(["train", "--dataset", "digits"]) == 1
    assert capsys.readouterr().err.startswith("trazo: Changes are switched off here (TRAZO_READONLY)")


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("yes", True), ("0", False), ("", False), ("No", False)])
def test_any_value_except_no_forbids_changes(value: str, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_READONLY", value)

    assert read_only() is expected
