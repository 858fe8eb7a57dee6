"""The address at which a class joins, as text and as a QR code."""

from __future__ import annotations

from html import escape
from urllib.parse import urlsplit

import segno
import streamlit as st

from core.language import tr
from dashboard.server.join_address import join_address

_SIZE = 200
"""Width of the QR code in pixels; phones in the last row can scan it from a projected page."""


def show_join_address(url: str) -> None:
    """Show where students join: the URL from `students_address`."""
    if _is_local(url):
        st.warning(
            tr(
                "This dashboard listens on this machine only, so nobody else can join. Stop it and start it with "
                "`make class`, on a machine that is connected to the classroom's network."
            ),
            icon=":material/wifi_off:",
        )
    explanation = tr("or scan the code. Phones and computers must be on the same network as this computer.")
    st.html(
        f'<div class="trazo-join"><img src="{_qr_code(url)}" width="{_SIZE}" height="{_SIZE}" '
        f'alt="{escape(tr("QR code of {url}", url=url))}"><div><div>{escape(tr("Join at"))}</div>'
        f'<div class="address">{escape(url)}</div><div>{escape(explanation)}</div></div></div>'
    )


def students_address(opened_url: str) -> str:
    """Return the URL for students: the URL that the teacher has opened, unless it works only on this machine.

    Behind a proxy, the dashboard learns its public URL only from the browser.
    """
    return opened_url.rstrip("/") if urlsplit(opened_url).hostname and not _is_local(opened_url) else join_address()


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host.startswith("127.") or host in ("localhost", "::1")


@st.cache_data(show_spinner=False, max_entries=4)
def _qr_code(url: str) -> str:
    """Return the QR code as the data URI of an SVG image; black on white, because phones scan nothing else reliably."""
    uri: str = segno.make(url, error="m", micro=False).svg_data_uri(border=2, light="#ffffff", dark="#000000")
    return uri
