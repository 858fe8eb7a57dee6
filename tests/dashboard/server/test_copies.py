"""Two copies of the dashboard on one workspace: each sees the other's changes, and takes over if the other fails."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import AsyncExitStack, nullcontext
from pathlib import Path

import httpx
import pytest
import yaml
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed

from benchmarks.classroom import StudentPage
from benchmarks.page_session import PageSession
from core.launcher import control
from core.personal.classroom import student_token, teacher_key
from core.personal.exam import EXAM_DIGITS, newest_exam
from core.personal.hand import list_hands
from core.runs.active import promote
from core.runs.registry import create_run
from core.runs.run import Run
from core.workspace import PROJECT
from dashboard.server.teacher import TEACHER_COOKIE
from tests.support.copies import COOKIE, Copies, running_copies
from tests.support.nginx import find_nginx
from tests.support.requirements import skip_or_fail
from tests.support.tiny_training import tiny_config
from tests.support.waiting import PATIENCE_SECONDS, wait_until
from tests.support.workers import end_all, kill_worker

pytestmark = pytest.mark.extended

PAGES = 100
PREDICTIONS_PER_MINUTE = 60

IDLE_WORKER = """
import os, signal, sys
if "core.training.worker" in sys.orig_argv:
    with open(os.environ["STARTED_WORKERS"], "a") as file:
        file.write(os.path.basename(sys.orig_argv[-2]) + "\\n")
    signal.pause()
"""
"""Python imports it at startup: a worker then records its run and trains nothing."""


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copies]:
    """Two copies in classroom mode; their workers train nothing."""
    nginx = find_nginx()
    if nginx is None:
        skip_or_fail("nginx is not installed; install it with `apt-get install nginx`.")
    folder = tmp_path_factory.mktemp("copies")
    (folder / "sitecustomize.py").write_text(IDLE_WORKER)
    environment = {
        "PYTHONPATH": str(folder),
        "STARTED_WORKERS": str(folder / "started.txt"),
        "TRAZO_CLASSROOM": "1",
        "TRAZO_PAGES_PER_CLIENT": str(2 * PAGES),
        "TRAZO_PREDICTIONS_PER_MINUTE": str(PREDICTIONS_PER_MINUTE),
    }
    with running_copies(folder, nginx, **environment) as copies:
        yield copies
        end_all(copies.workspace)


@pytest.fixture
def second_run(trained: Run, copies: Copies) -> Iterator[Run]:
    """A finished run in the workspace that both copies share."""
    run = Run(Path(shutil.copytree(trained.folder, copies.workspace.runs / trained.id)))
    yield run
    shutil.rmtree(run.folder, ignore_errors=True)
    copies.workspace.active_file.unlink(missing_ok=True)


class Visitor(PageSession):
    """A page opened through nginx."""

    def __init__(self, copies: Copies, cookies: dict[str, str], name: str = "glossary", query: str = "") -> None:
        super().__init__(copies.nginx.port, name, query, timeout=PATIENCE_SECONDS, cookies=cookies)
        self.buttons: dict[str, str] = {}

    @property
    def new_copy(self) -> str | None:
        """The number of the copy that the browser is told to return to, if it is not the one in the cookie."""
        assert self._socket.response is not None
        cookie: str = self._socket.response.headers.get("Set-Cookie", "")
        return cookie.removeprefix(f"{COOKIE}=")[:1] or None

    def on_element(self, message: ForwardMsg) -> None:
        """Remember the buttons of the page."""
        element = message.delta.new_element
        if element.WhichOneof("type") == "button":
            self.buttons[element.button.label] = element.button.id

    async def press(self, label: str) -> None:
        """Press a button."""
        message = BackMsg()
        message.rerun_script.widget_states.widgets.add(id=self.buttons[label], trigger_value=True)
        await self.send(message)

    async def redraw(self) -> None:
        """Rerun the page's script."""
        await self.send(BackMsg())


def count_open_pages(copies: Copies, number: int) -> int:
    """Return the number of pages that are open on a copy."""
    metrics = httpx.get(f"{copies.dashboards[number - 1].url}/api/metrics", timeout=300).text
    return int(float(metrics.partition("\ntrazo_sessions ")[2].partition("\n")[0]))


def upload(copies: Copies, page: Visitor, cookies: dict[str, str]) -> int:
    """Upload a file to a page through nginx; return the status."""
    with httpx.Client(base_url=copies.nginx.url, cookies=cookies, timeout=300) as client:
        client.get("/_stcore/health")
        token = client.cookies["_streamlit_xsrf"]
        path = f"/_stcore/upload_file/{page.session_id}/file"
        return client.put(path, files={"file": ("a.png", b"a")}, headers={"X-Xsrftoken": token}).status_code


def test_upload_reaches_the_copy_of_its_page(copies: Copies) -> None:
    async def statuses() -> list[int]:
        found = []
        for own, other in (("1", "2"), ("2", "1")):
            async with Visitor(copies, {COOKIE: own}) as page:
                found += [await asyncio.to_thread(upload, copies, page, {COOKIE: each}) for each in (own, other)]
        return found

    assert asyncio.run(statuses()) == [204, 400, 204, 400]


def test_programs_without_cookies_stay_on_one_copy(copies: Copies) -> None:
    responses = [httpx.get(f"{copies.nginx.url}/api/health", timeout=300) for _ in range(10)]

    assert len({response.cookies[COOKIE] for response in responses}) == 1


def test_promotion_on_one_copy_reaches_the_other_at_once(copies: Copies, second_run: Run) -> None:
    teacher = {COOKIE: "1", TEACHER_COOKIE: teacher_key(copies.workspace)}

    async def press() -> None:
        async with Visitor(copies, teacher, "run", f"id={second_run.id}") as page:
            await page.press("Promote")

    first, second = (f"{dashboard.url}/api/health" for dashboard in copies.dashboards)
    before = httpx.get(second, timeout=300).json()["model"]
    asyncio.run(press())

    assert (before, httpx.get(second, timeout=300).json()["model"]) == ("shipped", second_run.id)
    control.delete(copies.workspace, second_run)
    assert {httpx.get(url, timeout=300).json()["model"] for url in (first, second)} == {"shipped"}


def test_each_copy_counts_a_clients_predictions(copies: Copies) -> None:
    def statuses(number: str) -> Iterator[int]:
        with httpx.Client(base_url=copies.nginx.url, cookies={COOKIE: number}, timeout=300) as client:
            for _ in range(10 * PREDICTIONS_PER_MINUTE):
                yield client.post("/api/predict").status_code  # 400, because the body is empty

    accepted_count = next(count for count, status in enumerate(statuses("1")) if status == 429)

    assert accepted_count >= PREDICTIONS_PER_MINUTE
    assert next(statuses("2")) == 400


def test_killed_copy_loses_nothing(copies: Copies, second_run: Run) -> None:
    workspace = copies.workspace
    promote(workspace, second_run)
    first, second = [create_run(workspace, tiny_config()) for _ in range(2)]
    wait_until(lambda: first.status().state == "running", what="the start of the first run")

    asyncio.run(_outage(copies))

    (hand,) = list_hands(workspace)
    exam = newest_exam(hand)
    assert exam is not None
    assert len(exam.written) == 3
    assert httpx.get(f"{copies.nginx.url}/api/health", timeout=300).json()["model"] == second_run.id
    kill_worker(first)
    wait_until(lambda: second.status().state == "running", what="the start of the second run")
    copies.dashboards[0].start()
    assert asyncio.run(_upload_after_the_outage(copies)) == 204
    assert (workspace.root.parent / "started.txt").read_text().split() == [first.id, second.id]


async def _outage(copies: Copies) -> None:
    """Open many pages, kill the first copy while a student writes an exam on it, and check that all pages continue."""
    cookies = [copies.new_visitor() for _ in range(PAGES)]
    async with AsyncExitStack() as stack:

        async def open_page(cookies: dict[str, str]) -> Visitor:
            return await stack.enter_async_context(Visitor(copies, cookies))

        async def student_page(query: str = "") -> StudentPage:
            page = StudentPage(copies.nginx.port, query, PATIENCE_SECONDS, {COOKIE: "1"})
            return await stack.enter_async_context(page)

        pages = await asyncio.gather(*map(open_page, cookies))
        numbers = [each[COOKIE] for each in cookies]
        assert set(numbers) == {"1", "2"}
        for number in (1, 2):
            assert count_open_pages(copies, number) == numbers.count(str(number))
        student = await student_page()
        await student.join("Ana")
        await student.start_exam()
        for seed in range(2):
            await student.write(seed)

        copies.kill(1)

        for page, number in zip(pages, numbers, strict=True):
            with pytest.raises(ConnectionClosed) if number == "1" else nullcontext():
                await page.redraw()
        reopened = await asyncio.gather(*(open_page(each) for each in cookies if each[COOKIE] == "1"))
        assert {page.new_copy for page in reopened} == {"2"}
        (hand,) = list_hands(copies.workspace)
        student = await student_page(f"me={student_token(copies.workspace, hand)}")
        assert student.left == EXAM_DIGITS - 2
        await student.write(2)


async def _upload_after_the_outage(copies: Copies) -> int:
    """Upload a file from a browser that moved to the second copy during the outage; return the status."""
    cookies = {COOKIE: "2"}
    async with Visitor(copies, cookies) as page:
        assert page.new_copy is None
        return await asyncio.to_thread(upload, copies, page, cookies)


def test_nginx_forwards_to_the_copies_in_the_compose_file() -> None:
    compose = yaml.safe_load((PROJECT / "compose.replicas.yaml").read_text())
    services, site = compose["services"], (PROJECT / "deploy" / "nginx.conf").read_text()
    addresses = {name: service["networks"]["trazo"]["ipv4_address"] for name, service in services.items()}
    environments = {name: services[name]["environment"] for name in ("trazo-1", "trazo-2")}

    for number, (name, environment) in enumerate(environments.items(), 1):
        assert f"server {name}:{environment['PORT']} max_fails" in site
        assert f"~:{environment['PORT']}$     {number};" in site
        assert f"{name}:{addresses[name]}" in services["nginx"]["extra_hosts"]
        assert environment["FORWARDED_ALLOW_IPS"] == addresses["nginx"]
    assert len(set(addresses.values())) == 3
