"""Limits on request bodies: the time that one may take and the memory that all may use."""

from __future__ import annotations

import time

import anyio
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.server.rate_limits import Quota, client_of
from dashboard.server.refusal import refuse

MAX_BYTES = 256 * 2**20
"""Bytes that all bodies may hold from their first byte until the answer; a container with 1 GB has room for them."""

MAX_BYTES_OF_CLIENT = 128 * 2**20
"""Bytes that the bodies of one client may hold; half of all, so that one client cannot block the others."""

SILENCE_SECONDS = 20.0
"""Longest pause in the middle of a body; phones lose their network for a few seconds."""

BODY_SECONDS = 120.0
"""Longest time for a whole body: 10 MB over a slow mobile network."""

_SLOW = ("slow", 408, "The upload was too slow. Try again on a faster connection or with a smaller picture.")
_NO_ROOM = ("bodies", 503, "Too many uploads are in progress. Try again in a moment.")


class Bodies:
    """All request bodies that are arriving or being processed."""

    def __init__(self) -> None:
        self._quota = Quota(MAX_BYTES, MAX_BYTES_OF_CLIENT)

    async def pass_on(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Call `app`; answer 408 instead if the body is too slow, 503 if the quota is used up."""
        body = _Body(self._quota, client_of(scope), receive, send)
        try:
            await app(scope, body.receive, body.send)
        except ClientDisconnect:
            if body.fault is None:
                raise
        finally:
            body.release()
        if body.fault and not body.answered:
            reason, status, sentence = body.fault
            await refuse(reason, scope, status, sentence, {"Connection": "close"})(scope, receive, send)


class _Body:
    """One body. `fault` holds the reason, status and sentence of its refusal, if it is refused."""

    def __init__(self, quota: Quota, client: str, receive: Receive, send: Send) -> None:
        self._quota = quota
        self._client = client
        self._receive = receive
        self._send = send
        self._deadline = time.monotonic() + BODY_SECONDS
        self._held = 0
        self._complete = False
        self.answered = False
        self.fault: tuple[str, int, str] | None = None

    async def receive(self) -> Message:
        """Return the next part of the body, or a disconnect if the body is refused."""
        if self._complete:
            return await self._receive()
        with anyio.move_on_after(min(SILENCE_SECONDS, self._deadline - time.monotonic())):
            message = await self._receive()
            self._complete = not message.get("more_body", False)
            return message if self._acquire(len(message.get("body", b""))) else {"type": "http.disconnect"}
        self.fault = _SLOW
        return {"type": "http.disconnect"}

    def _acquire(self, size: int) -> bool:
        if not self._quota.acquire(self._client, size):
            self.fault = _NO_ROOM
            return False
        self._held += size
        return True

    async def send(self, message: Message) -> None:
        """Pass on the app's answer, unless a refusal takes its place."""
        if self.fault and not self.answered:
            return
        self.answered = True
        await self._send(message)

    def release(self) -> None:
        """Give back the memory of this body."""
        self._quota.release(self._client, self._held)
