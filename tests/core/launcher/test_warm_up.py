"""TensorFlow's modules are compiled once, before the first run is trained."""

from __future__ import annotations

import os
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from core.launcher import warm_up


@pytest.fixture
def fresh_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Simulate a TensorFlow that was never imported, and a Python that logs its calls to the returned file."""
    python, calls = tmp_path / "python", tmp_path / "calls"
    python.write_text(f'#!/bin/sh\necho "$@, bytecode: ${{PYTHONDONTWRITEBYTECODE:-kept}}" >>{calls}\n')
    python.chmod(0o755)
    package = tmp_path / "tensorflow" / "__init__.py"
    package.parent.mkdir()
    package.touch()
    monkeypatch.setattr(warm_up, "find_spec", lambda name: ModuleSpec(name, None, origin=str(package)))
    monkeypatch.setattr(warm_up.sys, "executable", str(python))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    return calls


def test_trainer_is_compiled_once_after_an_installation(fresh_installation: Path, tmp_path: Path) -> None:
    process = warm_up.compile_ahead()

    assert process is not None
    assert process.wait(300) == 0
    assert fresh_installation.read_text() == "-c import core.training.trainer, bytecode: kept\n"
    (tmp_path / "tensorflow" / "__pycache__").mkdir()
    Path(warm_up.cache_from_source(str(tmp_path / "tensorflow" / "__init__.py"))).touch()
    assert warm_up.compile_ahead() is None


@pytest.mark.usefixtures("fresh_installation")
def test_nothing_is_started_if_read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_READONLY", "1")

    assert warm_up.compile_ahead() is None


@pytest.mark.usefixtures("fresh_installation")
def test_nothing_is_started_if_bytecode_cannot_be_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    # CI runs as root, who may write anywhere, so fake the result that another user would get.
    monkeypatch.setattr(warm_up.os, "access", lambda _path, mode: not (mode & os.W_OK))

    assert warm_up.compile_ahead() is None


def test_nothing_is_started_without_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm_up, "find_spec", lambda _name: None)

    assert warm_up.compile_ahead() is None
