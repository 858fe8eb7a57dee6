"""The log is one line of JSON per event, whatever its source."""

from __future__ import annotations

import io
import json
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from PIL import Image, TiffImagePlugin
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from core.workspace import PROJECT
from tests.support.dashboard_process import DashboardProcess
from tests.support.waiting import wait_until

LOGGING_PROGRAM = """
import logging
from dashboard.server import logs
logs.start()
from streamlit.logger import get_logger
get_logger("streamlit.something").warning("from Streamlit")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("dashboard.app").exception("broken")
logging.getLogger("dashboard.server.gate").info("refused", extra={"reason": "rate"})
logging.getLogger("dashboard.server.gate").debug("below the level")
raise RuntimeError("the end")
"""


def test_every_logger_writes_lines_of_json() -> None:
    process = subprocess.run([sys.executable, "-c", LOGGING_PROGRAM], cwd=PROJECT, capture_output=True, text=True)

    lines = [json.loads(line) for line in process.stderr.splitlines()]
    assert [(line["level"], line["logger"], line["event"]) for line in lines] == [
        ("WARNING", "streamlit.something", "from Streamlit"),
        ("ERROR", "dashboard.app", "broken"),
        ("INFO", "dashboard.server.gate", "refused"),
        ("CRITICAL", "uncaught", "Uncaught exception"),
    ]
    assert "ZeroDivisionError" in lines[1]["exc_info"]
    assert lines[2]["reason"] == "rate"
    assert "RuntimeError: the end" in lines[3]["exc_info"]
    assert all(line["time"].endswith("+00:00") for line in lines)


FAULTS = '''
"""Python imports this module at startup. SIGUSR1 then causes one event of each kind; after that, every page fails."""

import asyncio, os, signal, subprocess, sys, threading, traceback, warnings


class Unraisable:
    def __del__(self):
        raise ValueError("in a destructor")


async def fail():
    raise ValueError("in a task")


async def abandon_a_task():
    asyncio.create_task(fail())
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def fail_in_thread():
    raise ValueError("in a thread")


def fail_in_page():
    raise ValueError("in a page")


def cause_events(*_):
    warnings.warn("by a library")
    try:
        fail_in_thread()
    except ValueError:
        traceback.print_exc()
    Unraisable()
    os.write(2, b"INFO: by C code\\nE0000 00:00 by other C code\\n")
    print("printed", file=sys.stderr)
    subprocess.run([sys.executable, "-S", "-c", "import sys; sys.exit('by a child')"])
    for target in (fail_in_thread, lambda: asyncio.run(abandon_a_task())):
        thread = threading.Thread(target=target, name="a thread")
        thread.start()
        thread.join()
    import dashboard.session.sign_in
    dashboard.session.sign_in.account = fail_in_page


signal.signal(signal.SIGUSR1, cause_events)
'''


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DashboardProcess]:
    folder = tmp_path_factory.mktemp("dashboard")
    (folder / "sitecustomize.py").write_text(FAULTS)
    process = DashboardProcess(folder, PYTHONPATH=str(folder))
    urls = [f"{process.url}/api/health", f"{process.url}/gradio/"]
    wait_until(lambda: all(httpx.get(url, timeout=300).status_code == 200 for url in urls), what="Gradio")
    yield process
    process.stop()


def events(dashboard: DashboardProcess) -> list[dict[str, Any]]:
    """Parse the log; a line that is not JSON fails the test. The last line may still be incomplete."""
    lines = dashboard.log.read_text(encoding="utf-8").split("\n")[:-1]
    return [json.loads(line) for line in lines]


def has_event(dashboard: DashboardProcess, logger: str, level: str, text: str) -> bool:
    """Return True if one event of this logger and level contains the text, in its message or its traceback."""
    matching = [event for event in events(dashboard) if (event["logger"], event["level"]) == (logger, level)]
    return any(text in event["event"] + event.get("exc_info", "") for event in matching)


def tiff_with_bad_tag() -> bytes:
    """Return a TIFF with two values for its compression, which makes Pillow issue a warning."""
    file = io.BytesIO()
    Image.new("L", (50, 50), 255).save(file, "TIFF")
    tag, short = TiffImagePlugin.COMPRESSION, 3
    entry = struct.pack("<HHI", tag, short, 1)
    assert entry in file.getvalue()
    return file.getvalue().replace(entry, struct.pack("<HHI", tag, short, 2))


def send_faulty_requests(dashboard: DashboardProcess) -> None:
    api = f"{dashboard.url}/gradio/gradio_api"
    response = httpx.post(f"{api}/call/predict", json={"data": []}, timeout=300)
    httpx.get(f"{api}/call/predict/{response.json()['event_id']}", timeout=300)
    httpx.post(f"{dashboard.url}/api/predict", content=tiff_with_bad_tag(), timeout=300)


def open_page(dashboard: DashboardProcess) -> None:
    host, rerun = f"127.0.0.1:{dashboard.port}", BackMsg()
    rerun.rerun_script.query_string = ""
    with connect(
        f"ws://{host}/_stcore/stream", origin=Origin(f"http://{host}"), subprotocols=[Subprotocol("streamlit")]
    ) as page:
        page.send(rerun.SerializeToString())
        wait_until(lambda: has_event(dashboard, "streamlit.error_util", "ERROR", "in a page"), what="the page's error")


def test_every_event_of_the_dashboard_is_one_line_of_json(dashboard: DashboardProcess) -> None:
    send_faulty_requests(dashboard)
    dashboard.process.send_signal(signal.SIGUSR1)
    wait_until(lambda: has_event(dashboard, "asyncio", "ERROR", "in a task"), what="the signal's last event")
    open_page(dashboard)
    dashboard.stop()

    for logger, level, text in [
        ("stderr", "INFO", "INFO: Created TensorFlow Lite XNNPACK delegate"),
        ("uncaught", "ERROR", "didn't receive enough input values"),
        ("stderr", "WARNING", "tag 259 had too many entries: 2, expected 1\n  warnings.warn("),
        ("py.warnings", "WARNING", "UserWarning: by a library"),
        ("uncaught", "ERROR", "ValueError: in a thread"),
        ("uncaught", "ERROR", "ValueError: in a destructor"),
        ("stderr", "INFO", "INFO: by C code"),
        ("stderr", "WARNING", "E0000 00:00 by other C code"),
        ("stderr", "WARNING", "printed"),
        ("stderr", "WARNING", "by a child"),
    ]:
        assert has_event(dashboard, logger, level, text), (logger, level, text)
    assert dashboard.printed.read_text().startswith("Trazo is at ")
    assert dashboard.printed.read_text().count("\n") == 1
