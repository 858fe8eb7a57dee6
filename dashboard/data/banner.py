"""Banners that offer to download a missing dataset."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core.data.downloads import Progress
from core.data.pen_digits import download_pen_digits
from core.data.sources import download_mnist
from core.environment import mnist_location, pen_digits_location
from core.errors import DownloadError, TrazoError
from core.workspace import Workspace
from dashboard.session import state
from dashboard.session.permission import may_change, require_permission, safe_text

Download = Callable[[Workspace, Progress], Path]


def show_data_banner(problem: str | None) -> None:
    """Show why MNIST is not available and offer to download it; show nothing if `problem` is None."""
    if problem is None:
        return
    with st.container(border=True, key="data_banner"):
        st.warning(
            "MNIST is not available on this machine. This page shows a stand-in: scikit-learn's 1,797 small digits.",
            icon=":material/cloud_off:",
        )
        st.caption(safe_text(problem))
        _offer("MNIST", "11 MB", download_mnist, mnist_location(), key="download_mnist")


def show_pen_digits_banner(problem: str) -> None:
    """Show why the pen digits are not available and offer to download them."""
    with st.container(border=True, key="pen_digits_banner"):
        st.warning(safe_text(problem), icon=":material/cloud_off:")
        _offer("the pen digits", "3.6 MB", download_pen_digits, pen_digits_location(), key="download_pen_digits")


def _offer(name: str, size: str, download: Download, location: Path | None, key: str) -> None:
    """Show a download button to visitors with permission, unless a variable names the `location` of the dataset."""
    if not may_change():
        st.caption(f"You need permission to make changes here to download or import {name}.")
    elif location is None and st.button(f"Download {name} ({size})", icon=":material/download:", key=key):
        _download(download)


def _download(download: Download) -> None:
    bar = st.progress(0.0, "Connecting…")

    def show_progress(done: int, total: int) -> None:
        fraction = min(done / total, 1.0) if total else 0.0
        bar.progress(fraction, f"{done / 2**20:.1f} MB of {total / 2**20:.1f} MB")

    try:
        require_permission()
        download(state.workspace(), show_progress)
    except TrazoError as error:
        bar.empty()
        st.error(safe_text(error), icon=":material/error:")
        if isinstance(error, DownloadError):
            with st.expander("Errors of each source"):
                for attempt in error.attempts:
                    st.markdown(f"- {safe_text(attempt)}")
        return
    st.rerun()
