"""The address at which a class joins, as text and as a QR code."""

from __future__ import annotations

from html import escape

import segno
import streamlit as st

from dashboard.server.join_address import join_address

_SIZE = 200
"""Width of the QR code in pixels; phones read it from the last row of a projected page."""


def show_join_address() -> None:
    """Show where students join."""
    url = join_address()
    if "//127." in url or "//localhost" in url or "//[::1]" in url:
        st.warning(
            "This dashboard listens on this machine only, so nobody else can join. Stop it and start it with "
            "`make class`, on a machine that is connected to the classroom's network.",
            icon=":material/wifi_off:",
        )
    st.html(
        f'<div class="trazo-join"><img src="{_qr_code(url)}" width="{_SIZE}" height="{_SIZE}" '
        f'alt="QR code of {escape(url)}"><div><div>Join at</div><div class="address">{escape(url)}</div>'
        "<div>or scan the code. Phones and computers must be in the same network as this one.</div></div></div>"
    )


@st.cache_data(show_spinner=False, max_entries=4)
def _qr_code(url: str) -> str:
    """Return the QR code as the data URI of an SVG image; black on white, because phones read nothing else reliably."""
    uri: str = segno.make(url, error="m", micro=False).svg_data_uri(border=2, light="#ffffff", dark="#000000")
    return uri
