"""Real external faults during training: the run fails with a clear message, and the queue continues."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from core.data.datasets import Dataset
from core.errors import RunError
from core.launcher.control import delete, request_stop
from core.launcher.queue import advance, resume, submit
from core.runs import process
from core.runs.interruptions import record_interruptions
from core.runs.process import WorkerRecord, worker_lock
from core.runs.registry import create_run, list_runs
from core.runs.run import Run
from core.runs.status import Status
from core.runs.summary import summaries
from core.workspace import Workspace
from tests.support.tiny_training import tiny_config
from tests.support.waiting import wait_until
from tests.support.workers import end_all, kill_worker

pytestmark = pytest.mark.extended

PYTHON = sys.executable
ENDLESS = tiny_config(epochs=200, patience=0, batch_size=8)


@pytest.fixture(autouse=True)
def no_worker_survives(workspace: Workspace) -> Iterator[None]:
    """Kill the workers that a test leaves running."""
    yield
    end_all(workspace)


def wait_until_over(run: Run) -> Status:
    wait_until(lambda: run.status().has_ended, what="the end of the worker")
    return run.status()


def assert_queue_continues_with(waiting: Run) -> None:
    """Assert that the worker started the next run when it ended."""
    wait_until(lambda: waiting.status().state == "running", what="the start of the next run")
    wait_until(waiting.process_file.exists, what="the worker")
    kill_worker(waiting)


def test_run_fails_if_the_loss_is_not_finite(workspace: Workspace, patch_worker: Callable[[str], None]) -> None:
    # Far above the setting's limit, so that the weights overflow within the first steps.
    patch_worker(
        "from core.runs.run import Run\n"
        "read = Run.config\n"
        "Run.config = lambda run: read(run).model_copy(update={'learning_rate': 1e38})"
    )
    run, waiting = submit(workspace, tiny_config()), create_run(workspace, tiny_config())

    status = wait_until_over(run)

    assert status.state == "failed"
    assert "lower learning rate" in status.message
    assert "RunError" in run.log_tail()
    assert_queue_continues_with(waiting)


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux enforces a limit on a process's memory (RLIMIT_AS).")
def test_run_fails_if_memory_runs_out(workspace: Workspace, patch_worker: Callable[[str], None]) -> None:
    # Enough for TensorFlow plus 1.2 GB. The 256 channels of the first layer exceed that within seconds.
    # One memory arena (M_ARENA_MAX): a thread's own arena would reserve 64 MB.
    patch_worker(
        "import ctypes, resource, psutil\n"
        "ctypes.CDLL(None).mallopt(-8, 1)\n"
        "limit = psutil.Process().memory_info().vms + 1200 * 2**20\n"
        "resource.setrlimit(resource.RLIMIT_AS, (limit, limit))"
    )
    greedy_config = tiny_config(filters=(256, 8, 8), batch_size=2048)
    run, waiting = submit(workspace, greedy_config), create_run(workspace, tiny_config())

    status = wait_until_over(run)

    assert status.state == "failed"
    assert "Out of memory" in status.message
    assert "Traceback" in run.log_tail()
    assert_queue_continues_with(waiting)


class MemoryLimit:
    """A Linux control group: the kernel kills its processes if they allocate more than 1 MB in it."""

    def __init__(self, folder: Path, limit: str, events: str) -> None:
        self._folder, self._events = folder, events
        folder.mkdir()
        # Set the limit while the group is empty, because the kernel may reject a limit below the memory in use (EBUSY).
        (folder / limit).write_text(str(2**20))

    def add(self, pid: int) -> None:
        (self._folder / "cgroup.procs").write_text(str(pid))

    @property
    def kill_count(self) -> int:
        """The number of processes that the kernel has killed in this group."""
        lines = (line.split() for line in (self._folder / self._events).read_text().splitlines())
        return int(dict(lines)["oom_kill"])


@pytest.fixture
def memory_limit(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryLimit]:
    monkeypatch.setattr(process, "_SYSTEM_COUNTERS", Path("/proc/vmstat"))
    groups = Path("/sys/fs/cgroup")
    is_version_1 = (groups / "memory").is_dir()
    folder = groups / "memory" / f"trazo-{os.getpid()}" if is_version_1 else groups / f"trazo-{os.getpid()}"
    files = ("memory.limit_in_bytes", "memory.oom_control") if is_version_1 else ("memory.max", "memory.events")
    # This process allocates all its memory before it is added, so it needs none in the group.
    bystander = subprocess.Popen(
        [PYTHON, "-c", "print(flush=True); input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert bystander.stdout is not None
    bystander.stdout.readline()
    try:
        group = MemoryLimit(folder, *files)
        group.add(bystander.pid)
    except OSError as error:
        # A container without this permission, such as CI's, cannot create groups, whatever is installed in it.
        pytest.skip(f"This user may not limit a process's memory here ({error}).")
    else:
        if not is_version_1 and "0::/\n" not in Path("/proc/self/cgroup").read_text():
            pytest.skip("Linux counts OOM kills only in parent groups, and these tests run in a sibling group.")
        yield group
    finally:
        bystander.kill()
        bystander.communicate()
        if folder.is_dir():
            wait_until(lambda: not (folder / "cgroup.procs").read_text(), what="the end of the group's processes")
            folder.rmdir()


def test_run_killed_by_the_oom_killer_can_be_resumed(
    workspace: Workspace, memory_limit: MemoryLimit, patch_worker: Callable[[str], None], tmp_path: Path
) -> None:
    limit_file = tmp_path / "limited"
    # The second epoch waits until the limit is set, so that the kill always comes in the middle of training.
    patch_worker(
        "from pathlib import Path\nfrom core.training.callbacks import Journal\n"
        "from tests.support.waiting import wait_until\nbegin = Journal.on_epoch_begin\n"
        "Journal.on_epoch_begin = lambda journal, epoch, logs=None: ("
        f"begin(journal, epoch, logs), epoch == 1 and wait_until(Path({str(limit_file)!r}).exists))"
    )
    run, waiting = submit(workspace, tiny_config(epochs=4, patience=0)), create_run(workspace, tiny_config())
    wait_until(lambda: run.checkpoint_file.exists(), what="the first checkpoint")

    worker = run.process()
    assert worker is not None
    assert Path(f"/proc/{worker.pid}/oom_score_adj").read_text() == "1000\n"  # killed first, before the dashboard
    memory_limit.add(worker.pid)
    limit_file.touch()

    wait_until(lambda: not run.alive, what="the kill by the kernel")
    assert memory_limit.kill_count == 1
    assert run.status().state == "failed"
    assert "probably because the machine ran out of memory" in run.status().message
    assert len(run.history())
    record_interruptions(workspace)
    assert json.loads(run.status_file.read_text())["state"] == "failed"
    advance(workspace)
    assert_queue_continues_with(waiting)
    resume(workspace, run)
    assert wait_until_over(run).state == "finished"
    assert run.history()["epoch"].tolist() == [1, 2, 3, 4]


def test_run_survives_the_loss_of_its_data_until_resumed(
    mnist: Dataset, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, data = Path(mnist.origin), tmp_path / "data"
    shutil.copytree(source, data) if source.is_dir() else shutil.copy(source, data)
    monkeypatch.setenv("TRAZO_MNIST", str(data))
    run, waiting = (submit(workspace, tiny_config(dataset="mnist", epochs=50, patience=0)) for _ in range(2))
    wait_until(lambda: len(run.steps()), what="the first steps")

    data.rename(tmp_path / "elsewhere")

    steps = len(run.steps())
    wait_until(lambda: len(run.steps()) > steps + 1, what="further steps")
    kill_worker(run)
    resume(workspace, run)
    status = wait_until_over(run)
    assert status.state == "failed"
    assert str(data) in status.message
    assert "Traceback" in run.log_tail()
    assert_queue_continues_with(waiting)


def test_worker_repairs_its_status_and_exits_if_its_run_is_gone(workspace: Workspace) -> None:
    run, waiting = submit(workspace, ENDLESS), create_run(workspace, tiny_config())
    wait_until(lambda: len(run.steps()), what="the first steps")
    worker = run.process()
    assert worker is not None

    run.status_file.write_text('{"state": "runn')
    wait_until(lambda: not summaries(workspace)[-1].problem, what="a complete status")
    assert run.status().state == "running"

    shutil.rmtree(run.folder, ignore_errors=True)

    wait_until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE, what="the end of the worker")
    assert_queue_continues_with(waiting)


@pytest.fixture
def unrelated_process() -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that is not a worker."""
    process = subprocess.Popen([PYTHON, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.usefixtures("idle_workers")
def test_unrelated_process_with_a_reused_id_is_not_killed(
    workspace: Workspace, unrelated_process: subprocess.Popen[bytes]
) -> None:
    interrupted, doomed, waiting = (create_run(workspace, tiny_config()) for _ in range(3))
    record = WorkerRecord.of(unrelated_process.pid).model_copy(update={"born": "before the reboot"})
    for run in (interrupted, doomed):
        run.process_file.write_text(record.model_dump_json())
        run.write_status(Status(state="running", phase="training", epochs=3, steps=10))

    assert [interrupted.status().state, doomed.status().state] == ["interrupted", "interrupted"]
    with pytest.raises(RunError, match="nothing to stop"):
        request_stop(workspace, interrupted)
    with worker_lock(doomed.lock_file) as lock:
        assert lock is not None
        # Another process holds the lock; only the record names a process to kill.
        wait = 'while [ ! -e "$0" ]; do sleep 0.02; done'
        holder = subprocess.Popen(["sh", "-c", wait, doomed.stop_file], pass_fds=(lock,))
    delete(workspace, doomed)

    assert holder.wait(300) == 0
    assert unrelated_process.poll() is None
    assert waiting.status().state == "running"
    resume(workspace, interrupted)
    assert interrupted.status().state == "queued"
    kill_worker(waiting)
    assert advance(workspace) == interrupted
    delete(workspace, interrupted)
    assert list_runs(workspace) == [waiting]
    assert unrelated_process.poll() is None
