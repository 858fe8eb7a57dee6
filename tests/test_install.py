"""`scripts/install.sh`, which `make run` and `make test` call first, and `scripts/cluster.sh`."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.workspace import PROJECT
from tests.support.requirements import skip_or_fail

pytestmark = pytest.mark.extended

Install = Callable[..., subprocess.CompletedProcess[str]]

OFFLINE = {
    "PIP_INDEX_URL": "http://127.0.0.1:9/",
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_EXTRA_INDEX_URL": "",
    "PIP_FIND_LINKS": "",
    "PIP_RETRIES": "1",
}
"""pip's settings with an index that refuses connections."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with empty requirements and a folder `bin` that comes first on the PATH."""
    for folder in ("scripts", "bin"):
        (tmp_path / folder).mkdir()
    shutil.copy(PROJECT / "scripts/install.sh", tmp_path / "scripts")
    (tmp_path / "requirements.txt").write_text("# nothing\n")
    (tmp_path / "requirements-dev.txt").write_text("# nothing for tests\n")
    (tmp_path / "requirements-cluster.txt").write_text("# nothing for clusters\n")
    return tmp_path


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python whose `-m venv` copies a prepared environment, which saves seconds per test."""
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


def replace_command(checkout: Path, name: str, script: str) -> None:
    """Replace the command `name` with a shell script."""
    path = checkout / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def only_error_line(result: subprocess.CompletedProcess[str]) -> str:
    """Return the only line that a failed call printed to stderr."""
    assert result.returncode != 0
    [line] = result.stderr.splitlines()
    return line


def test_second_call_does_nothing_even_offline(checkout: Path, install: Install) -> None:
    first = install("dev", PYTHON=sys.executable)
    (checkout / "requirements.txt").touch()

    second = install("dev", **OFFLINE)

    assert (first.returncode, second.returncode) == (0, 0)
    assert "Installing" in first.stdout
    assert second.stdout == ""


def test_changed_requirements_are_installed(checkout: Path, install: Install) -> None:
    install()
    (checkout / "requirements.txt").write_text("# something else\n")

    assert "Installing" in install().stdout
    assert install().stdout == ""


def test_tests_require_more_packages_than_the_dashboard(install: Install) -> None:
    install()

    assert "Installing" in install("dev").stdout
    assert install().stdout == ""
    assert "Installing" in install("dev", "cluster").stdout
    assert install("cluster").stdout == ""


def test_interrupted_installation_is_repaired(checkout: Path, install: Install, python: Path) -> None:
    requirements = checkout / "requirements.txt"
    requirements.write_text("a-package-from-the-internet==1.0\n")
    with socket.create_server(("127.0.0.1", 0)) as index:
        settings = OFFLINE | {"PIP_INDEX_URL": f"http://127.0.0.1:{index.getsockname()[1]}/", "PYTHON": str(python)}
        interrupted = subprocess.Popen(
            ["sh", "scripts/install.sh"], cwd=checkout, env={**os.environ, **settings}, start_new_session=True
        )
        index.settimeout(60)
        index.accept()  # pip waits for a response that never comes
        os.killpg(interrupted.pid, signal.SIGKILL)
        interrupted.wait()
    half_installed = next((checkout / ".venv").glob("lib/python*/site-packages")) / "half_installed.py"
    half_installed.touch()
    requirements.write_text("# nothing\n")

    result = install()

    assert "Installing" in result.stdout
    assert not half_installed.exists()
    assert install().stdout == ""


def test_two_calls_at_once_install_once(checkout: Path) -> None:
    if not shutil.which("flock"):
        skip_or_fail("This system has no flock. Linux has it in util-linux.")
    calls = [
        subprocess.Popen(
            ["sh", "scripts/install.sh"],
            cwd=checkout,
            env={**os.environ, "PYTHON": sys.executable},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    printed = [call.communicate()[0] for call in calls]

    assert [call.returncode for call in calls] == [0, 0], printed
    assert "".join(printed).count("Installing Trazo's packages") == 1


def test_environment_of_another_python_is_replaced(checkout: Path, install: Install) -> None:
    install()
    packages = next((checkout / ".venv").glob("lib/python*"))
    packages.rename(packages.with_name("python3.10"))  # as if the system's python3 had been upgraded since

    assert "Installing" in install().stdout
    assert packages.exists()
    assert install().stdout == ""


def test_read_only_checkout_is_reported(
    checkout: Path, install: Install, make_read_only: Callable[[Path], None]
) -> None:
    make_read_only(checkout)

    assert only_error_line(install()).startswith("Trazo's packages cannot be installed: you may not write to")


@pytest.mark.parametrize("command", ["rm", "mkdir"])
def test_environment_that_cannot_be_replaced_is_reported(checkout: Path, install: Install, command: str) -> None:
    replace_command(checkout, command, f"echo {command}: Permission denied >&2; exit 1")

    result = install()

    assert only_error_line(result) == f"{command}: Permission denied"
    assert result.stdout == ""


@pytest.mark.parametrize("version", ["(3, 10)", "(3, 14)"])
def test_unsupported_python_is_rejected(checkout: Path, install: Install, version: str) -> None:
    replace_command(
        checkout, "python-other", f'exec "{sys.executable}" -c "import sys; sys.version_info = {version}; $2"'
    )

    assert only_error_line(install(PYTHON="python-other")).startswith(
        "No suitable Python was found. Trazo needs Python 3.11"
    )
    assert not (checkout / ".venv").exists()


def test_python_without_venv_is_rejected(checkout: Path, install: Install) -> None:
    without_ensurepip = "import sys; sys.modules['ensurepip'] = None; $2"
    replace_command(checkout, "debians-python", f'exec "{sys.executable}" -c "{without_ensurepip}"')

    assert "apt-get install python3-venv" in only_error_line(install(PYTHON="debians-python"))


def test_first_suitable_python_is_used(checkout: Path, install: Install, python: Path) -> None:
    replace_command(checkout, "python3", "exit 1")
    replace_command(checkout, "python3.13", f'exec "{python}" "$@"')

    assert install(PYTHON="").returncode == 0


def test_full_disk_is_reported_before_installing(checkout: Path, install: Install) -> None:
    replace_command(checkout, "df", "echo Filesystem; echo /dev/x 1000000 900000 100000 90% /")

    assert only_error_line(install()).startswith("The disk is full. Trazo needs about 3000 MB")
    assert not (checkout / ".venv").exists()


def test_file_system_may_have_spaces_in_its_name(checkout: Path, install: Install) -> None:
    replace_command(checkout, "df", "echo Filesystem; echo //nas/My Files 9000000 2000 8998000 1% /mnt/My Files")

    assert install().returncode == 0


def test_disk_that_fills_up_is_reported(checkout: Path, install: Install) -> None:
    install()
    (checkout / "requirements.txt").write_text("# more\n")
    pip = next((checkout / ".venv").glob("lib/python*/site-packages/pip")) / "__main__.py"
    pip.write_text("import os, sys\nsys.exit(f'ERROR: [Errno 28] {os.strerror(28)}')\n")

    assert only_error_line(install()).startswith("The disk is full.")


def test_missing_network_is_reported_and_retried(checkout: Path, install: Install) -> None:
    requirements = checkout / "requirements.txt"
    requirements.write_text("a-package-from-the-internet==1.0\n")

    error = only_error_line(install(**OFFLINE))

    assert error.startswith("The packages could not be downloaded. Check the internet connection")
    assert "127.0.0.1" in (checkout / ".venv/install.log").read_text()
    requirements.write_text("# nothing\n")
    assert install().returncode == 0


def test_other_failure_quotes_pip(checkout: Path, install: Install) -> None:
    (checkout / "requirements.txt").write_text("not a requirement\n")

    assert only_error_line(install()).startswith("The packages could not be installed (ERROR: Invalid requirement")


def test_cluster_that_cannot_start_says_why(checkout: Path) -> None:
    shutil.copy(PROJECT / "scripts/cluster.sh", checkout / "scripts")
    (checkout / ".venv/bin").mkdir(parents=True)
    python = checkout / ".venv/bin/python"
    python.write_text("#!/bin/sh\necho The home folder cannot be written to. >&2\nexit 1\n")
    python.chmod(0o755)

    result = subprocess.run(
        ["sh", "scripts/cluster.sh", "head"],
        cwd=checkout,
        env=os.environ | {"RAY_AUTH_TOKEN": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 1
    assert result.stderr.splitlines()[0] == "The home folder cannot be written to."
    assert "Ray could not be started" in result.stderr
