"""Rate limits, quotas, and the identity of the client that they apply to."""

from __future__ import annotations

import ipaddress
import time
from collections import Counter

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers
from starlette.types import Scope

from core.environment import trusts_proxies

_UNTRUSTED_PROXY = "behind a proxy"

_IPV6_PREFIX_BITS = 64
"""Internet providers assign networks of this size; within one, a visitor can choose any address."""


class RateLimit:
    """At most `amount` events in `minutes` for each client, over a sliding window; an amount of 0 means no limit."""

    def __init__(self, amount: int, minutes: int = 1) -> None:
        self._item = RateLimitItemPerMinute(amount, minutes) if amount else None
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def seconds_to_wait(self, client: str) -> float:
        """Count one event and return 0, or return the seconds until the client may try again."""
        if self._item is None or self._limiter.hit(self._item, client):
            return 0.0
        return max(1.0, self._limiter.get_window_stats(self._item, client).reset_time - time.time())


class Quota:
    """A limit on the pages, requests or bytes held at one time, in total and per client; 0 means no limit."""

    def __init__(self, total: int, per_client: int) -> None:
        self._total = total
        self._per_client = per_client
        self._held = 0
        self._held_by = Counter[str]()

    def acquire(self, client: str, amount: int = 1) -> bool:
        """Reserve `amount` for this client until it is released; return False if the quota is used up."""
        if self._total and self._held + amount > self._total:
            return False
        if self._per_client and self._held_by[client] + amount > self._per_client:
            return False
        self._held += amount
        self._held_by[client] += amount
        return True

    def release(self, client: str, amount: int = 1) -> None:
        """Return `amount` of this client's share to the quota."""
        self._held -= amount
        self._held_by[client] -= amount
        if not self._held_by[client]:
            del self._held_by[client]

    def held_by(self, client: str) -> int:
        """Return the amount that this client holds now."""
        return self._held_by[client]


def client_of(scope: Scope) -> str:
    """Return the client's IP address, or its /64 network for IPv6. All clients behind an untrusted proxy count as one.

    If FORWARDED_ALLOW_IPS lists a proxy, uvicorn replaces the proxy's address with its client's. Without that variable,
    the forwarded address could be forged.
    """
    if not trusts_proxies() and "x-forwarded-for" in Headers(scope=scope):
        return _UNTRUSTED_PROXY
    host = scope["client"][0] if scope.get("client") else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return str(host)
    if address.version == 6 and not address.ipv4_mapped:
        return str(ipaddress.ip_network((address, _IPV6_PREFIX_BITS), strict=False))
    return str(address)
