"""A run's folder can be read at any time and in any condition."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RunError, RunNotFound
from core.launcher.queue import resumable
from core.runs import process
from core.runs.interruptions import record_interruptions
from core.runs.process import worker_lock
from core.runs.registry import create_run
from core.runs.run import LOG_TAIL_BYTES, MAX_LOG_BYTES, Run
from core.runs.status import Status
from core.runs.summary import summaries
from core.runs.tables import HISTORY_COLUMNS, STEP_COLUMNS, append_row
from core.workspace import Workspace
from tests.support.tiny_training import tiny_config
from tests.support.waiting import wait_until

NON_NUMERIC_HISTORY = (",".join(HISTORY_COLUMNS) + "\n1,many,words,,,,,\n").encode()
RUNNING = Status(state="running", phase="training", epochs=3, steps=10)


@pytest.fixture
def run(workspace: Workspace) -> Run:
    return create_run(workspace, tiny_config(epochs=3))


@pytest.fixture
def worker(run: Run) -> Iterator[subprocess.Popen[bytes]]:
    """Start an idle process in place of a worker."""
    with worker_lock(run.lock_file) as lock:
        assert lock is not None
        process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(lock,))
    run.write_process(process.pid)
    run.write_status(RUNNING)
    yield process
    process.kill()
    process.communicate()


def test_new_run_is_queued_with_its_config(run: Run) -> None:
    assert run.status().state == "queued"
    assert run.config() == tiny_config(epochs=3)
    assert run.history().empty
    assert tuple(run.steps().columns) == STEP_COLUMNS
    assert run.log_tail() == ""


def test_run_is_running_while_its_worker_lives(run: Run, worker: subprocess.Popen[bytes]) -> None:
    assert run.status().state == "running"
    assert run.process() == psutil.Process(worker.pid)

    run.process_file.unlink()

    assert run.status().state == "running"
    assert run.process() is None


def test_run_whose_worker_was_killed_is_interrupted(run: Run, worker: subprocess.Popen[bytes]) -> None:
    worker.kill()

    # Until its parent reaps it, the process is a zombie, like a worker that a busy dashboard has not reaped yet.
    wait_until(lambda: psutil.Process(worker.pid).status() == psutil.STATUS_ZOMBIE)
    assert run.status().state == "interrupted"
    worker.wait()
    assert run.status().state == "interrupted"


def test_process_with_a_reused_id_is_not_the_worker(run: Run) -> None:
    run.write_status(RUNNING)
    run.write_process(os.getpid())
    assert run.process() == psutil.Process()
    record = json.loads(run.process_file.read_text())

    run.process_file.write_text(json.dumps({**record, "born": "before the reboot"}))

    assert run.process() is None
    assert run.status().state == "interrupted"


@pytest.mark.parametrize("shift_seconds", [-3600.0, 3.0, 86400.0])
def test_setting_the_clock_does_not_affect_the_status(
    run: Run, worker: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch, shift_seconds: float
) -> None:
    # psutil computes a process's start time from the boot time, which shifts when the clock is set.
    create_time, now = psutil.Process.create_time, time.time
    monkeypatch.setattr(psutil.Process, "create_time", lambda process: create_time(process) + shift_seconds)
    monkeypatch.setattr(time, "time", lambda: now() + shift_seconds)

    assert run.status().state == "running"
    assert run.process() is not None
    worker.kill()
    worker.wait()
    assert run.status().state == "interrupted"


def test_run_that_is_being_started_counts_as_running(run: Run) -> None:
    run.write_status(RUNNING)

    with worker_lock(run.lock_file):
        assert run.status().state == "running"

    assert run.status().state == "interrupted"


@pytest.mark.parametrize("age", [-3600.0, 0.0, 3600.0])
def test_run_without_a_worker_is_interrupted(run: Run, age: float) -> None:
    run.write_status(RUNNING)
    written = time.time() - age
    os.utime(run.status_file, (written, written))

    assert run.status().state == "interrupted"


def test_second_worker_does_not_get_the_lock(run: Run, worker: subprocess.Popen[bytes]) -> None:
    with worker_lock(run.lock_file) as lock:
        assert lock is None
    assert run.alive


def test_checking_a_lock_does_not_prevent_a_start(run: Run) -> None:
    done = threading.Event()

    def check() -> None:
        while not done.is_set():
            _ = run.alive

    threads = [threading.Thread(target=check) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(50):
            with worker_lock(run.lock_file) as lock:
                assert lock is not None
                assert run.alive
    finally:
        done.set()
        for thread in threads:
            thread.join()


@contextmanager
def too_many_open_files() -> Iterator[None]:
    """Simulate a process that has too many open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("worker")
def test_worker_counts_as_alive_if_its_lock_is_unreadable(run: Run) -> None:
    with too_many_open_files():
        alive = run.alive

    assert alive


def test_run_that_no_worker_can_lock_is_not_alive(run: Run) -> None:
    assert not run.alive
    run.lock_file.mkdir()
    assert not run.alive
    assert not Run(run.config_file).alive


class FakeOomCounters:
    """Fake versions of the files in which Linux counts out-of-memory (OOM) kills."""

    def __init__(self, folder: Path) -> None:
        self.cgroups = folder / "cgroup"
        self.vmstat = folder / "vmstat"
        self.boot_id = folder / "boot_id"
        self.boot_id.write_text("this-boot\n")
        self.set_system_kills(3)

    def set_system_kills(self, kills: int) -> None:
        self.vmstat.write_text(f"nr_free_pages 5\noom_kill {kills}\n")

    def set_cgroup_kills(self, kills: int) -> None:
        """Set the counter of this process's cgroup, as cgroup v2 does."""
        lines = [line for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::/")]
        if not lines:
            pytest.skip("This Linux has no cgroup v2.")
        group = self.cgroups / lines[0].removeprefix("0::/")
        group.mkdir(parents=True, exist_ok=True)
        (group / "memory.events").write_text(f"low 0\nhigh 0\nmax 9\noom 1\noom_kill {kills}\n")


@pytest.fixture
def oom_counters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeOomCounters:
    if sys.platform != "linux":
        pytest.skip("OOM-kill counters exist only on Linux.")
    oom_counters = FakeOomCounters(tmp_path)
    monkeypatch.setattr(process, "_CGROUPS", oom_counters.cgroups)
    monkeypatch.setattr(process, "_SYSTEM_COUNTERS", oom_counters.vmstat)
    monkeypatch.setattr(process, "_BOOT_ID", oom_counters.boot_id)
    return oom_counters


@pytest.mark.parametrize("set_kills", [FakeOomCounters.set_cgroup_kills, FakeOomCounters.set_system_kills])
def test_run_whose_worker_ran_out_of_memory_reports_it(
    run: Run, oom_counters: FakeOomCounters, set_kills: Callable[[FakeOomCounters, int], None]
) -> None:
    set_kills(oom_counters, 3)
    run.write_process(os.getpid())
    run.write_status(RUNNING)
    assert "memory" not in run.status().message

    set_kills(oom_counters, 4)

    assert run.status().state == "failed"
    assert "probably because the machine ran out of memory" in run.status().message
    record_interruptions(Workspace(run.folder.parent.parent))
    written = json.loads(run.status_file.read_text())
    assert written["state"] == "failed"
    assert written["ended"] is not None


def test_oom_kill_in_another_container_is_ignored(run: Run, oom_counters: FakeOomCounters) -> None:
    oom_counters.set_cgroup_kills(0)
    run.write_process(os.getpid())
    run.write_status(RUNNING)

    oom_counters.set_system_kills(4)

    assert run.status().state == "interrupted"
    assert "memory" not in run.status().message


def test_oom_kill_after_a_reboot_is_ignored(run: Run, oom_counters: FakeOomCounters) -> None:
    run.write_process(os.getpid())
    run.write_status(RUNNING)

    oom_counters.boot_id.write_text("next-boot\n")
    oom_counters.set_system_kills(4)

    assert run.status().state == "interrupted"
    assert "memory" not in run.status().message


def test_stop_file_means_that_a_stop_was_requested(run: Run) -> None:
    assert not run.stop_requested

    run.stop_file.touch()

    assert run.stop_requested


@pytest.mark.parametrize("content", [b"", b'{"state": "runn', b"[]", b'{"state": "asleep"}', b"\xff\xfe\x00", b"null"])
def test_damaged_status_is_reported(run: Run, workspace: Workspace, content: bytes) -> None:
    other = create_run(workspace, tiny_config())
    run.status_file.write_bytes(content)

    with pytest.raises(RunError, match=r"status\.json of run .* is missing or damaged\. Delete the run\."):
        run.status()

    rows = {row.id: row for row in summaries(workspace)}
    assert rows[run.id].problem
    assert rows[other.id].state == "queued"


def test_deleted_run_is_not_called_damaged(run: Run) -> None:
    shutil.rmtree(run.folder)

    with pytest.raises(RunNotFound):
        run.status()
    with pytest.raises(RunNotFound):
        run.config()


@pytest.mark.parametrize("content", [b"", b"{", None])
def test_run_whose_status_was_lost_can_be_resumed(run: Run, content: bytes | None) -> None:
    run.checkpoint_file.touch()
    if content is None:
        run.status_file.unlink()
    else:
        run.status_file.write_bytes(content)

    assert run.status().state == "interrupted"
    assert "Resume the run to continue" in run.status().message
    assert resumable(run, run.status())

    with worker_lock(run.lock_file), pytest.raises(RunError, match=r"status\.json"):
        run.status()


@pytest.mark.parametrize("content", [b"", b'{"epochs": ', b'{"epochs": -1}', b"\xff\xfe\x00"])
def test_damaged_config_is_reported(run: Run, content: bytes) -> None:
    run.config_file.write_bytes(content)

    with pytest.raises(RunError, match=r"config\.json of run .* damaged"):
        run.config()


@pytest.mark.parametrize("name", ["status", "config", "history"])
def test_unreadable_file_is_not_called_damaged(run: Run, name: str) -> None:
    with (
        pytest.raises(RunError, match=rf"{name}\..* cannot be read \(Too many open files\)"),
        too_many_open_files(),
    ):
        getattr(run, name)()


@pytest.mark.parametrize(
    "content", [b"a,b\n1,2\n", b'epoch\n"', b"\xff\xfe\x00\n", b"epoch\n1,2,3,4\n1\n", NON_NUMERIC_HISTORY]
)
def test_damaged_history_is_reported(run: Run, content: bytes) -> None:
    run.history_file.write_bytes(content)

    with pytest.raises(RunError, match=r"history\.csv of run .* is damaged"):
        run.history()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not an archive", b"\x93NUMPY", b"1,2,3\n"])
def test_damaged_predictions_are_reported(run: Run, content: bytes) -> None:
    assert run.epoch_predictions() is None
    run.epoch_predictions_file.write_bytes(content)

    with pytest.raises(RunError, match=r"answers\.npz of run .* is damaged\. The run's model can still be used"):
        run.epoch_predictions()


def test_predictions_with_inconsistent_shapes_are_damaged(run: Run) -> None:
    np.savez(
        run.epoch_predictions_file,
        epochs=np.arange(3),
        predictions=np.zeros((2, 5), np.uint8),
        labels=np.zeros(5, np.uint8),
    )

    with pytest.raises(RunError, match=r"answers\.npz of run .* is damaged"):
        run.epoch_predictions()


def test_appended_rows_can_be_read(run: Run) -> None:
    append_row(run.history_file, HISTORY_COLUMNS, (1, 11, 2.5, 0.5, 0.8, 0.4, 0.9, 1e-3))
    append_row(run.history_file, HISTORY_COLUMNS, (2, 22, 5.0, 0.3, 0.9, None, None, 1e-3))

    history = run.history()

    assert history["epoch"].tolist() == [1, 2]
    assert history["loss"].tolist() == [0.5, 0.3]
    assert history["val_loss"].isna().tolist() == [False, True]


def test_status_is_complete_whenever_it_is_read(run: Run) -> None:
    writer = threading.Thread(target=_write_many_statuses, args=(run,))
    writer.start()
    messages = set()
    while writer.is_alive():
        messages.add(run.status().message)
    writer.join()

    assert len(messages) > 1


def _write_many_statuses(run: Run) -> None:
    for number in range(300):
        run.write_status(Status(state="finished", message=str(number) * (number + 1)), durable=False)


def test_only_the_end_of_a_long_log_is_read(run: Run) -> None:
    run.log_file.write_bytes(b"old\n" * LOG_TAIL_BYTES + b"the last line\n")

    tail = run.log_tail()

    assert len(tail) == LOG_TAIL_BYTES
    assert tail.endswith("the last line\n")


def test_long_log_loses_its_older_half(run: Run) -> None:
    with run.log_file.open("ab", buffering=0) as worker:  # like the output of a worker
        worker.write(b"old\n" * (MAX_LOG_BYTES // 4))
        run.trim_log()
        assert run.log_file.stat().st_size == MAX_LOG_BYTES

        worker.write(b"new\n")
        run.trim_log()
        worker.write(b"the last line\n")

    first, *lines = run.log_file.read_text().splitlines()
    assert "Older output was removed" in first
    assert set(lines[:-2]) == {"old"}
    assert lines[-2:] == ["new", "the last line"]
    assert MAX_LOG_BYTES / 3 < run.log_file.stat().st_size < MAX_LOG_BYTES


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 5000), st.integers(0, 5000))
def test_progress_is_a_fraction(epoch: int, epochs: int, step: int, steps: int) -> None:
    status = Status(state="running", epoch=epoch, epochs=epochs, step=step, steps=steps)

    assert 0 <= status.progress <= 1


def test_progress_counts_completed_epochs_and_steps() -> None:
    assert Status(state="running", epoch=2, epochs=4, step=5, steps=10).progress == pytest.approx(15 / 40)


def test_epoch_that_was_stopped_partway_through_is_not_done() -> None:
    assert Status(state="stopped", epoch=2, epochs=3, step=4, steps=10).epochs_done == 1
    assert Status(state="stopped", epoch=2, epochs=3, step=10, steps=10).epochs_done == 2
    assert Status(state="queued", epochs=3).epochs_done == 0
