"""The addresses of this dashboard: on this machine, for a class to join, and for the teacher."""

from __future__ import annotations

import ipaddress
import socket

import streamlit as st
from streamlit.web.server.server_util import get_url

_WILDCARD_HOSTS = ("0.0.0.0", "::")
"""Addresses that make a server listen on all networks of this machine."""

_REMOTE_ADDRESS = ("192.0.2.1", 9)
"""An address reserved for documentation (RFC 5737), with an arbitrary port; no packet is sent to it."""


def local_address() -> str:
    """Return the URL to open in a browser on this machine."""
    return _url(_configured_host() or "127.0.0.1")


def join_address() -> str:
    """Return the URL for students, with the host that the dashboard listens on or this machine's network address."""
    return _url(_configured_host() or network_address())


def teacher_address(key: str) -> str:
    """Return the teacher's URL on this machine."""
    return f"{local_address()}/teacher?key={key}"


def network_address() -> str:
    """Return this machine's address on the local network, or 127.0.0.1 if it is not on one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_REMOTE_ADDRESS)
            return str(probe.getsockname()[0])
        except OSError:  # no route to other networks
            return _address_by_host_name()


def _address_by_host_name() -> str:
    try:
        addresses = {entry[4][0] for entry in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    except OSError:
        return "127.0.0.1"
    others = sorted(str(address) for address in addresses if not ipaddress.ip_address(address).is_loopback)
    return others[0] if others else "127.0.0.1"


def _configured_host() -> str:
    """Return the host that the dashboard listens on, or an empty string if it listens on all networks."""
    host = str(st.get_option("server.address") or "")
    return "" if host in _WILDCARD_HOSTS else host


def _url(host: str) -> str:
    return get_url(f"[{host}]" if ":" in host else host)
