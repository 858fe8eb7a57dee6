"""What can be read from a run's folder, at any moment and in any condition."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RunError
from core.runs.registry import create_run, summaries
from core.runs.run import LOG_TAIL_BYTES, START_GRACE_SECONDS, Run, Status
from core.runs.tables import HISTORY_COLUMNS, STEP_COLUMNS, append_row
from core.workspace import Workspace
from tests.conftest import tiny_config
from tests.waiting import wait_until

WORDS = (",".join(HISTORY_COLUMNS) + "\n1,many,words,,,,,\n").encode()
RUNNING = Status(state="running", phase="training", epochs=3, steps=10)


@pytest.fixture
def run(workspace: Workspace) -> Run:
    return create_run(workspace, tiny_config(epochs=3))


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing, in a worker's place."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.wait()
    assert process.stdin is not None
    process.stdin.close()


def test_new_run_waits_with_its_config(run: Run) -> None:
    assert run.status().state == "queued"
    assert run.config() == tiny_config(epochs=3)
    assert run.history().empty
    assert tuple(run.steps().columns) == STEP_COLUMNS
    assert run.log_tail() == ""


def test_run_is_running_while_its_worker_lives(run: Run, process: subprocess.Popen[bytes]) -> None:
    run.write_process(process.pid)
    run.write_status(RUNNING)

    assert run.status().state == "running"


def test_run_whose_worker_was_killed_is_interrupted(run: Run, process: subprocess.Popen[bytes]) -> None:
    run.write_process(process.pid)
    run.write_status(RUNNING)

    process.kill()

    # Nobody has waited for the process yet: it is a zombie, as a worker is whose dashboard is busy.
    wait_until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
    assert run.status().state == "interrupted"
    process.wait()
    assert run.status().state == "interrupted"


def test_another_process_with_the_workers_number_is_not_taken_for_it(run: Run) -> None:
    run.write_status(RUNNING)
    run.process_file.write_text(f'{{"pid": {os.getpid()}, "started": {psutil.Process().create_time() - 3600}}}')

    assert run.status().state == "interrupted"


def test_run_that_is_just_being_started_counts_as_running(run: Run) -> None:
    run.write_status(RUNNING)

    assert run.status().state == "running"


def test_run_that_never_got_a_worker_is_interrupted_after_a_while(run: Run) -> None:
    run.write_status(RUNNING)
    long_ago = time.time() - START_GRACE_SECONDS - 1
    os.utime(run.status_file, (long_ago, long_ago))

    assert run.status().state == "interrupted"


def test_run_is_stopping_between_the_request_and_its_end(run: Run) -> None:
    assert not run.stopping

    run.stop_file.touch()

    assert run.stopping


@pytest.mark.parametrize("damaged", [b"", b'{"state": "runn', b"[]", b'{"state": "asleep"}', b"\xff\xfe\x00", b"null"])
def test_damaged_status_is_said_in_a_sentence_and_other_runs_are_fine(
    run: Run, workspace: Workspace, damaged: bytes
) -> None:
    other = create_run(workspace, tiny_config())
    run.status_file.write_bytes(damaged)

    with pytest.raises(RunError, match=r"damaged status\.json. Delete the run\."):
        run.status()

    rows = {row.id: row for row in summaries(workspace)}
    assert rows[run.id].problem
    assert rows[other.id].state == "queued"


@pytest.mark.parametrize("damaged", [b"", b'{"epochs": ', b'{"epochs": -1}', b"\xff\xfe\x00"])
def test_damaged_config_is_said_in_a_sentence(run: Run, damaged: bytes) -> None:
    run.config_file.write_bytes(damaged)

    with pytest.raises(RunError, match=r"damaged config\.json"):
        run.config()


@pytest.mark.parametrize("damaged", [b"a,b\n1,2\n", b'epoch\n"', b"\xff\xfe\x00\n", b"epoch\n1,2,3,4\n1\n", WORDS])
def test_damaged_history_is_said_in_a_sentence(run: Run, damaged: bytes) -> None:
    run.history_file.write_bytes(damaged)

    with pytest.raises(RunError, match=r"damaged history\.csv"):
        run.history()


@pytest.mark.parametrize("damaged", [b"", b"PK\x03\x04 no archive", b"\x93NUMPY", b"1,2,3\n"])
def test_damaged_answers_are_said_in_a_sentence(run: Run, damaged: bytes) -> None:
    assert run.answers() is None
    run.answers_file.write_bytes(damaged)

    with pytest.raises(RunError, match=r"damaged answers\.npz. Its model can still be used"):
        run.answers()


def test_answers_of_other_shapes_than_they_say_are_damaged(run: Run) -> None:
    np.savez(
        run.answers_file, epochs=np.arange(3), predictions=np.zeros((2, 5), np.uint8), labels=np.zeros(5, np.uint8)
    )

    with pytest.raises(RunError, match=r"damaged answers\.npz"):
        run.answers()


def test_rows_that_were_appended_are_read_back(run: Run) -> None:
    append_row(run.history_file, HISTORY_COLUMNS, (1, 11, 2.5, 0.5, 0.8, 0.4, 0.9, 1e-3))
    append_row(run.history_file, HISTORY_COLUMNS, (2, 22, 5.0, 0.3, 0.9, None, None, 1e-3))

    history = run.history()

    assert history["epoch"].tolist() == [1, 2]
    assert history["loss"].tolist() == [0.5, 0.3]
    assert history["val_loss"].isna().tolist() == [False, True]


def test_status_is_whole_whenever_it_is_read(run: Run) -> None:
    writer = threading.Thread(target=_write_many, args=(run,))
    writer.start()
    seen = set()
    while writer.is_alive():
        seen.add(run.status().message)
    writer.join()

    assert len(seen) > 1


def _write_many(run: Run) -> None:
    for number in range(300):
        run.write_status(Status(state="finished", message=str(number) * (number + 1)), durable=False)


def test_long_log_is_read_from_its_end(run: Run) -> None:
    run.log_file.write_bytes(b"old\n" * LOG_TAIL_BYTES + b"the last line\n")

    tail = run.log_tail()

    assert len(tail) == LOG_TAIL_BYTES
    assert tail.endswith("the last line\n")


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 5000), st.integers(0, 5000))
def test_progress_is_a_share(epoch: int, epochs: int, step: int, steps: int) -> None:
    status = Status(state="running", epoch=epoch, epochs=epochs, step=step, steps=steps)

    assert 0 <= status.progress <= 1


def test_progress_counts_whole_epochs_and_steps() -> None:
    assert Status(state="running", epoch=2, epochs=4, step=5, steps=10).progress == pytest.approx(15 / 40)
