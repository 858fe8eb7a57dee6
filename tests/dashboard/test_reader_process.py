"""The processes that read the API's pictures: what happens to a picture, to one of them and to the others."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from PIL import Image, ImageDraw

from core.errors import PictureError
from core.runs.registry import ActivePredictor, promote
from core.runs.run import Run
from core.workspace import Workspace
from dashboard import reader_process
from dashboard.api import build_api
from dashboard.picture_reader import answer_on
from dashboard.reader_process import Readers

# What reads pictures, but ends over some of them as a decoder with a fault would, and stumbles over others.
BRITTLE = """#!{python}
import os, signal
from core.data import pictures
from dashboard.picture_reader import main

read = pictures.ink_from_picture

def brittle(picture):
    if picture == b"deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    if picture == b"endless":
        os.kill(os.getpid(), signal.SIGSTOP)
    if picture == b"strange":
        raise RuntimeError("nobody foresaw this")
    return read(picture)

pictures.ink_from_picture = brittle
main()
"""


@pytest.fixture
def brittle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "python"
    python.write_text(BRITTLE.format(python=sys.executable))
    python.chmod(0o755)
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    monkeypatch.setattr(sys, "executable", str(python))


def drawn_one(width: int = 9) -> bytes:
    image, file = Image.new("L", (200, 200), "white"), io.BytesIO()
    ImageDraw.Draw(image).line([(100, 40), (100, 160)], fill="black", width=width)
    image.save(file, "PNG")
    return file.getvalue()


def never() -> ActivePredictor:
    raise AssertionError("the dashboard itself reads no picture")


@asynccontextmanager
async def served() -> AsyncIterator[Callable[[bytes], Awaitable[httpx.Response]]]:
    """What sends a picture to an API with readers, which are ready; ends them."""
    readers = Readers()
    transport = httpx.ASGITransport(build_api(never, readers=readers))
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://trazo") as client:

            async def send(picture: bytes) -> httpx.Response:
                return await client.post("/predict", content=picture)

            assert (await send(drawn_one())).status_code == 200
            yield send
    finally:
        await readers.stop()


def running() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "dashboard.picture_reader" in child.cmdline()]


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


@pytest.mark.parametrize("way", ["kill", "suspend"])
def test_killed_or_hanging_processes_cost_nobody_an_answer(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    async def ask() -> list[int]:
        async with served() as send:
            monkeypatch.setattr(reader_process, "ANSWER_SECONDS", 2.0)
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

    assert answer.status_code == 422
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


def test_pictures_that_no_process_gets_to_are_sent_away(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setattr(reader_process, "PATIENCE_SECONDS", 0.1)

    async def ask() -> httpx.Response:
        readers = Readers()
        transport = httpx.ASGITransport(build_api(never, readers=readers))
        async with httpx.AsyncClient(transport=transport, base_url="http://trazo") as client:
            answer = await client.post("/predict", content=drawn_one())
        await readers.stop()
        return answer

    answer = asyncio.run(ask())

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
