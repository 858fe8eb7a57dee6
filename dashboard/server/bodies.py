"""The bodies of requests: they come in time, or not at all, and take no more memory than is set aside for them."""

from __future__ import annotations

import time

import anyio
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.server.rate_limits import Shares, client_of
from dashboard.server.refusal import refuse

MAX_BYTES, MAX_BYTES_OF_CLIENT = 256 * 2**20, 128 * 2**20
"""The most that bodies may hold, of all clients and of one, from their first byte until the answer."""

SILENCE_SECONDS = 20.0
"""How long a client may send nothing in the middle of a body."""

BODY_SECONDS = 120.0
"""How long a body may take in all: 10 MB over a slow phone."""


class Bodies:
    """All bodies that are on their way, or wait for what is to be done with them."""

    def __init__(self) -> None:
        self._shares = Shares(MAX_BYTES, MAX_BYTES_OF_CLIENT)

    async def pass_on(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Call `app`; answer 408 in its place when the body comes too slowly, 503 when there is no room for it."""
        body = _Body(self._shares, client_of(scope), receive, send)
        try:
            await app(scope, body.receive, body.send)
        except ClientDisconnect:
            if body.fault is None:
                raise
        finally:
            body.let_go()
        if body.fault and not body.answered:
            reason, status, sentence = body.fault
            await refuse(reason, scope, status, sentence, {"Connection": "close"})(scope, receive, send)


_SLOW = ("slow", 408, "The body came too slowly; try again on a faster connection, or with a smaller picture.")
_NO_ROOM = ("bodies", 503, "Too many pictures are on their way; try again in a moment.")


class _Body:
    """One body: what is wrong with it, if anything, is its `fault`, the reason, status and sentence of a refusal."""

    def __init__(self, shares: Shares, client: str, receive: Receive, send: Send) -> None:
        self._shares, self._client = shares, client
        self._receive, self._send = receive, send
        self._deadline = time.monotonic() + BODY_SECONDS
        self._held = 0
        self._whole = False
        self.answered = False
        self.fault: tuple[str, int, str] | None = None

    async def receive(self) -> Message:
        """The next part; for the app it looks as if the client had gone where there is a fault."""
        if self._whole:
            return await self._receive()
        with anyio.move_on_after(min(SILENCE_SECONDS, self._deadline - time.monotonic())):
            message = await self._receive()
            self._whole = not message.get("more_body", False)
            return message if self._taken(len(message.get("body", b""))) else {"type": "http.disconnect"}
        self.fault = _SLOW
        return {"type": "http.disconnect"}

    def _taken(self, size: int) -> bool:
        if not self._shares.take(self._client, size):
            self.fault = _NO_ROOM
            return False
        self._held += size
        return True

    async def send(self, message: Message) -> None:
        """Pass the app's answer on, unless there is a fault that is to be the answer."""
        if self.fault and not self.answered:
            return
        self.answered = True
        await self._send(message)

    def let_go(self) -> None:
        """Nobody holds what came in any more."""
        self._shares.give_back(self._client, self._held)
