"""The private APIs of uvicorn, Streamlit and Gradio still match the versions that `library_internals` expects."""

from __future__ import annotations

import asyncio
import inspect
import tomllib
from collections.abc import Callable
from importlib.metadata import version

import gradio as gr
import pytest
import streamlit.logger
import uvicorn
import uvicorn.config
from starlette.types import Receive, Scope, Send
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from core.workspace import PROJECT
from dashboard.server.library_internals import VERSIONS

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
        (WebSocketsSansIOProtocol.handle_events, ["self"]),
        (WebSocketsSansIOProtocol.handle_ping, ["self"]),
        (uvicorn.Server.startup, ["self", "sockets"]),
        (streamlit.logger.update_formatter, []),
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


def test_server_and_connections_have_the_private_attributes() -> None:
    async def attributes() -> list[set[str]]:
        config = uvicorn.Config(app)
        config.load()
        connections = [kind(config, ServerState(), {}) for kind in (HttpToolsProtocol, WebSocketsSansIOProtocol)]
        return [vars(each).keys() for each in (config, *connections)]

    server, http, websocket = asyncio.run(attributes())

    assert {"http_protocol_class", "ws_protocol_class", "ws_max_size", "ws_per_message_deflate"} <= server, INSTRUCTIONS
    assert {"cycle", "connections", "loop", "transport"} <= http, INSTRUCTIONS
    assert {"conn", "frames", "queue", "transport", "writable"} <= websocket, INSTRUCTIONS


def test_loggers_and_uploads_have_the_private_attributes() -> None:
    assert "uvicorn" in uvicorn.config.LOGGING_CONFIG["loggers"], INSTRUCTIONS
    assert parameters(streamlit.logger.setup_formatter) == ["logger"], INSTRUCTIONS
    assert MemoryUploadedFileManager("/upload").file_storage == {}, INSTRUCTIONS


def test_gradio_has_the_private_attributes() -> None:
    sketchpad, demo = gr.Sketchpad(), gr.Blocks()

    assert sketchpad.blob_storage == {}, INSTRUCTIONS
    assert sketchpad.accept_blobs._is_server_fn, INSTRUCTIONS
    assert {"sleep_when_free", "progress_update_sleep_when_free"} <= vars(demo._queue).keys(), INSTRUCTIONS
