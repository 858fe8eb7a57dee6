"""How often a client may ask for something, how much of it may be his at a time, and who a client is."""

from __future__ import annotations

import ipaddress
import time
from collections import Counter

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers
from starlette.types import Scope

from core.environment import proxies_trusted

_BEHIND_A_PROXY = "behind a proxy"
_IPV6_NETWORK = 64
"""Bits of an IPv6 address that tell one connection to the internet from another; the rest is the visitor's choice."""


class Rate:
    """At most `per_minute` times a minute for each client, over a sliding window; 0 is as often as they like."""

    def __init__(self, per_minute: int) -> None:
        self._item = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def seconds_to_wait(self, client: str) -> float:
        """0 where the client may go on, and is counted; else the seconds until it may try again."""
        if self._item is None or self._limiter.hit(self._item, client):
            return 0.0
        return max(1.0, self._limiter.get_window_stats(self._item, client).reset_time - time.time())


class Shares:
    """What all clients together, and each of them, may hold at a time: pages, requests, bytes; 0 is any number."""

    def __init__(self, total: int, each: int) -> None:
        self._total, self._each = total, each
        self._held = 0
        self._of = Counter[str]()

    def take(self, client: str, amount: int = 1) -> bool:
        """Whether there is still so much for this client, which then holds it until it is given back."""
        if self._total and self._held + amount > self._total:
            return False
        if self._each and self._of[client] + amount > self._each:
            return False
        self._held += amount
        self._of[client] += amount
        return True

    def give_back(self, client: str, amount: int = 1) -> None:
        """The client holds so much less."""
        self._held -= amount
        self._of[client] -= amount
        if not self._of[client]:
            del self._of[client]

    def of(self, client: str) -> int:
        """What this client holds now."""
        return self._of[client]


def client_of(scope: Scope) -> str:
    """Who asks: the address, of IPv6 the network. Clients of a proxy that is not trusted count as one.

    Whether a proxy may say who its clients are is FORWARDED_ALLOW_IPS' matter, which uvicorn heeds; without it,
    anybody could call himself anything.
    """
    if not proxies_trusted() and "x-forwarded-for" in Headers(scope=scope):
        return _BEHIND_A_PROXY
    host = scope["client"][0] if scope.get("client") else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return str(host)
    if address.version == 6 and not address.ipv4_mapped:
        return str(ipaddress.ip_network((address, _IPV6_NETWORK), strict=False))
    return str(address)
