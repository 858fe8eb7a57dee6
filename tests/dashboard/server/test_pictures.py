"""The picture pool: its results, and its resilience to crashed workers, hostile pictures and many clients."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import ModuleType

import anyio
import anyio.to_process
import numpy as np
import psutil
import pytest

from core.errors import PictureError
from core.ink.photo import ink_from_picture
from core.ink.picture_ink import PictureInk
from core.workspace import PROJECT
from dashboard.server import pictures
from dashboard.server.pictures import PicturePool, PicturePoolBusy, PicturePoolUnavailable, PictureProcessingError
from tests.support.fuzzing import drawn_seven, encoded
from tests.support.hostile_pictures import jpeg2000_in_small_tiles, jpeg_with_scans
from tests.support.opened_files import exhausted_open_files

HOSTILE, VISITOR = "203.0.113.9", "198.51.100.7"
PICTURE = encoded(drawn_seven(), "PNG")

# A worker whose decoder crashes, hangs or raises for certain pictures.
FAULTY_WORKER = """#!{python}
import os, signal
from anyio.to_process import process_worker
from core.ink import photo

ink_from_picture = photo.ink_from_picture

def faulty_decoder(picture):
    if picture == b"crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if picture == b"hang":
        os.kill(os.getpid(), signal.SIGSTOP)
    if picture == b"raise":
        raise RuntimeError("an unexpected error")
    return ink_from_picture(picture)

photo.ink_from_picture = faulty_decoder
process_worker()
"""

# A worker that runs without a dashboard and decodes a picture forever.
HANGING_WORKER = """
from core.ink import photo
from dashboard.server import decoding

def spin(picture):
    while True:
        pass

photo.ink_from_picture = spin
decoding.MAX_SECONDS = 0.3
decoding.decode_ink(b"")
"""


@pytest.fixture
def faulty_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start workers with a faulty decoder."""
    python = tmp_path / "python"
    python.write_text(FAULTY_WORKER.format(python=sys.executable))
    python.chmod(0o755)
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    monkeypatch.setattr(sys, "executable", str(python))


def workers() -> list[psutil.Process]:
    alive = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in alive if "anyio.to_process" in child.cmdline()]


async def gather_outcomes(*calls: object) -> list[object]:
    return await asyncio.gather(*calls, return_exceptions=True)  # type: ignore[call-overload]


def test_every_picture_gets_its_own_ink() -> None:
    sent = [encoded(drawn_seven(side=side), "PNG") for side in range(40, 50)]

    async def ask() -> list[object]:
        pool = PicturePool()
        return await gather_outcomes(
            *[pool.ink(picture, VISITOR) for picture in [*sent[:5], b"not a picture", *sent[5:]]]
        )

    results = asyncio.run(ask())

    assert isinstance(results.pop(5), PictureError)
    for ink, picture in zip(results, sent, strict=True):
        np.testing.assert_array_equal(ink.likeliest, ink_from_picture(picture).likeliest)


def test_workers_end_with_the_event_loop() -> None:
    async def ask() -> int:
        await PicturePool().ink(PICTURE, VISITOR)
        return len(workers())

    assert asyncio.run(ask()) == 1
    assert not workers()


def test_one_client_leaves_two_workers_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(2))

    async def ask() -> list[int]:
        pool, counts = PicturePool(), []
        for clients in (["a"], ["a"] * 8, ["a"] * 8 + ["b"] * 8 + ["c"] * 8):
            await asyncio.gather(*[pool.ink(PICTURE, client) for client in clients])
            counts.append(len(workers()))
        return counts

    assert asyncio.run(ask()) == [1, 2, 4]


@pytest.mark.extended
@pytest.mark.parametrize("method", ["kill", "suspend"])
def test_killed_or_suspended_workers_are_replaced(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    async def ask() -> list[object]:
        pool = PicturePool()
        await asyncio.gather(*[pool.ink(PICTURE, VISITOR) for _ in range(4)])
        monkeypatch.setattr(pictures, "START_TIMEOUT_SECONDS", 8.0)
        assert workers()
        for process in workers():
            getattr(process, method)()
        return await gather_outcomes(*[pool.ink(PICTURE, VISITOR) for _ in range(20)])

    assert [type(result) for result in asyncio.run(ask())] == [PictureInk] * 20


@pytest.mark.usefixtures("faulty_decoder")
@pytest.mark.parametrize(
    ("picture", "message"), [(b"crash", "crashed its decoder"), (b"hang", "takes too long to read")]
)
def test_crash_or_hang_affects_only_its_own_picture(
    monkeypatch: pytest.MonkeyPatch, picture: bytes, message: str
) -> None:
    async def ask() -> list[object]:
        pool = PicturePool()
        await pool.warm_up()
        monkeypatch.setattr(pictures, "DECODING_TIMEOUT_SECONDS", 5.0)
        return await gather_outcomes(*[pool.ink(each, VISITOR) for each in [picture, *[PICTURE] * 10]])

    rejected, *others = asyncio.run(ask())

    assert isinstance(rejected, PictureError)
    assert message in str(rejected)
    assert [type(result) for result in others] == [PictureInk] * 10


@pytest.mark.usefixtures("faulty_decoder")
def test_unexpected_error_is_logged_and_the_worker_survives(caplog: pytest.LogCaptureFixture) -> None:
    async def ask() -> None:
        pool = PicturePool()
        await pool.warm_up()
        before = workers()
        with pytest.raises(PictureProcessingError, match="on our side"):
            await pool.ink(b"raise", VISITOR)
        assert workers() == before

    asyncio.run(ask())

    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "an unexpected error" in caplog.text


def test_worker_without_a_dashboard_exits_after_its_timeout() -> None:
    result = subprocess.run([sys.executable, "-c", HANGING_WORKER], cwd=PROJECT, timeout=300, check=False)

    assert result.returncode == -signal.SIGALRM


def test_worker_loads_neither_streamlit_nor_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    page = ModuleType("__main__")
    page.__file__ = str(PROJECT / "dashboard" / "main.py")  # as Streamlit sets it while a page runs
    monkeypatch.setitem(sys.modules, "__main__", page)

    async def loaded_modules() -> set[str]:
        await PicturePool().ink(PICTURE, VISITOR)
        return set(await anyio.to_process.run_sync(eval, "list(__import__('sys').modules)"))

    modules = asyncio.run(loaded_modules())

    assert "core.ink.photo" in modules
    assert not modules & {"streamlit", "tensorflow", "pandas", "starlette", "gradio", "__mp_main__"}


def test_pictures_over_the_queue_limit_are_rejected_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_WAITING_PER_CLIENT", 3)

    async def ask() -> list[object]:
        pool = PicturePool()
        return await gather_outcomes(*[pool.ink(PICTURE, client) for client in [HOSTILE] * 5 + [VISITOR]])

    results = asyncio.run(ask())

    assert [type(result) for result in results] == [PictureInk] * 3 + [PicturePoolBusy] * 2 + [PictureInk]


@pytest.mark.usefixtures("faulty_decoder")
def test_pictures_that_wait_too_long_are_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "WAITING_TIMEOUT_SECONDS", 0.2)

    async def ask() -> list[object]:
        pool = PicturePool()
        busy_tasks = [asyncio.create_task(pool.ink(b"hang", HOSTILE)) for _ in range(pool.workers_per_client)]
        while sum(process.status() == psutil.STATUS_STOPPED for process in workers()) < len(busy_tasks):
            await asyncio.sleep(0.02)
        outcomes = await gather_outcomes(*[pool.ink(PICTURE, client) for client in [HOSTILE] * 5 + [VISITOR]])
        for task in busy_tasks:
            task.cancel()
        await gather_outcomes(*busy_tasks)
        return [*outcomes, *await gather_outcomes(pool.ink(PICTURE, HOSTILE))]

    results = asyncio.run(ask())

    assert [type(result) for result in results] == [PicturePoolBusy] * 5 + [PictureInk] * 2


@contextmanager
def workers_that_exit_at_once() -> Iterator[None]:
    """Simulate an import error in each worker."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "executable", "/bin/false")
        yield


@pytest.mark.parametrize("fault", [exhausted_open_files, workers_that_exit_at_once])
def test_pool_is_unavailable_until_a_worker_starts(fault: Callable[[], AbstractContextManager[None]]) -> None:
    async def ask() -> tuple[list[object], list[bool], PictureInk]:
        pool = PicturePool()
        available = [await pool.available()]
        with fault():
            rejected = await gather_outcomes(*[pool.ink(PICTURE, VISITOR) for _ in range(3)])
            available.append(await pool.available())
        available.append(await pool.available())
        return rejected, available, await pool.ink(PICTURE, VISITOR)

    rejected, available, ink = asyncio.run(ask())

    assert [type(result) for result in rejected] == [PicturePoolUnavailable] * 3
    assert available == [True, False, True]
    assert not ink.blank


def test_jpeg_with_many_scans_is_rejected_before_decoding() -> None:
    async def ask() -> list[object]:
        pool = PicturePool()
        return await gather_outcomes(*[pool.ink(jpeg_with_scans(scans), HOSTILE) for scans in (3000, 100)])

    rejected, accepted = asyncio.run(ask())

    assert isinstance(rejected, PictureError)
    assert "more than 100 scans" in str(rejected)
    assert isinstance(accepted, PictureInk)


@pytest.mark.parametrize("from_threads", [False, True])
def test_hostile_pictures_do_not_delay_another_visitor(from_threads: bool) -> None:
    async def ask() -> tuple[PictureInk, list[bool]]:
        pool = PicturePool()

        async def ink(picture: bytes, client: str) -> PictureInk:
            if from_threads:  # as the pages do
                return await asyncio.to_thread(pool.ink_from_thread, picture, client)
            return await pool.ink(picture, client)

        async with pool.serving():
            attacks = [asyncio.create_task(ink(jpeg2000_in_small_tiles(), HOSTILE)) for _ in range(8)]
            while len(workers()) < pool.workers_per_client:
                await asyncio.sleep(0.02)
            read, done = await ink(PICTURE, VISITOR), [task.done() for task in attacks]
            for task in attacks:
                task.cancel()
        await gather_outcomes(*attacks)
        return read, done

    ink, done = asyncio.run(ask())

    assert not ink.blank
    assert done.count(False) >= 4


def test_slow_picture_and_its_worker_are_stopped_at_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> tuple[list[object], list[psutil.Process]]:
        pool = PicturePool()
        await pool.warm_up()
        monkeypatch.setattr(pictures, "DECODING_TIMEOUT_SECONDS", 0.2)
        return await gather_outcomes(pool.ink(jpeg2000_in_small_tiles(), HOSTILE)), workers()

    (result,), remaining_workers = asyncio.run(ask())

    assert isinstance(result, PictureError)
    assert "takes too long to read" in str(result)
    assert remaining_workers == []


def test_threads_use_the_servers_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> tuple[bool, list[psutil.Process], list[psutil.Process]]:
        pool = PicturePool()
        async with pool.serving():
            await pool.warm_up()
            before = workers()
            ink = await asyncio.to_thread(pool.ink_from_thread, PICTURE, VISITOR)
            return not ink.blank, before, workers()

    has_ink, before, after = asyncio.run(ask())

    assert has_ink
    assert before == after


def test_threads_without_a_server_use_their_own_pool() -> None:
    assert not PicturePool().ink_from_thread(PICTURE, VISITOR).blank
    with pytest.raises(PictureError, match="not a picture"):
        PicturePool().ink_from_thread(b"not a picture", VISITOR)
    assert not workers()
