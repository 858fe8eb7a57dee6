"""What can befall a training from outside, each caused for real: it fails with a sentence, and the queue goes on."""

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
from core.runs.interruptions import record_interruptions
from core.runs.process import WorkerRecord, worker_lock
from core.runs.registry import create_run, list_runs
from core.runs.run import Run
from core.runs.status import Status
from core.runs.summary import summaries
from core.workspace import Workspace
from tests.conftest import tiny_config
from tests.support.waiting import wait_until
from tests.support.workers import end_all, kill_worker

PYTHON = sys.executable
ENDLESS = tiny_config(epochs=200, patience=0, batch_size=8)


@pytest.fixture(autouse=True)
def no_worker_survives(workspace: Workspace) -> Iterator[None]:
    """Kill what a test left at work."""
    yield
    end_all(workspace)


def ended(run: Run) -> Status:
    wait_until(lambda: run.status().over, 120, "the end of the worker")
    return run.status()


def goes_on_with(waiting: Run) -> None:
    """The worker that ended started the next one in the queue."""
    wait_until(lambda: waiting.status().state == "running", 10, "the start of the next run")
    wait_until(waiting.process_file.exists, 10, "the worker")
    kill_worker(waiting)


def test_a_loss_that_is_no_number_fails_the_run(workspace: Workspace, worker_after: Callable[[str], None]) -> None:
    # Far past what a form accepts, so that the weights overflow at the first steps.
    worker_after(
        "from core.runs.run import Run\n"
        "read = Run.config\n"
        "Run.config = lambda run: read(run).model_copy(update={'learning_rate': 1e38})"
    )
    run, waiting = submit(workspace, tiny_config()), create_run(workspace, tiny_config())

    status = ended(run)

    assert status.state == "failed"
    assert "lower learning rate" in status.message
    assert "RunError" in run.log_tail()
    goes_on_with(waiting)


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux limits the memory of a process (RLIMIT_AS).")
def test_memory_that_runs_out_fails_the_run(workspace: Workspace, worker_after: Callable[[str], None]) -> None:
    # Room for TensorFlow and 1.2 GB more; the network wants several.
    worker_after(
        "import resource, psutil, tensorflow\n"
        "limit = psutil.Process().memory_info().vms + 1200 * 2**20\n"
        "resource.setrlimit(resource.RLIMIT_AS, (limit, limit))"
    )
    greedy = tiny_config(filters=(256, 256, 256), batch_size=2048)
    run, waiting = submit(workspace, greedy), create_run(workspace, tiny_config())

    status = ended(run)

    assert status.state == "failed"
    assert "Out of memory" in status.message
    assert "Traceback" in run.log_tail()
    goes_on_with(waiting)


class LittleMemory:
    """A memory group of Linux: the kernel kills processes in it that want more than 1 MB on top of what they had."""

    def __init__(self, folder: Path, limit: str, events: str) -> None:
        self._folder, self._events = folder, events
        folder.mkdir()
        # Set while the group is empty: where memory is in use, the kernel may refuse a lower limit (EBUSY).
        (folder / limit).write_text(str(2**20))

    def take(self, pid: int) -> None:
        (self._folder / "cgroup.procs").write_text(str(pid))

    @property
    def killed(self) -> int:
        """How many processes the kernel has killed here."""
        lines = (line.split() for line in (self._folder / self._events).read_text().splitlines())
        return int(dict(lines)["oom_kill"])


@pytest.fixture
def little_memory() -> Iterator[LittleMemory]:
    groups = Path("/sys/fs/cgroup")
    old = (groups / "memory").is_dir()
    folder = groups / "memory" / f"trazo-{os.getpid()}" if old else groups / f"trazo-{os.getpid()}"
    files = ("memory.limit_in_bytes", "memory.oom_control") if old else ("memory.max", "memory.events")
    # It has all its memory before it is taken, so it wants none in the group.
    bystander = subprocess.Popen(
        [PYTHON, "-c", "print(flush=True); input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert bystander.stdout is not None
    bystander.stdout.readline()
    try:
        group = LittleMemory(folder, *files)
        group.take(bystander.pid)
    except OSError as error:
        # A container without the right to make groups, CI's too, has nothing to install against that.
        pytest.skip(f"This user may not limit a process's memory here ({error}).")
    else:
        if not old and "0::/\n" not in Path("/proc/self/cgroup").read_text():
            pytest.skip("Linux counts what it kills in the groups above only, and these tests run in one beside it.")
        yield group
    finally:
        bystander.kill()
        bystander.communicate()
        if folder.is_dir():
            wait_until(lambda: not (folder / "cgroup.procs").read_text(), 60, "the end of the group's processes")
            folder.rmdir()


def test_a_worker_that_the_kernel_kills_for_its_memory_can_go_on(
    workspace: Workspace, little_memory: LittleMemory
) -> None:
    run, waiting = submit(workspace, tiny_config(epochs=30, patience=0)), create_run(workspace, tiny_config())
    wait_until(lambda: run.checkpoint_file.exists(), 120, "the first checkpoint")

    worker = run.process()
    assert worker is not None
    assert Path(f"/proc/{worker.pid}/oom_score_adj").read_text() == "1000\n"  # the first to go, before the dashboard
    little_memory.take(worker.pid)

    wait_until(lambda: not run.alive, 60, "the kernel")
    assert little_memory.killed == 1
    assert run.status().state == "failed"
    assert "probably because memory ran out" in run.status().message
    assert len(run.history())
    record_interruptions(workspace)
    assert json.loads(run.status_file.read_text())["state"] == "failed"
    advance(workspace)
    goes_on_with(waiting)
    resume(workspace, run)
    assert ended(run).state == "finished"
    assert run.history()["epoch"].tolist() == list(range(1, 31))


def test_data_that_vanishes_in_mid_run_leaves_it_at_work_and_fails_its_resume(
    mnist: Dataset, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, data = Path(mnist.origin), tmp_path / "data"
    shutil.copytree(source, data) if source.is_dir() else shutil.copy(source, data)
    monkeypatch.setenv("TRAZO_MNIST", str(data))
    run, waiting = (submit(workspace, tiny_config(dataset="mnist", epochs=50, patience=0)) for _ in range(2))
    wait_until(lambda: len(run.steps()), 120, "the first steps")

    data.rename(tmp_path / "elsewhere")

    steps = len(run.steps())
    wait_until(lambda: len(run.steps()) > steps + 1, 60, "further steps")
    kill_worker(run)
    resume(workspace, run)
    status = ended(run)
    assert status.state == "failed"
    assert str(data) in status.message
    assert "Traceback" in run.log_tail()
    goes_on_with(waiting)


def test_a_run_deleted_by_hand_ends_its_worker_and_a_damaged_status_is_mended(workspace: Workspace) -> None:
    run, waiting = submit(workspace, ENDLESS), create_run(workspace, tiny_config())
    wait_until(lambda: len(run.steps()), 90, "the first steps")
    worker = run.process()
    assert worker is not None

    run.status_file.write_text('{"state": "runn')
    wait_until(lambda: not summaries(workspace)[-1].problem, 10, "a whole status")
    assert run.status().state == "running"

    shutil.rmtree(run.folder, ignore_errors=True)

    wait_until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE, 60, "the end of the worker")
    goes_on_with(waiting)


@pytest.fixture
def foreigner() -> Iterator[subprocess.Popen[bytes]]:
    """A process of somebody else."""
    process = subprocess.Popen([PYTHON, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.usefixtures("idle_workers")
def test_after_a_restart_of_the_machine_no_foreign_process_is_touched_and_the_queue_goes_on(
    workspace: Workspace, foreigner: subprocess.Popen[bytes]
) -> None:
    broken_off, doomed, waiting = (create_run(workspace, tiny_config()) for _ in range(3))
    record = WorkerRecord.of(foreigner.pid).model_copy(update={"born": "in another life of this machine"})
    for run in (broken_off, doomed):
        run.process_file.write_text(record.model_dump_json())
        run.write_status(Status(state="running", phase="training", epochs=3, steps=10))

    assert [broken_off.status().state, doomed.status().state] == ["interrupted", "interrupted"]
    with pytest.raises(RunError, match="nothing to stop"):
        request_stop(workspace, broken_off)
    with worker_lock(doomed.lock_file) as lock:
        assert lock is not None
        # Somebody has the lock, whoever it is: only the record says whom to kill.
        wait = 'while [ ! -e "$0" ]; do sleep 0.02; done'
        holder = subprocess.Popen(["sh", "-c", wait, doomed.stop_file], pass_fds=(lock,))
    delete(workspace, doomed)

    assert holder.wait(10) == 0
    assert foreigner.poll() is None
    assert waiting.status().state == "running"
    resume(workspace, broken_off)
    assert broken_off.status().state == "queued"
    kill_worker(waiting)
    assert advance(workspace) == broken_off
    delete(workspace, broken_off)
    assert list_runs(workspace) == [waiting]
    assert foreigner.poll() is None
