"""The host names that the dashboard accepts.

A website that is open in a browser on this machine can point its own name at this machine (DNS rebinding).
The browser then treats the dashboard as part of that website. A request over loopback must therefore name this machine
unless a proxy forwarded it.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from core.environment import allowed_hosts

_DEFAULT_PORTS = (80, 443)


def is_unknown_host(scope: Scope) -> bool:
    """Return True if the Host header names a host that is not ours; False if there is no Host header."""
    headers = Headers(scope=scope)
    host = headers.get("host")
    if host is None:
        return False
    name, port = _name_and_port(host)
    server, own_port = scope.get("server") or ("", None)
    local = _is_loopback(server)
    if local and (name == "localhost" or name.endswith(".localhost") or _is_loopback(name)):
        return False
    if allowed := allowed_hosts():
        return name not in allowed and "*" not in allowed
    return local and not _forwarded_by_proxy(headers, port, own_port)


def _forwarded_by_proxy(headers: Headers, port: int | None, own_port: int | None) -> bool:
    """Return True if a proxy names its client and the browser requested a port other than ours.

    A page can forge the proxy's header on a fetch, but not the port: a browser connects to the port in the URL.
    """
    direct = own_port in _DEFAULT_PORTS if port is None else own_port == port
    return "x-forwarded-for" in headers and not direct


def _name_and_port(host: str) -> tuple[str, int | None]:
    """Split a Host header; the name is empty if the header is malformed."""
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
    ipv4_address = address.ipv4_mapped if address.version == 6 else None
    return (ipv4_address or address).is_loopback
