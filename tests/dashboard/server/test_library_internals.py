"""The versions and private APIs of uvicorn, Streamlit and Gradio are those that `library_internals` expects."""

from __future__ import annotations

import asyncio
import inspect
import tomllib
from collections.abc import Callable
from dataclasses import fields
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
import streamlit as st
import streamlit.logger
import uvicorn
import uvicorn.config
from gradio.route_utils import GradioMultiPartParser
from starlette.types import Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils import script_requests
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext
from streamlit.runtime.secrets import Secrets
from streamlit.runtime.state import SafeSessionState
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from core.workspace import PROJECT
from dashboard.server import library_internals
from dashboard.server.library_internals import VERSIONS, keep_caches_from_visitors, keep_widget_values_on_page_changes

INSTRUCTIONS = "Read the new source of this library, then adapt dashboard/server/library_internals.py."


@pytest.mark.parametrize("library", VERSIONS)
def test_exact_version_is_pinned_and_installed(library: str) -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    pinned = f"{library}=={VERSIONS[library]}"

    assert version(library) == VERSIONS[library], INSTRUCTIONS
    assert pinned in project["dependencies"], INSTRUCTIONS
    for file in ("requirements.txt", "requirements-dev.txt"):
        assert pinned in (PROJECT / file).read_text().split(), file


def parameters(function: Callable[..., object]) -> list[str]:
    return list(inspect.signature(function).parameters)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (HttpToolsProtocol.connection_made, ["self", "transport"]),
        (HttpToolsProtocol.data_received, ["self", "data"]),
        (HttpToolsProtocol.on_headers_complete, ["self"]),
        (HttpToolsProtocol.on_body, ["self", "body"]),
        (HttpToolsProtocol.on_message_complete, ["self"]),
        (HttpToolsProtocol.on_response_complete, ["self"]),
        (HttpToolsProtocol.handle_websocket_upgrade, ["self"]),
        (HttpToolsProtocol.connection_lost, ["self", "exc"]),
        (HttpToolsProtocol.shutdown, ["self"]),
        (WebSocketsSansIOProtocol.handle_events, ["self"]),
        (WebSocketsSansIOProtocol.handle_ping, ["self"]),
        (WebSocketsSansIOProtocol.shutdown, ["self"]),
        (uvicorn.Server.startup, ["self", "sockets"]),
        (streamlit.logger.update_formatter, []),
        (script_requests._coalesce_widget_states, ["old_states", "new_states"]),
        (ScriptRequests._request_rerun_locked, ["self", "new_data"]),
        (AppSession.request_rerun, ["self", "client_state"]),
        (AppSession.has_fragment, ["self", "fragment_id"]),
        (AppSession._handle_clear_cache_request, ["self"]),
        (Secrets._parse_file_path, ["self", "path"]),
        (ScriptRunner._run_script, ["self", "rerun_data"]),
        (ScriptRunner._maybe_handle_execution_control_request, ["self"]),
        (SafeSessionState.__init__, ["self", "state", "yield_callback"]),
        (gr.Sketchpad.accept_blobs, ["self", "data"]),
        (gr.Sketchpad.preprocess, ["self", "payload"]),
        (gr.Sketchpad.async_move_resource_to_block_cache, ["self", "url_or_file_path"]),
    ],
    ids=lambda value: getattr(value, "__qualname__", ""),
)
def test_replaced_method_has_the_same_parameters(method: Callable[..., object], expected: list[str]) -> None:
    assert parameters(method) == expected, INSTRUCTIONS


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that is never called."""


def test_server_and_connections_have_expected_attributes() -> None:
    async def attributes() -> list[set[str]]:
        config = uvicorn.Config(app)
        config.load()
        connections = [
            protocol(config, ServerState(), {}) for protocol in (HttpToolsProtocol, WebSocketsSansIOProtocol)
        ]
        return [vars(each).keys() for each in (config, *connections)]

    server, http, websocket = asyncio.run(attributes())

    assert {"http_protocol_class", "ws_protocol_class", "ws_max_size", "ws_per_message_deflate"} <= server, INSTRUCTIONS
    assert {"cycle", "connections", "loop", "transport"} <= http, INSTRUCTIONS
    assert {"conn", "frames", "queue", "transport", "writable"} <= websocket, INSTRUCTIONS


def test_loggers_and_uploads_have_expected_attributes() -> None:
    assert "uvicorn" in uvicorn.config.LOGGING_CONFIG["loggers"], INSTRUCTIONS
    assert parameters(streamlit.logger.setup_formatter) == ["logger"], INSTRUCTIONS
    assert MemoryUploadedFileManager("/upload").file_storage == {}, INSTRUCTIONS
    assert parameters(MemoryUploadedFileManager.remove_file) == ["self", "session_id", "file_id"], INSTRUCTIONS
    assert {"uploaded_file_mgr", "session_id"} <= {field.name for field in fields(ScriptRunContext)}, INSTRUCTIONS
    record = UploadedFileRec("id", "name", "type", b"data")
    assert UploadedFile(record, FileURLs()).file_id == "id", INSTRUCTIONS


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> ScriptRequests:
    """The waiting requests of a session whose widget values survive page changes."""
    monkeypatch.setattr(script_requests, "_coalesce_widget_states", script_requests._coalesce_widget_states)
    monkeypatch.setattr(ScriptRequests, "_request_rerun_locked", ScriptRequests._request_rerun_locked)
    monkeypatch.setattr(AppSession, "request_rerun", AppSession.request_rerun)
    monkeypatch.setattr(ScriptRunner, "_run_script", ScriptRunner._run_script)
    monkeypatch.setattr(SafeSessionState, "on_script_will_rerun", SafeSessionState.on_script_will_rerun)
    keep_widget_values_on_page_changes()
    return ScriptRequests()


def test_later_request_from_the_old_page_keeps_the_page_change(requests: ScriptRequests) -> None:
    requests.request_rerun(RerunData(page_name="train", page_script_hash="new", query_string="a=1"))
    requests.request_rerun(RerunData(fragment_id="draw", page_script_hash="old"))

    merged = requests.on_scriptrunner_ready().rerun_data
    assert (merged.page_name, merged.page_script_hash, merged.query_string) == ("train", "new", "a=1")
    assert merged.fragment_id_queue == []


def test_second_page_change_replaces_the_first(requests: ScriptRequests) -> None:
    requests.request_rerun(RerunData(page_name="train", page_script_hash="first"))
    requests.request_rerun(RerunData(page_name="data", page_script_hash="second"))

    assert requests.on_scriptrunner_ready().rerun_data.page_name == "data"


def test_page_change_keeps_values_of_the_waiting_request(requests: ScriptRequests) -> None:
    stroke, brush = WidgetState(id="canvas", json_value="[]"), WidgetState(id="brush", int_value=1)
    requests.request_rerun(RerunData(fragment_id="draw", widget_states=WidgetStates(widgets=[stroke, brush])))

    thinner = WidgetState(id="brush", int_value=2)
    requests.request_rerun(RerunData(page_name="train", widget_states=WidgetStates(widgets=[thinner])))

    merged = requests.on_scriptrunner_ready().rerun_data
    assert merged.page_name == "train"
    assert merged.widget_states is not None
    assert sorted(merged.widget_states.widgets, key=lambda state: state.id) == [thinner, stroke]


@pytest.fixture
def send_late_request(monkeypatch: pytest.MonkeyPatch, requests: ScriptRequests) -> Callable[..., ClientState]:
    """Return a function that sends a late request from the page "old" and returns what Streamlit receives."""
    client_states: list[ClientState] = []
    monkeypatch.setattr(
        library_internals, "_request_session_rerun", lambda _session, request: client_states.append(request)
    )

    def send(current_page: str) -> ClientState:
        session: Any = SimpleNamespace(
            _pages_manager=SimpleNamespace(current_page_script_hash=current_page),
            _client_state=ClientState(query_string="run=1"),
            _scriptrunner=SimpleNamespace(_requests=requests),
            has_fragment=lambda _fragment: False,
        )
        AppSession.request_rerun(session, ClientState(fragment_id="draw", page_script_hash="old"))
        return client_states.pop()

    return send


def test_late_request_reruns_the_new_page(send_late_request: Callable[..., ClientState]) -> None:
    assert send_late_request("new") == ClientState(page_script_hash="new", query_string="run=1")


def test_late_request_reruns_the_page_that_is_waiting(
    requests: ScriptRequests, send_late_request: Callable[..., ClientState]
) -> None:
    requests.request_rerun(RerunData(page_script_hash="third", query_string="id=2"))

    assert send_late_request("new") == ClientState(page_script_hash="third", query_string="id=2")


def test_request_in_a_session_without_a_page_is_unchanged(send_late_request: Callable[..., ClientState]) -> None:
    assert send_late_request("") == ClientState(fragment_id="draw", page_script_hash="old")


def test_sessions_and_script_runners_have_expected_attributes() -> None:
    session = inspect.getsource(AppSession.__init__)
    assert all(f"self.{name}" in session for name in ("_client_state", "_pages_manager", "_scriptrunner:")), (
        INSTRUCTIONS
    )
    assert "self._execing" in inspect.getsource(ScriptRunner._maybe_handle_execution_control_request), INSTRUCTIONS
    assert "yield_callback=self._maybe_handle" in inspect.getsource(ScriptRunner.__init__), INSTRUCTIONS


def test_visitor_cannot_clear_the_caches_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    @st.cache_data
    def cached() -> list[int]:
        calls.append(1)
        return calls

    calls: list[int] = []
    monkeypatch.setattr(AppSession, "_handle_clear_cache_request", AppSession._handle_clear_cache_request)
    keep_caches_from_visitors()
    session: Any = SimpleNamespace(_session_state={})
    session._handle_clear_cache_request = lambda: AppSession._handle_clear_cache_request(session)
    cached()

    AppSession.handle_backmsg(session, BackMsg(clear_cache=True))

    cached()
    assert len(calls) == 1


def test_waiting_rerun_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not library_internals.rerun_is_waiting()

    requests = ScriptRequests()
    context = SimpleNamespace(script_requests=requests)
    monkeypatch.setattr(library_internals, "get_script_run_ctx", lambda **_: context)
    assert not library_internals.rerun_is_waiting()

    requests.request_rerun(RerunData())
    assert library_internals.rerun_is_waiting()


def test_gradio_has_expected_attributes() -> None:
    sketchpad, demo = gr.Sketchpad(), gr.Blocks()

    assert sketchpad.blob_storage == {}, INSTRUCTIONS
    assert sketchpad.accept_blobs._is_server_fn, INSTRUCTIONS
    create_file = "NamedTemporaryFile(delete=False, dir=self.upload_dir)"
    assert create_file in inspect.getsource(GradioMultiPartParser.on_headers_finished), INSTRUCTIONS
    assert {"sleep_when_free", "progress_update_sleep_when_free"} <= vars(demo._queue).keys(), INSTRUCTIONS
