"""The processes that read the API's pictures: what happens to a picture, to one of them and to the others."""

from __future__ import annotations

import asyncio
import io
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from PIL import Image, ImageDraw

from core.errors import PictureError
from core.runs.active import ActivePredictor, promote
from core.runs.run import Run
from core.workspace import Workspace
from dashboard.api import reader_process
from dashboard.api.picture_reader import LENGTH, answer_on
from dashboard.api.reader_process import Readers
from dashboard.api.routes import build_api

# What reads pictures, but ends over some of them as a decoder with a fault would, and stumbles over others.
BRITTLE = """#!{python}
import os, signal
from core.ink import photo
from dashboard.api.picture_reader import main

read = photo.ink_from_picture

def brittle(picture):
    if picture == b"deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    if picture == b"endless":
        os.kill(os.getpid(), signal.SIGSTOP)
    if picture == b"strange":
        raise RuntimeError("nobody foresaw this")
    return read(picture)

photo.ink_from_picture = brittle
main()
"""


# What finds no model.
HOMELESS = """#!{python}
from pathlib import Path
from core import workspace
workspace.SHIPPED_BUNDLE = Path("/srv/secret/place")
from dashboard.api.picture_reader import main
main()
"""


# What never comes to an end over a picture.
SPINNING = """
from core.ink import photo
from dashboard.api import picture_reader

def spin(picture):
    while True:
        pass

photo.ink_from_picture = spin
picture_reader.LONGEST_SECONDS = 0.3
picture_reader.main()
"""


@pytest.fixture
def start_as(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets what reads pictures be this program."""

    def start(program: str) -> None:
        python = tmp_path / "python"
        python.write_text(program.format(python=sys.executable))
        python.chmod(0o755)
        monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
        monkeypatch.setattr(sys, "executable", str(python))

    return start


@pytest.fixture
def brittle(start_as: Callable[[str], None]) -> None:
    start_as(BRITTLE)


def drawn_one(width: int = 9) -> bytes:
    image, file = Image.new("L", (200, 200), "white"), io.BytesIO()
    ImageDraw.Draw(image).line([(100, 40), (100, 160)], fill="black", width=width)
    image.save(file, "PNG")
    return file.getvalue()


def never() -> ActivePredictor:
    raise AssertionError("the dashboard itself reads no picture")


@asynccontextmanager
async def connected(predictor: Callable[[], ActivePredictor] = never) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an API with readers, which it ends."""
    readers = Readers()
    transport = httpx.ASGITransport(build_api(predictor, lambda: True, readers))
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://trazo") as client:
            yield client
    finally:
        await readers.stop()


@asynccontextmanager
async def served() -> AsyncIterator[Callable[[bytes], Awaitable[httpx.Response]]]:
    """What sends a picture to an API whose readers are ready."""
    async with connected() as client:

        async def send(picture: bytes) -> httpx.Response:
            return await client.post("/predict", content=picture)

        assert (await send(drawn_one())).status_code == 200
        yield send


def running() -> list[psutil.Process]:
    alive = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in alive if "dashboard.api.picture_reader" in child.cmdline()]


def test_each_gets_the_answer_to_his_own_picture(workspace: Workspace) -> None:
    pictures = [drawn_one(width) for width in range(6, 16)]

    async def ask() -> list[object]:
        readers = Readers()
        asked = [readers.read(picture) for picture in [*pictures[:5], b"no picture", *pictures[5:]]]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        await readers.stop()
        return answers

    answers = asyncio.run(ask())

    assert isinstance(answers.pop(5), PictureError)
    predictor = ActivePredictor(workspace)
    assert [answer[0] for answer in answers] == [answer_on(predictor, picture)[0] for picture in pictures]  # type: ignore[index]
    assert not running()


def test_there_are_as_many_processes_as_pictures_at_once_up_to_the_processors(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_process, "_processors", lambda: 3)

    async def ask() -> list[int]:
        readers, counts = Readers(), []
        for pictures in (1, 2, 5, 1):
            await asyncio.gather(*[readers.read(drawn_one()) for _ in range(pictures)])
            counts.append(len(running()))
        await readers.stop()
        return counts

    assert asyncio.run(ask()) == [2, 2, 3, 3]


@pytest.mark.parametrize("way", ["kill", "suspend"])
def test_killed_or_hanging_processes_cost_nobody_an_answer(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    async def ask() -> list[int]:
        async with served() as send:
            monkeypatch.setattr(reader_process, "ANSWER_SECONDS", 5.0)
            for process in running():
                getattr(process, way)()
            return [answer.status_code for answer in await asyncio.gather(*[send(drawn_one()) for _ in range(20)])]

    assert asyncio.run(ask()) == [200] * 20


@pytest.mark.usefixtures("brittle")
@pytest.mark.parametrize("deed", [b"deadly", b"endless"])
def test_picture_that_ends_its_readers_is_refused_and_takes_nobody_along(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, deed: bytes
) -> None:
    async def ask() -> list[httpx.Response]:
        async with served() as send:
            monkeypatch.setattr(reader_process, "ANSWER_SECONDS", 2.0)
            return await asyncio.gather(*[send(picture) for picture in [deed, *[drawn_one()] * 10]])

    refused, *others = asyncio.run(ask())

    assert refused.status_code == 422
    assert refused.json()["error"].endswith(".")
    assert [answer.status_code for answer in others] == [200] * 10


@pytest.mark.usefixtures("brittle")
def test_fault_that_nobody_foresaw_is_an_answer_and_stands_in_the_log(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    async def ask() -> httpx.Response:
        async with served() as send:
            before = running()
            answer = await send(b"strange")
            assert running() == before
            return answer

    answer = asyncio.run(ask())

    assert (answer.status_code, answer.json()["verdict"]) == (500, "error")
    assert "nobody foresaw" not in answer.text
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "nobody foresaw this" in caplog.records[0].fault  # type: ignore[attr-defined]


def test_answers_come_from_the_old_model_or_the_new_while_models_are_promoted(run: Run, workspace: Workspace) -> None:
    predictor, expected = ActivePredictor(workspace), {}
    for model in (None, run):
        promote(workspace, model)
        answer = answer_on(predictor, drawn_one())[0]
        expected[answer["model"]] = answer

    async def ask() -> list[httpx.Response]:
        async with served() as send:
            promoting = asyncio.create_task(asyncio.to_thread(promote_back_and_forth))
            answers = []
            while not promoting.done():
                answers += await asyncio.gather(*[send(drawn_one()) for _ in range(8)])
            await promoting
            return answers

    def promote_back_and_forth() -> None:
        for number in range(50):
            promote(workspace, run if number % 2 else None)

    answers = asyncio.run(ask())

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["model"] for answer in answers} == {"shipped", run.id}
    assert all(answer.json() == expected[answer.json()["model"]] for answer in answers)


def test_pictures_that_no_process_gets_to_are_sent_away(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, start_as: Callable[[str], None]
) -> None:
    start_as("#!/bin/sh\nexec sleep 600\n")
    monkeypatch.setattr(reader_process, "PATIENCE_SECONDS", 0.1)

    async def ask() -> httpx.Response:
        async with connected() as client:
            return await client.post("/predict", content=drawn_one())

    answer = asyncio.run(ask())

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "Too many pictures" in answer.json()["error"]


def test_pictures_whose_askers_were_sent_away_do_not_stand_before_those_of_others(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask() -> tuple[list[object], int, int]:
        readers = Readers()
        await readers.read(drawn_one())
        for process in running():
            process.suspend()
        with monkeypatch.context() as patch:
            patch.setattr(reader_process, "_ROOM_SECONDS", 0.2)
            patch.setattr(reader_process, "PATIENCE_SECONDS", 0.4)
            sent_away = [
                outcome
                for _ in range(3)
                for outcome in await asyncio.gather(
                    *[readers.read(drawn_one()) for _ in range(20)], return_exceptions=True
                )
            ]
        given = sum(reader.waiting for reader in readers._readers)
        for process in running():
            process.resume()
        await readers.read(drawn_one())
        await asyncio.gather(*[readers.read(drawn_one()) for _ in range(20)])
        left = sum(reader.waiting for reader in readers._readers)
        await readers.stop()
        return sent_away, given, left

    sent_away, given, left = asyncio.run(ask())

    assert {type(outcome) for outcome in sent_away} == {TimeoutError}
    assert given == reader_process.AHEAD * Readers().most
    assert left == 0


@contextmanager
def no_file_can_be_opened() -> Iterator[None]:
    """As where so many connections are open as the system allows this process files."""
    lowest_free = os.dup(0)
    os.close(lowest_free)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def readers_end_at_once() -> Iterator[None]:
    """As where an import fails."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "executable", "/bin/false")
        yield


@pytest.mark.parametrize("fault", [no_file_can_be_opened, readers_end_at_once])
def test_where_no_reader_starts_both_pictures_and_health_hear_of_it_at_once_until_one_does(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, fault: Callable[[], AbstractContextManager[None]]
) -> None:
    monkeypatch.setattr(reader_process, "_PAUSE_SECONDS", 0.1)
    predictor = ActivePredictor(workspace)
    predictor.current()

    async def ask() -> tuple[list[httpx.Response], httpx.Response]:
        async with connected(lambda: predictor) as client:
            assert (await client.get("/health")).json()["ready"] is True
            with fault():
                answers = [await client.post("/predict", content=drawn_one()) for _ in range(3)]
                answers.append(await client.get("/health"))
            async with asyncio.timeout(60):
                while (await client.get("/health")).status_code != 200:
                    await asyncio.sleep(0.05)
            return answers, await client.post("/predict", content=drawn_one())

    began = time.monotonic()
    (*refused, health), read = asyncio.run(ask())

    assert time.monotonic() - began < reader_process.PATIENCE_SECONDS
    assert {answer.status_code for answer in refused} == {503}
    assert {answer.json()["error"] for answer in (*refused, health)} == {
        "Nothing here can read pictures at the moment, and the dashboard's log says why; the pages go on."
    }
    assert (health.status_code, health.json()["alive"], health.json()["ready"]) == (503, True, False)
    assert read.status_code == 200


def test_process_that_hangs_over_a_picture_ends_without_a_dashboard_that_ends_it(workspace: Workspace) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SPINNING], input=LENGTH.pack(1) + b"x", stdout=subprocess.PIPE, timeout=60, check=False
    )

    assert ended.returncode == -signal.SIGALRM


def test_missing_model_is_said_without_naming_folders(workspace: Workspace, start_as: Callable[[str], None]) -> None:
    start_as(HOMELESS)

    async def ask() -> httpx.Response:
        async with connected() as client:
            return await client.post("/predict", content=drawn_one())

    answer = asyncio.run(ask())

    assert answer.status_code == 503
    assert "No model can be loaded" in answer.json()["error"]
    assert "secret" not in answer.text
