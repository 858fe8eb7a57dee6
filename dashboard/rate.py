"""How often a client may ask for something, and who a client is."""

from __future__ import annotations

import ipaddress
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers
from starlette.types import Scope

from core.workspace import proxies_trusted

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
