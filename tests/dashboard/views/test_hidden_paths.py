"""Visitors see no local paths, even in errors, unless they may make changes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.runs.active import promote
from core.runs.files import run_files
from core.runs.run import Run
from core.workspace import PROJECT, Workspace, strip_paths
from dashboard.runs.files import _download_content
from tests.support.fuzzing import drawn_seven, encoded
from tests.support.page_text import sent
from tests.support.served_api import served_api

VIEWS = sorted(path.stem for path in (PROJECT / "dashboard" / "views").glob("[!_]*.py"))
BUNDLE_FILES = ("card.json", "evaluation.npz", "novelty.npz", "mnist_model.tflite", "mnist_model.keras")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a space in its name, for the workspace and MNIST."""
    folder = tmp_path / "a place"
    folder.mkdir()
    monkeypatch.setenv("TRAZO_WORKSPACE", str(folder / "workspace"))
    monkeypatch.setenv("TRAZO_MNIST", str(folder / "mnist.npz"))
    (folder / "mnist.npz").write_bytes(b"damaged")
    return folder


@pytest.fixture
def run(trained: Run, root: Path) -> Run:
    """A failed run with the active model; its log and its message contain paths."""
    workspace = Workspace(root / "workspace")
    run = Run(Path(shutil.copytree(trained.folder, workspace.runs / trained.id)))
    promote(workspace, run)
    message = f"{root}/mnist.npz is damaged. See {run.log_file}."
    run.write_status(run.status().model_copy(update={"state": "failed", "message": message}))
    run.log_file.write_text(f'Traceback\n  File "{PROJECT}/core/x.py", line 3\nDataError: {message}\n')
    return run


def visit(view: str, run: Run | None = None, evaluate_view: str = "Mistakes") -> AppTest:
    page = AppTest.from_file(str(PROJECT / "dashboard" / "main.py"), default_timeout=300).run()
    for name in ("id", "model", "run") if run else ():
        page.query_params[name] = run.id
    page.query_params["evaluate_view"] = evaluate_view
    page.session_state["run_log"] = page.session_state["train_log"] = True
    page.switch_page(f"views/{view}.py").run()
    assert not page.exception
    return page


def shows_paths(page: AppTest, root: Path) -> bool:
    content = sent(page)
    # Tracebacks also contain the path of the checkout. Only full paths are searched for, because parts of a path may
    # occur elsewhere.
    return any(str(folder).encode() in content for folder in (root, PROJECT, root.parent))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    "damaged", [*(f"model/{name}" for name in BUNDLE_FILES), "status.json", "answers.npz", "steps.csv"]
)
def test_pages_show_no_paths_to_visitors(
    run: Run, root: Path, monkeypatch: pytest.MonkeyPatch, view: str, damaged: str
) -> None:
    (run.folder / damaged).write_bytes(b"damaged")
    monkeypatch.setenv("TRAZO_READONLY", "1")

    for evaluate_view in ("Mistakes", "Compare", "Epochs") if view == "evaluate" else ("Mistakes",):
        assert not shows_paths(visit(view, run, evaluate_view), root)


@pytest.mark.parametrize("view", VIEWS)
def test_unlistable_runs_are_reported_without_a_path(root: Path, monkeypatch: pytest.MonkeyPatch, view: str) -> None:
    (root / "workspace").mkdir()
    (root / "workspace" / "runs").write_text("not a folder")
    monkeypatch.setenv("TRAZO_READONLY", "1")

    assert not shows_paths(visit(view), root)


@pytest.mark.parametrize(
    ("view", "damaged"),
    [("run", "model/card.json"), ("run", "steps.csv"), ("model", "model/card.json"), ("data", "steps.csv")],
)
def test_editors_see_the_path_of_a_damaged_file(run: Run, root: Path, view: str, damaged: str) -> None:
    (run.folder / damaged).write_bytes(b"damaged")

    assert str(root).encode() in sent(visit(view, run)).replace(b"\\", b"")


@pytest.mark.parametrize("may_change", [True, False])
def test_downloaded_log_contains_paths_only_for_editors(run: Run, root: Path, may_change: bool) -> None:
    log = next(file for file in run_files(run) if file.name == "train.log")

    content = _download_content(log, may_change).decode()

    assert (str(root) in content) == (str(PROJECT) in content) == may_change
    assert 'File "' in content
    assert "mnist.npz is damaged" in content


def test_other_downloads_contain_no_paths(run: Run, root: Path) -> None:
    for file in run_files(run):
        content = _download_content(file, with_paths=False)
        assert not any(str(folder).encode() in content for folder in (root, PROJECT))


@pytest.mark.parametrize("damaged", ["model/novelty.npz", "model/mnist_model.tflite", "model/card.json"])
def test_api_responses_contain_no_paths(run: Run, root: Path, damaged: str) -> None:
    (run.folder / damaged).write_bytes(b"damaged")

    with served_api(Workspace(root / "workspace")) as client:
        responses = [
            client.get("/health").text,
            client.get("/metrics").text,
            client.post("/predict", content=encoded(drawn_seven(), "PNG"), headers={"Content-Type": "image/png"}).text,
            client.post("/predict", content=b"not a picture", headers={"Content-Type": "image/png"}).text,
        ]

    assert json.loads(responses[2])["model"] == "shipped"
    assert not any(str(folder) in response for folder in (root, PROJECT) for response in responses)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{root}/workspace/runs/x/status.json is damaged.", "runs/x/status.json is damaged."),
        ("The runs in {root}/workspace cannot be listed.", "The runs in workspace cannot be listed."),
        ("{root}/mnist.npz may not be read.", "mnist.npz may not be read."),
        ('File "{project}/core/x.py", line 3', 'File "core/x.py", line 3'),
        ("/srv/data/mnist/train.gz is damaged.", "train.gz is damaged."),
        ("'/etc/passwd' and ~/.keras/datasets/mnist.npz", "'passwd' and mnist.npz"),
        ("https://example.org/a/b answered 404.", "https://example.org/a/b answered 404."),
        ("3/4 of the images, train/test, 5 / 6", "3/4 of the images, train/test, 5 / 6"),
    ],
)
def test_path_is_shortened_to_its_meaningful_part(root: Path, text: str, expected: str) -> None:
    assert strip_paths(text.format(root=root, project=PROJECT)) == expected
