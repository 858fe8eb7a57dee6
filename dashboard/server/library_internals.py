"""All code that uses private APIs of uvicorn and Gradio, and of Streamlit's loggers, uploads, caches, secrets and runs.

`pyproject.toml` pins the exact versions that this module was written for, and
`tests/dashboard/server/test_library_internals.py` fails if a version or a private name changes. After an upgrade, read
the library's new source, then adapt this module.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

import streamlit.logger
import uvicorn
import uvicorn.config
from streamlit import file_util, runtime
from streamlit.errors import StreamlitSecretNotFoundError
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils import script_requests
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests, ScriptRequestType
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx
from streamlit.runtime.secrets import Secrets
from streamlit.runtime.state import SafeSessionState
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

if TYPE_CHECKING:
    import gradio as gr
    from streamlit.runtime.uploaded_file_manager import UploadedFile

VERSIONS = {"uvicorn": "0.54.0", "streamlit": "1.67.0", "gradio": "6.31.0"}


class HttpConnection(HttpToolsProtocol):
    """uvicorn's HTTP connection, with events for a subclass to override and a few methods for it to call."""

    def opened(self) -> None:
        """Handle a new connection."""

    def bytes_arriving(self, count: int) -> None:
        """Handle received bytes before uvicorn parses them."""

    def bytes_parsed(self) -> None:
        """Handle the state of the connection after uvicorn has parsed the received bytes."""

    def part_complete(self) -> None:
        """Handle the end of a head, a body chunk or a request."""

    def upgraded(self) -> None:
        """Handle the upgrade to a WebSocket."""

    def response_complete(self) -> None:
        """Handle the end of a response if no further request is waiting."""

    def closed(self) -> None:
        """Handle the end of the connection."""

    def stopping(self) -> None:
        """Handle the request to end the connection, because the server stops."""

    @property
    def response_pending(self) -> bool:
        """True if the head of a request is complete and its response is not."""
        return self.cycle is not None and not self.cycle.response_complete  # type: ignore[redundant-expr]

    @property
    def open_connections(self) -> int:
        """The number of connections to this server, WebSockets included."""
        return len(self.connections)

    @property
    def unsent_bytes(self) -> int:
        """The number of buffered bytes that the client has not yet made room for."""
        return self.transport.get_write_buffer_size()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Call `callback` on the server's event loop after some seconds."""
        return self.loop.call_later(seconds, callback)

    def respond_and_close(self, response: bytes) -> None:
        """Send raw bytes and close the connection."""
        self.transport.write(response)
        self.transport.close()

    def abort(self) -> None:
        """Close the connection at once and discard buffered output."""
        self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.opened()

    def data_received(self, data: bytes) -> None:
        self.bytes_arriving(len(data))
        super().data_received(data)
        self.bytes_parsed()

    def on_headers_complete(self) -> None:
        self.part_complete()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self.part_complete()
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.part_complete()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self.upgraded()
        super().handle_websocket_upgrade()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.response_pending:
            self.response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        self.stopping()
        super().shutdown()


class WebSocketConnection(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, with two events for a subclass to override.

    uvicorn stops reading while a message waits for the app, so it holds at most two messages of `ws_max_size` bytes.
    It does not limit the number of frames in a message, and even empty frames take memory.
    """

    def frames_queued(self, count: int) -> None:
        """Handle the number of frames and messages that are waiting for the rest of a message or for the app."""

    def stopping(self) -> None:
        """Handle the request to end the connection, because the server stops."""

    def call_later(self, seconds: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Call `callback` on the server's event loop after some seconds."""
        return self.loop.call_later(seconds, callback)

    def abort(self) -> None:
        """Close the connection at once."""
        self.transport.abort()

    def handle_ping(self) -> None:
        """Send a pong unless the client has stopped reading, because unread pongs would fill the memory."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def shutdown(self) -> None:
        self.stopping()
        super().shutdown()

    def handle_events(self) -> None:
        super().handle_events()
        self.frames_queued(len(self.frames) + self.queue.qsize())


def prepare_servers(prepare: Callable[[uvicorn.Config], None]) -> None:
    """Call `prepare` with the configuration of every server in this process before the server starts to listen.

    Streamlit creates the server and has no setting for the protocol classes.
    """

    async def startup(server: uvicorn.Server, sockets: list[socket.socket] | None = None) -> None:
        prepare(server.config)
        await _uvicorn_startup(server, sockets)

    uvicorn.Server.startup = startup  # type: ignore[method-assign, assignment]


_uvicorn_startup = uvicorn.Server.startup


def set_protocols(config: uvicorn.Config, http: type[HttpConnection], websocket: type[WebSocketConnection]) -> None:
    """Replace the protocol classes of a server that has not started."""
    config.http_protocol_class = http
    config.ws_protocol_class = websocket


def replace_log_handlers(configure: Callable[[logging.Logger], None]) -> None:
    """Call `configure` for each of Streamlit's loggers instead of adding a handler; remove uvicorn's handlers."""
    uvicorn.config.LOGGING_CONFIG["loggers"]["uvicorn"] = {"level": "WARNING", "propagate": True}
    streamlit.logger.setup_formatter = configure  # type: ignore[assignment]
    streamlit.logger.update_formatter()


def keep_widget_values_on_page_changes() -> None:
    """Deliver every new value of a widget, even if the visitor leaves the page before the server has handled it.

    Streamlit would lose a stroke or an Undo in three ways. It merges waiting requests, and a page change lists only the
    widgets that all pages share; a page change interrupts a run before or within its callbacks; and with `fastReruns`,
    which .streamlit/config.toml switches off, a page change stops a run that has not started. A waiting page change
    would itself be lost to a later request from the old page. If such a request arrived while the new page was running,
    the browser would show an empty page; if it arrived after that, it would be lost.
    """
    script_requests._coalesce_widget_states = _merge_widget_states
    ScriptRequests._request_rerun_locked = _keep_page_change  # type: ignore[method-assign, assignment]
    AppSession.request_rerun = _accept_values_of_the_old_page  # type: ignore[method-assign, assignment]
    ScriptRunner._run_script = _stay_on_the_new_page  # type: ignore[method-assign, assignment]
    SafeSessionState.on_script_will_rerun = _run_callbacks_to_the_end  # type: ignore[method-assign, assignment]


_coalesce_widget_states = script_requests._coalesce_widget_states
_run_callbacks = SafeSessionState.on_script_will_rerun
_request_rerun = ScriptRequests._request_rerun_locked
_request_session_rerun = AppSession.request_rerun
_run_script = ScriptRunner._run_script


def _merge_widget_states(old_states: WidgetStates | None, new_states: WidgetStates | None) -> WidgetStates | None:
    merged = _coalesce_widget_states(old_states, new_states)
    if old_states and merged:
        present_ids = {state.id for state in merged.widgets}
        merged.widgets.extend(state for state in old_states.widgets if state.id not in present_ids)
    return merged


def _keep_page_change(requests: ScriptRequests, request: RerunData) -> bool:
    waiting = requests._rerun_data if requests._state == ScriptRequestType.RERUN else None
    accepted = _request_rerun(requests, request)
    if waiting and script_requests._is_full_app_rerun(waiting) and not script_requests._is_full_app_rerun(request):
        requests._rerun_data = replace(
            requests._rerun_data,
            page_script_hash=waiting.page_script_hash,
            page_name=waiting.page_name,
            query_string=waiting.query_string,
        )
    return accepted


def _accept_values_of_the_old_page(session: AppSession, request: ClientState | None) -> None:
    page = session._pages_manager.current_page_script_hash  # empty until a new session runs its first page
    is_late = request and page and request.page_script_hash != page and not request.is_auto_rerun
    if request and is_late and request.fragment_id and not session.has_fragment(request.fragment_id):
        late_request, request = request, ClientState()
        request.CopyFrom(late_request)
        request.fragment_id = ""
        request.page_script_hash, request.query_string = page, session._client_state.query_string
        requests = session._scriptrunner and session._scriptrunner._requests
        if requests and requests._state == ScriptRequestType.RERUN:  # the visitor may have gone to a third page
            waiting = requests._rerun_data
            request.page_script_hash, request.query_string = waiting.page_script_hash, waiting.query_string
    _request_session_rerun(session, request)


def _stay_on_the_new_page(runner: ScriptRunner, request: RerunData) -> None:
    context = get_script_run_ctx()
    if context and request.fragment_id_queue and request.page_script_hash != context.page_script_hash:
        request = replace(
            request,
            page_script_hash=context.page_script_hash,
            query_string=context.query_string,
            fragment_id_queue=[],
        )
    _run_script(runner, request)


def _run_callbacks_to_the_end(state: SafeSessionState, *arguments: Any, **options: Any) -> None:
    runner = state._yield_callback.__self__  # type: ignore[attr-defined]
    runner._execing = False  # the runner then handles no requests during the callbacks
    try:
        _run_callbacks(state, *arguments, **options)
    finally:
        runner._execing = True


def keep_caches_from_visitors() -> None:
    """Ignore requests from browsers to clear the caches, which all visitors share."""
    AppSession._handle_clear_cache_request = lambda _session: None  # type: ignore[method-assign, assignment]


def survive_unreadable_secrets() -> None:
    """Treat secrets that cannot be opened or decoded as a secrets.toml that cannot be parsed, so that pages can say so.

    Without this, Streamlit serves no page at all.
    """
    parse = Secrets._parse_file_path

    def parse_or_report(self: Secrets, path: str) -> tuple[Mapping[str, Any], bool]:
        try:
            return parse(self, path)
        except (OSError, UnicodeError) as error:
            raise StreamlitSecretNotFoundError("{path}: {error}", path=path, error=str(error)) from error

    Secrets._parse_file_path = parse_or_report  # type: ignore[method-assign]


def rerun_is_waiting() -> bool:
    """Return True if an action of the visitor is waiting for this script run to end."""
    context = get_script_run_ctx(suppress_warning=True)
    requests = context.script_requests if context else None
    return requests is not None and requests._state is not script_requests.ScriptRequestType.CONTINUE


def static_folder() -> Path:
    """Return the folder with the HTML and JavaScript of Streamlit's pages."""
    return Path(file_util.get_static_dir())


def uploaded_bytes() -> dict[str, int]:
    """Return the memory used by files uploaded to Streamlit's pages, in bytes, for each session that has any."""
    if not runtime.exists():
        return {}
    stored = getattr(runtime.get_instance().uploaded_file_mgr, "file_storage", {})
    sizes = {id_: sum(len(file.data) for file in list(files.values())) for id_, files in list(stored.items())}
    return {id_: size for id_, size in sizes.items() if size}


def discard_uploads(files: Iterable[UploadedFile]) -> None:
    """Free the memory of files uploaded to this page, which Streamlit keeps until the visitor leaves."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        for file in files:
            context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)


def set_queue_poll_interval(demo: gr.Blocks, seconds: float) -> None:
    """Set how often Gradio polls its empty queue; the default is a thousand times a second."""
    demo._queue.sleep_when_free = demo._queue.progress_update_sleep_when_free = seconds


def set_upload_prefix(prefix: str) -> None:
    """Set how the names of files start while they are being uploaded to Gradio."""
    from gradio import route_utils

    route_utils.NamedTemporaryFile = partial(NamedTemporaryFile, prefix=prefix)  # type: ignore[attr-defined, assignment]


def sketch_parts(sketchpad: gr.Sketchpad) -> dict[str, Any]:
    """Return the sketches that browsers have sent in parts but not submitted yet, by id."""
    return sketchpad.blob_storage


def replace_input(
    sketchpad: gr.Sketchpad,
    cache_file: Callable[..., Any],
    accept_part: Callable[[Any], None],
    preprocess: Callable[[Any], Any],
) -> Callable[[Any], None]:
    """Replace the three functions that process a sketchpad's input; return its original function for accepting a part.

    This patches the instance, because Gradio would write a file next to a subclass's source file.
    """
    original = sketchpad.accept_blobs
    accept_part._is_server_fn = True  # type: ignore[attr-defined]
    sketchpad.async_move_resource_to_block_cache = cache_file  # type: ignore[method-assign]
    sketchpad.accept_blobs = accept_part
    sketchpad.preprocess = preprocess  # type: ignore[method-assign, assignment]
    return original
