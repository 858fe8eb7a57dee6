"""By which names the dashboard may be called.

Whoever owns a name can let it point to this machine while his page is open in a browser here (DNS rebinding); for the
browser the dashboard then is a part of that page. What comes over loopback therefore has to name this machine, unless
a proxy has passed it on.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from core.environment import allowed_hosts

_DEFAULT_PORTS = (80, 443)


def called_by_a_strangers_name(scope: Scope) -> bool:
    """Whether a browser was led here under a name that is not ours; programs that give no name are none."""
    headers = Headers(scope=scope)
    host = headers.get("host")
    if host is None:
        return False
    name, port = _parts(host)
    server, own_port = scope.get("server") or ("", None)
    local = _is_loopback(server)
    if local and (name == "localhost" or name.endswith(".localhost") or _is_loopback(name)):
        return False
    if allowed := allowed_hosts():
        return name not in allowed and "*" not in allowed
    return local and not _through_a_proxy(headers, port, own_port)


def _through_a_proxy(headers: Headers, port: int | None, own_port: int | None) -> bool:
    """Whether a proxy says whom it asks for, and the browser's address had another port than ours.

    No page can choose its WebSocket's headers, nor have a browser ask at another port than its address names.
    """
    direct = own_port in _DEFAULT_PORTS if port is None else own_port == port
    return "x-forwarded-for" in headers and not direct


def _parts(host: str) -> tuple[str, int | None]:
    """Name and port of a Host header; an empty name where it is none."""
    try:
        parts = urlsplit(f"//{host}")
        return (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return "", None


def _is_loopback(name: str) -> bool:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if address.version == 6 else None
    return (mapped or address).is_loopback
