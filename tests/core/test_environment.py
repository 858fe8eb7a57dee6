"""Environment variables are read in one module; unset and empty variables fall back to defaults."""

from __future__ import annotations

import os
import pwd
import re
from pathlib import Path

import pytest

from core import environment
from core.workspace import PROJECT, Workspace


@pytest.mark.parametrize("empty", [None, ""])
def test_unset_and_empty_variables_fall_back_to_defaults(monkeypatch: pytest.MonkeyPatch, empty: str | None) -> None:
    for name in ("HOST", "PORT", "TRAZO_WORKSPACE", "TRAZO_MNIST", "TRAZO_LOG_LEVEL", "TRAZO_PAGES_PER_CLIENT"):
        monkeypatch.delenv(name, raising=False) if empty is None else monkeypatch.setenv(name, empty)

    assert (environment.host(), environment.port()) == ("127.0.0.1", "8501")
    assert Workspace.from_environment().root == PROJECT / "workspace"
    assert environment.mnist_location() is None
    assert environment.log_level() == "INFO"
    assert environment.pages_per_client() == 100


def test_set_variables_are_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOST", "::1")
    monkeypatch.setenv("PORT", "9000")
    monkeypatch.setenv("TRAZO_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))

    assert (environment.host(), environment.port()) == ("::1", "9000")
    assert Workspace.from_environment() == Workspace(tmp_path.resolve())
    assert environment.gradio_upload_folder() == tmp_path / "uploads"


@pytest.mark.parametrize("home", ["~nobody-here", "~"])
def test_home_that_cannot_be_found_leaves_a_path_as_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: str
) -> None:
    for name in ("TRAZO_WORKSPACE", "TRAZO_MNIST", "TRAZO_PEN_DIGITS", "TRAZO_FASHION"):
        monkeypatch.setenv(name, f"{home}/x")
    for name in ("HOME", "KERAS_HOME", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)  # as in a container whose user has no name
    monkeypatch.chdir(tmp_path)

    assert Workspace.from_environment().root == tmp_path / home / "x"
    assert environment.mnist_location() == Path(home, "x")
    assert environment.pen_digits_location() == environment.fashion_location() == Path(home, "x")
    assert environment.keras_cache() == Path("~/.keras/datasets/mnist.npz")
    assert "RAY_AUTH_MODE" not in environment.ray_variables()


def test_child_processes_cache_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("MARK", "here")

    variables = environment.python_environment(TRAZO_WORKSPACE="/w")

    assert variables == {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {
        "TRAZO_WORKSPACE": "/w"
    }
    assert variables["MARK"] == "here"


def test_no_other_module_reads_the_environment() -> None:
    modules = [path for room in ("core", "dashboard") for path in (PROJECT / room).rglob("*.py")]

    matches = [path for path in modules if re.search(r"os\.environ|getenv", path.read_text(encoding="utf-8"))]

    assert matches == [PROJECT / "core" / "environment.py"]


@pytest.mark.parametrize(
    ("classroom", "readonly", "expected"), [("1", "", True), ("0", "", False), ("", "", False), ("1", "1", False)]
)
def test_read_only_dashboard_has_no_classroom(
    monkeypatch: pytest.MonkeyPatch, classroom: str, readonly: str, expected: bool
) -> None:
    monkeypatch.setenv("TRAZO_CLASSROOM", classroom)
    monkeypatch.setenv("TRAZO_READONLY", readonly)

    assert environment.classroom() is expected


def test_ray_uses_this_users_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "RAY_AUTH_MODE" not in environment.ray_variables()

    monkeypatch.setenv("RAY_AUTH_TOKEN", "secret")
    assert environment.ray_variables()["RAY_AUTH_MODE"] == "token"
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    assert "RAY_AUTH_MODE" not in environment.ray_variables()

    monkeypatch.delenv("RAY_AUTH_MODE")
    monkeypatch.delenv("RAY_AUTH_TOKEN")
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").touch()
    assert environment.ray_variables()["RAY_AUTH_MODE"] == "token"


def test_thread_variables_that_are_already_set_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_WORKERS", "1000")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)

    assert environment.thread_limits() == {"OMP_NUM_THREADS": "3", "TF_NUM_INTRAOP_THREADS": "1"}
    assert environment.thread_count() == 3
