"""Limits on request bodies: time per body and total memory."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass

import anyio
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as AsgiMessage

from core.language import Message
from dashboard.server.rate_limits import Quota, client_of
from dashboard.server.refusal import refuse

MAX_BYTES = 256 * 2**20
"""Memory for the bodies of all requests in progress; a container with 1 GB has room for them."""

MAX_BYTES_PER_CLIENT = 128 * 2**20
"""Memory for one client's bodies: half of the total, so that one client cannot block the others."""

IDLE_TIMEOUT_SECONDS = 20.0
"""Longest pause in the middle of a body; phones may lose their network for a few seconds."""

BODY_TIMEOUT_SECONDS = 120.0
"""Time limit for a whole body; enough for 10 MB over a slow mobile network, or for 48 MB over Wi-Fi."""


@dataclass(frozen=True)
class Rejection:
    """The reason why a body was rejected, as one word for the log, and the response to its client."""

    reason: str
    status: int
    message: Message


_TOO_SLOW = Rejection(
    "slow", 408, Message("The upload was too slow. Try again on a faster connection or with a smaller file.")
)
_OVER_QUOTA = Rejection("bodies", 503, Message("Too many uploads are in progress. Try again in a moment."))


class BodyLimiter:
    """Applies the limits to every request body that is arriving or being processed."""

    def __init__(self) -> None:
        self._quota = Quota(MAX_BYTES, MAX_BYTES_PER_CLIENT)

    async def forward(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Call `app`; respond with 408 instead if the body is too slow, or 503 if it exceeds the quota."""
        body = _Body(self._quota, client_of(scope), receive, send)
        try:
            with suppress(ClientDisconnect):  # rejected, or the client has gone: nothing to report
                await app(scope, body.receive, body.send)
        finally:
            body.release()
        if body.rejection and not body.response_started:
            rejection = body.rejection
            response = refuse(rejection.reason, scope, rejection.status, rejection.message, {"Connection": "close"})
            await response(scope, receive, send)


class _Body:
    """One request body; `rejection` is set as soon as the body exceeds a limit."""

    def __init__(self, quota: Quota, client: str, receive: Receive, send: Send) -> None:
        self._quota = quota
        self._client = client
        self._receive = receive
        self._send = send
        self._deadline = time.monotonic() + BODY_TIMEOUT_SECONDS
        self._held_bytes = 0
        self._complete = False
        self.response_started = False
        self.rejection: Rejection | None = None

    async def receive(self) -> AsgiMessage:
        """Return the next chunk of the body, or a disconnect if the body is rejected."""
        if self._complete:
            return await self._receive()
        with anyio.move_on_after(min(IDLE_TIMEOUT_SECONDS, self._deadline - time.monotonic())):
            message = await self._receive()
            self._complete = not message.get("more_body", False)
            if self._acquire(len(message.get("body", b""))):
                return message
            return self._reject(_OVER_QUOTA)
        return self._reject(_TOO_SLOW)

    def _acquire(self, size: int) -> bool:
        if not self._quota.acquire(self._client, size):
            return False
        self._held_bytes += size
        return True

    def _reject(self, rejection: Rejection) -> AsgiMessage:
        # ASGI has no other way to stop an app that is reading: the app gives up, as if the client had disconnected.
        self.rejection = rejection
        return {"type": "http.disconnect"}

    async def send(self, message: AsgiMessage) -> None:
        """Forward the app's response unless the body was rejected."""
        if self.rejection and not self.response_started:
            return
        self.response_started = True
        await self._send(message)

    def release(self) -> None:
        """Return this body's bytes to the quota."""
        self._quota.release(self._client, self._held_bytes)
