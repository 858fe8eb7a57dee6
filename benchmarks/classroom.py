"""A class of simulated students who join and take the exam at the same time, while the teacher's page is open."""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import WebSocketException

from benchmarks.page_session import PageError, PageSession
from benchmarks.report import Figure
from core.personal.classroom import teacher_key
from core.personal.exam import EXAM_DIGITS, list_exams
from core.personal.hand import list_hands
from core.workspace import Workspace
from dashboard.server.teacher import TEACHER_COOKIE
from tests.support.dashboard_process import DashboardProcess
from tests.support.written_digits import write

STUDENTS = 30
SECONDS_PER_DIGIT = (1.5, 2.5)
"""Time from one digit to the next; an exam of 50 then takes 100 seconds, which is fast for a person."""
JOINING_SECONDS = 10.0
"""Time within which all students join."""
POLL_SECONDS = 3.0
"""Time between two requests of the teacher's page, as in dashboard/hands/class_results.py."""
TIMEOUT = 10.0
"""Seconds until a missing response counts as an error."""
SEED = 1

_PAD = "trazo_writing_pad"
"""Name of the component on which students write."""


class StudentPage(PageSession):
    """A student's phone: `await page.join("Ana")`, `await page.start_exam()`, `await page.write(seed)`."""

    def __init__(
        self, port: int, query: str = "", timeout: float = TIMEOUT, cookies: Mapping[str, str] | None = None
    ) -> None:
        """`query`: the URL's parameters, such as the student's token. PageSession explains the other arguments."""
        super().__init__(port, "hand" if query else "", query, timeout, cookies)
        self._widgets: dict[str, str] = {}
        self._pad: dict[str, Any] = {}
        self._pad_id = self._fragment = ""

    @property
    def left(self) -> int:
        """Number of digits left to write, or 0 when there is no pad."""
        return len(self._pad["prompts"]) - self._pad["done"] if self._pad else 0

    async def join(self, nickname: str) -> float:
        """Send the form with the nickname; return the seconds until the Your hand page. Raises PageError."""
        return await self._press("Join", Nickname=nickname)

    async def start_exam(self) -> None:
        """Press the button that starts the exam. Raises PageError."""
        await self._press("Start the exam")

    async def write(self, seed: int) -> float:
        """Write the next digit; return the seconds until the page has stored it. Raises PageError."""
        done = self._pad["done"]
        strokes = [stroke.points for stroke in write(self._pad["prompts"][done], seed).strokes]
        action = {"kind": "written", "position": done, "strokes": strokes, "sequence": self._pad["handled"] + 1}
        seconds = await self.change(self._pad_id, self._fragment, json_value=json.dumps({"actions": [action]}))
        if self._pad["done"] != done + 1 and done + 1 < EXAM_DIGITS:
            raise PageError("The page has not stored the digit.")
        return seconds

    async def _press(self, button: str, **texts: str) -> float:
        if button not in self._widgets:
            raise PageError(f"The page has no button {button!r}.")
        message = BackMsg()
        for label, text in texts.items():
            message.rerun_script.widget_states.widgets.add(id=self._widgets[label], string_value=text)
        message.rerun_script.widget_states.widgets.add(id=self._widgets[button], trigger_value=True)
        return await self.send(message)

    def on_element(self, message: ForwardMsg) -> None:
        """Remember the ids of buttons and text boxes, and the state of the pad."""
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind in ("button", "text_input"):
            widget = getattr(element, kind)
            self._widgets[widget.label] = widget.id
        elif kind == "bidi_component" and element.bidi_component.component_name == _PAD:
            self._pad = json.loads(element.bidi_component.json)
            self._pad_id, self._fragment = element.bidi_component.id, message.delta.fragment_id


class TeacherPage(PageSession):
    """The teacher's page, which asks for its results every few seconds."""

    def __init__(self, port: int, key: str) -> None:
        super().__init__(port, "classroom", timeout=TIMEOUT, cookies={TEACHER_COOKIE: key})
        self._fragment = ""

    async def poll(self) -> float:
        """Ask for the results once; return the seconds until they arrive. Raises PageError."""
        if not self._fragment:
            raise PageError("The Class page shows no results.")
        message = BackMsg()
        message.rerun_script.fragment_id = self._fragment
        return await self.send(message)

    def on_element(self, message: ForwardMsg) -> None:
        """Remember the fragment with the results."""
        if message.delta.new_element.WhichOneof("type") == "metric":
            self._fragment = message.delta.fragment_id


@dataclass
class _Tally:
    """Latencies in seconds for each kind of response, and the errors."""

    joins: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    polls: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def classroom() -> list[Figure]:
    """Have STUDENTS students join and take an exam at the same time, each in their own Streamlit session."""
    with tempfile.TemporaryDirectory() as folder:
        dashboard = DashboardProcess(Path(folder), TRAZO_CLASSROOM="1")
        workspace = Workspace(dashboard.workspace)
        try:
            tally = asyncio.run(_hold_exam(dashboard.port, teacher_key(workspace)))
        finally:
            dashboard.stop()
        stored = sum(len(exam.written) for hand in list_hands(workspace) for exam in list_exams(hand))
    for error in sorted(set(tally.errors)):
        print(f"  {tally.errors.count(error)} times {error}")
    return [
        Figure("Students writing at the same time", STUDENTS, ""),
        Figure(f"Errors, including timeouts after {TIMEOUT:g} s", len(tally.errors), ""),
        Figure("Digits written", len(tally.answers), ""),
        Figure("Digits stored", stored, ""),
        *_latencies("Response to a digit", tally.answers),
        *_latencies("Joining, until the Your hand page is shown", tally.joins),
        *_latencies(f"Results on the teacher's page, every {POLL_SECONDS:g} s", tally.polls),
    ]


async def _hold_exam(port: int, key: str) -> _Tally:
    tally = _Tally()
    async with TeacherPage(port, key) as teacher:
        watching = asyncio.create_task(_watch(teacher, tally))
        await asyncio.gather(*(_take_exam(port, number, tally) for number in range(STUDENTS)))
        watching.cancel()
    return tally


async def _watch(teacher: TeacherPage, tally: _Tally) -> None:
    while True:
        try:
            tally.polls.append(await teacher.poll())
        except (OSError, TimeoutError, PageError, WebSocketException) as error:
            tally.errors.append(f"teacher: {type(error).__name__}: {error}")
        await asyncio.sleep(POLL_SECONDS)


async def _take_exam(port: int, number: int, tally: _Tally) -> None:
    generator = random.Random(SEED * 1000 + number)
    await asyncio.sleep(generator.uniform(0, JOINING_SECONDS))
    try:
        async with StudentPage(port) as page:
            tally.joins.append(await page.join(f"Student {number}"))
            await page.start_exam()
            for index in range(EXAM_DIGITS):
                await asyncio.sleep(generator.uniform(*SECONDS_PER_DIGIT))
                tally.answers.append(await page.write(1000 * number + index))
    except (OSError, TimeoutError, PageError, WebSocketException) as error:
        tally.errors.append(f"student: {type(error).__name__}: {error}")


def _latencies(name: str, seconds: Sequence[float]) -> list[Figure]:
    if not seconds:
        return []
    return [
        Figure(f"{name}: {title}", 1000 * float(np.percentile(seconds, percentile)), "ms")
        for title, percentile in (("median", 50), ("95th percentile", 95), ("slowest", 100))
    ]
