"""Fixtures for all tests: a workspace, MNIST, pen digits, a finished run."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from core.data import sources
from core.data.datasets import Dataset, load_dataset
from core.data.pen_digits import HELD_OUT_WRITERS, fingerprint, read_pen_digits
from core.data.sources import ARRAY_SHAPES
from core.environment import pen_digits_location
from core.errors import DataMissing
from core.handwriting.pen_digits import PenDigit
from core.handwriting.pen_file import write_pen_file
from core.launcher.queue import submit
from core.runs import process, registry
from core.runs.registry import list_runs
from core.runs.run import Run
from core.workspace import Workspace
from tests.support.pen_digit_files import DIGITS
from tests.support.requirements import IN_CI, skip_or_fail
from tests.support.tiny_training import tiny_config
from tests.support.workers import end_all, wait_for_end

PEN_DIGITS = pen_digits_location()

SINGLE_PROCESS_FILES = (
    "engines/test_ray.py",
    "e2e/test_prefix.py",
    "e2e/test_train.py",
    "test_trainer.py",
    "dashboard/test_app.py",
    "test_from_outside.py",
    "server/test_copies.py",
    "embeds/test_gradio_guard.py",
    "test_install.py",
    "test_shipped.py",
)
"""Files whose tests all run in one process, slowest file first.

Their fixtures are slow, or their runs would slow each other down.
"""

# The command line and the dashboard's terminal speak English in all tests that do not choose another language.
os.environ["LC_ALL"] = "C.UTF-8"

_MANY_OBJECTS = 10_000
"""Number of objects above which excluding them is worthwhile; a garbage collection examines this many in about 8 ms."""

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if IN_CI else "local")


class _TestByTest(LoadScopeScheduling):
    """Sends each test to the next free process; the tests of each file in SINGLE_PROCESS_FILES stay together."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file.endswith(SINGLE_PROCESS_FILES) else nodeid


def _rank(item: pytest.Item) -> tuple[bool, int]:
    """Return the sort key of a test: browser tests last, and the files in SINGLE_PROCESS_FILES before others."""
    file = item.nodeid.partition("::")[0]
    file_rank = next(
        (rank for rank, name in enumerate(SINGLE_PROCESS_FILES) if file.endswith(name)), len(SINGLE_PROCESS_FILES)
    )
    # Playwright leaves an event loop running in its process, in which no asyncio test can run afterwards.
    return file.startswith("tests/e2e/"), file_rank


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Import the tests without garbage collection, which would account for a sixth of the import time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the slowest files, so that no process ends long after the others."""
    items.sort(key=_rank)


def pytest_runtest_setup() -> None:
    """Exclude the objects that earlier tests left behind, such as imported modules, from garbage collection.

    Streamlit collects garbage after each script run. With TensorFlow and its networks, that would take 0.4 s.
    """
    if len(gc.get_objects()) > _MANY_OBJECTS:
        gc.collect()
        gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Distribute the tests with the scheduler above."""
    return _TestByTest(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print each reason once, with the number of tests skipped for it."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    for reason, count in reasons.items():
        terminalreporter.write_line(f"SKIPPED [{count}] {reason}")


@pytest.fixture(scope="session", autouse=True)
def oom_kills_are_hidden() -> None:
    """The machine's counter of OOM kills is hidden: it counts the kill of `memory_limit` in another process, too."""
    process._SYSTEM_COUNTERS = Path(os.devnull)


@pytest.fixture(scope="session", autouse=True)
def runs_are_quick() -> None:
    """Runs in tests are not evaluated on pen digits at the end, and don't wait until all other processes are idle.

    Pages in tests do not start a worker in advance, because each would load TensorFlow.
    """
    for name in ("TRAZO_PEN_DIGITS", "TRAZO_STROKES"):
        os.environ.pop(name, None)
    os.environ["TRAZO_BACKGROUND_TRAINING"] = "0"
    os.environ["TRAZO_PREPARED_WORKER"] = "0"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An empty workspace, named by TRAZO_WORKSPACE."""
    root = tmp_path / "workspace"
    monkeypatch.setenv("TRAZO_WORKSPACE", str(root))
    return Workspace(root)


@pytest.fixture
def without_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without MNIST."""
    monkeypatch.delenv("TRAZO_MNIST", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "no-keras"))


@pytest.fixture
def arrays(monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """Return arrays with MNIST's shapes, which are fast to create, and make the tested code accept them as MNIST."""
    rng = np.random.default_rng(0)
    arrays = {name: np.zeros(shape, np.uint8) for name, shape in ARRAY_SHAPES.items()}
    arrays["x_train"][:, 14, 14] = 255
    arrays["y_train"][:] = rng.integers(0, 10, 60000)
    arrays["y_test"][:] = rng.integers(0, 10, 10000)
    monkeypatch.setattr(sources, "MNIST_FINGERPRINT", sources.fingerprint(arrays))
    return arrays


@pytest.fixture(scope="session")
def mnist() -> Dataset:
    """The real MNIST, where this machine has it."""
    try:
        return load_dataset("mnist", Workspace.from_environment())
    except DataMissing:
        return skip_or_fail("MNIST is not on this machine; get it with `.venv/bin/python -m core data download`.")


@pytest.fixture(scope="session")
def pen_digits() -> tuple[PenDigit, ...]:
    """The pen digits of all writers, from the file named by TRAZO_PEN_DIGITS."""
    if PEN_DIGITS is None or not PEN_DIGITS.is_file():
        skip_or_fail("The pen digits are not on this machine; set TRAZO_PEN_DIGITS to the path of their file.")
    return read_pen_digits(PEN_DIGITS)


@pytest.fixture(scope="session")
def strokes(pen_digits: tuple[PenDigit, ...]) -> tuple[PenDigit, ...]:
    """Pen digits by the held-out writers, on whose digits no model was trained."""
    return tuple(digit for digit in pen_digits if digit.writer in HELD_OUT_WRITERS)


@pytest.fixture
def few_pen_digits(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with four pen digits, which the code under test takes for the complete set."""
    monkeypatch.setattr("core.data.pen_digits.PEN_DIGITS_FINGERPRINT", fingerprint(DIGITS))
    write_pen_file(workspace.pen_digits_file, DIGITS)
    return workspace


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder for all of pytest-xdist's processes."""
    own_folder = tmp_path_factory.getbasetemp()
    return own_folder if worker_id == "master" else own_folder.parent


@pytest.fixture(scope="session")
def trained(shared_folder: Path) -> Run:
    """A run that a real worker trained for two epochs on scikit-learn's digits; don't change it."""
    folder = shared_folder / "trained"
    workspace = Workspace(folder / "workspace")
    with Workspace(folder).locked(), pytest.MonkeyPatch.context() as patch:
        # A random name may contain a word that a test searches for.
        patch.setattr(registry, "_ADJECTIVES", "gentle")
        patch.setattr(registry, "_ANIMALS", "heron")
        run = next(iter(list_runs(workspace)), None) or submit(workspace, tiny_config(epochs=2))
        wait_for_end(run)
    assert run.status().state == "finished", run.log_tail()
    return run


@pytest.fixture
def run(trained: Run, workspace: Workspace) -> Run:
    """A finished run in the test's own workspace."""
    return Run(Path(shutil.copytree(trained.folder, workspace.runs / trained.id)))


@pytest.fixture
def idle_workers(tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Workers that start at once, train nothing and never exit by themselves."""
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexec sleep 600\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    yield
    end_all(workspace)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on its own disk, with room for 2 MB."""
    if sys.platform != "linux" or os.geteuid() != 0:
        skip_or_fail("Only root on Linux can mount the small disk that this test fills; run the tests as root.")
    folder = tmp_path / "small-disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=True)
    yield folder
    # Lazily: a worker's last threads may still be exiting.
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def make_read_only() -> Iterator[Callable[[Path], None]]:
    """Return a function that makes a folder read-only for everybody, including root."""
    mounted_folders = []

    def turn(folder: Path) -> None:
        if sys.platform != "linux" or os.geteuid() != 0:
            skip_or_fail("Only root on Linux can make a folder read-only even for root; run the tests as root.")
        subprocess.run(["mount", "--bind", folder, folder], check=True)
        mounted_folders.append(folder)
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)

    yield turn
    for folder in mounted_folders:
        subprocess.run(["umount", "--lazy", folder], check=True)
