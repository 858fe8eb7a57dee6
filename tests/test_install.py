"""`scripts/install.sh`: what `make run` and `make test` do before anything else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.workspace import PROJECT

Install = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a folder `bin` first on the PATH, whose requirements ask for nothing."""
    for folder in ("scripts", "bin"):
        (tmp_path / folder).mkdir()
    shutil.copy(PROJECT / "scripts/install.sh", tmp_path / "scripts")
    (tmp_path / "requirements.txt").write_text("# nothing\n")
    (tmp_path / "requirements-dev.txt").write_text("# nothing for tests\n")
    return tmp_path


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that copies what `-m venv` makes, which takes seconds, instead of making it again."""
    folder = tmp_path_factory.mktemp("python")
    subprocess.run([sys.executable, "-m", "venv", folder / "made"], check=True)
    python = folder / "python"
    python.write_text(
        f'#!/bin/sh\n[ "$1 $2" = "-m venv" ] && exec cp -a "{folder}/made/." "$3/"\nexec "{sys.executable}" "$@"\n'
    )
    python.chmod(0o755)
    return python


@pytest.fixture
def install(checkout: Path, python: Path) -> Install:
    """Run the script as make does; keywords are environment variables."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "scripts/install.sh", *arguments],
            cwd=checkout,
            env={
                **os.environ,
                "PATH": f"{checkout / 'bin'}{os.pathsep}{os.environ['PATH']}",
                "PYTHON": str(python),
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def command(checkout: Path, name: str, script: str) -> None:
    """Put a shell script in the place of the command `name`."""
    path = checkout / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def only_sentence(result: subprocess.CompletedProcess[str]) -> str:
    """What a failed call said on its one line."""
    assert result.returncode != 0
    [line] = result.stderr.splitlines()
    return line


def test_second_call_does_nothing_although_a_checkout_touched_the_files(checkout: Path, install: Install) -> None:
    first = install("dev", PYTHON=sys.executable)
    (checkout / "requirements.txt").touch()

    second = install("dev")

    assert (first.returncode, second.returncode) == (0, 0)
    assert "Installing" in first.stdout
    assert second.stdout == ""


def test_changed_requirements_are_installed(checkout: Path, install: Install) -> None:
    install()
    (checkout / "requirements.txt").write_text("# something else\n")

    assert "Installing" in install().stdout
    assert install().stdout == ""


def test_tests_need_more_than_the_dashboard(install: Install) -> None:
    install()

    assert "Installing" in install("dev").stdout
    assert install().stdout == ""


def test_interrupted_installation_is_thrown_away_and_done_again(checkout: Path, install: Install) -> None:
    install()
    ended = subprocess.Popen(["true"])
    ended.wait()
    (checkout / ".venv/unfinished").write_text(f"{ended.pid}\n")
    half_installed = next((checkout / ".venv").glob("lib/python*/site-packages")) / "half_installed.py"
    half_installed.touch()

    result = install()

    assert "Installing" in result.stdout
    assert not half_installed.exists()
    assert install().stdout == ""


def test_two_installations_do_not_meet(checkout: Path, install: Install) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv/unfinished").write_text(f"{os.getpid()}\n")

    assert only_sentence(install()).startswith(f"Another installation is under way (process {os.getpid()})")


def test_too_old_python_is_told_what_is_needed(checkout: Path, install: Install) -> None:
    command(checkout, "python3.10", 'case "$2" in *print*) echo 3.10 ;; *) exit 1 ;; esac')

    said = only_sentence(install(PYTHON="python3.10"))

    assert said.startswith("Trazo needs Python 3.11, 3.12 or 3.13 (found: python3.10 is 3.10): install one of them")
    assert not (checkout / ".venv").exists()


def test_python_without_venv_is_told_the_package(checkout: Path, install: Install) -> None:
    command(checkout, "debians-python", 'case "$2" in *print*) echo 3.11 ;; *ensurepip*) exit 1 ;; *) exit 0 ;; esac')

    assert "apt-get install python3.11-venv" in only_sentence(install(PYTHON="debians-python"))


def test_full_disk_is_told_before_anything_is_installed(checkout: Path, install: Install) -> None:
    command(checkout, "df", "echo Filesystem; echo /dev/x 1000000 900000 100000 90% /")

    assert only_sentence(install()).startswith("The disk is full: Trazo takes about 3000 MB")


def test_no_internet_is_told_and_the_next_call_tries_again(checkout: Path, install: Install) -> None:
    lock = checkout / "requirements.txt"
    lock.write_text("a-package-of-the-internet==1.0\n")
    offline = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_FIND_LINKS": "",
        "PIP_RETRIES": "1",
    }

    said = only_sentence(install(**offline))

    assert said.startswith("The packages could not be downloaded: check the internet connection")
    assert "127.0.0.1" in (checkout / ".venv/install.log").read_text()
    lock.write_text("# nothing\n")
    assert install().returncode == 0
