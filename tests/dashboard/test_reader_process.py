"""The process that reads the API's pictures."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from PIL import Image, ImageDraw

from core.errors import PictureError
from core.runs.registry import ActivePredictor
from core.workspace import Workspace
from dashboard.api import build_api
from dashboard.picture_reader import answer_on
from dashboard.reader_process import ReaderProcess

pytestmark = pytest.mark.skipif((psutil.cpu_count() or 1) < 2, reason="one processor reads by itself")


def drawn_one(width: int) -> bytes:
    image, file = Image.new("L", (200, 200), "white"), io.BytesIO()
    ImageDraw.Draw(image).line([(100, 40), (100, 160)], fill="black", width=width)
    image.save(file, "PNG")
    return file.getvalue()


@asynccontextmanager
async def ready_process() -> AsyncIterator[ReaderProcess]:
    process = ReaderProcess()
    await until_ready(process)
    try:
        yield process
    finally:
        await process.stop()


async def until_ready(process: ReaderProcess) -> None:
    async with asyncio.timeout(60):
        while not process.ready:
            process.start()
            await asyncio.sleep(0.01)


def readers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "dashboard.picture_reader" in child.cmdline()]


def test_each_gets_the_answer_to_his_own_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_WORKSPACE", str(tmp_path))
    pictures = [drawn_one(width) for width in range(6, 16)]

    async def ask() -> list[object]:
        async with ready_process() as process:
            asked = [process.ask(picture) for picture in [*pictures[:5], b"no picture", *pictures[5:]]]
            return await asyncio.gather(*asked, return_exceptions=True)

    answers = asyncio.run(ask())

    assert isinstance(answers.pop(5), PictureError)
    predictor = ActivePredictor(Workspace(tmp_path))
    assert [answer[0] for answer in answers] == [answer_on(predictor, picture)[0] for picture in pictures]  # type: ignore[index]
    assert not readers()


def test_killed_process_costs_nobody_an_answer_and_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAZO_WORKSPACE", str(tmp_path))
    predictor = ActivePredictor(Workspace(tmp_path))

    async def ask() -> list[int]:
        async with ready_process() as process:
            api = build_api(lambda: predictor, processes=[process])
            async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://trazo") as client:
                asked = [asyncio.create_task(client.post("/predict", content=drawn_one(9))) for _ in range(20)]
                await asyncio.sleep(0)
                for reader in readers():
                    reader.kill()
                answers = await asyncio.gather(*asked)
            await until_ready(process)
            return [answer.status_code for answer in answers]

    assert asyncio.run(ask()) == [200] * 20
