"""The banner that offers to download MNIST."""

from __future__ import annotations

import streamlit as st

from core.data.sources import download_mnist
from core.environment import mnist_location
from core.errors import DownloadError, TrazoError
from dashboard.session import state
from dashboard.session.permission import may_change, require_permission, safe_text


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
        if not may_change():
            st.caption("You need permission to make changes here to download or import MNIST.")
        if (
            mnist_location() is None
            and may_change()
            and st.button("Download MNIST (11 MB)", icon=":material/download:", key="download_mnist")
        ):
            _download()


def _download() -> None:
    bar = st.progress(0.0, "Connecting…")

    def show_progress(done: int, total: int) -> None:
        fraction = min(done / total, 1.0) if total else 0.0
        bar.progress(fraction, f"{done / 2**20:.1f} MB of {total / 2**20:.1f} MB")

    try:
        require_permission()
        download_mnist(state.workspace(), show_progress)
    except TrazoError as error:
        bar.empty()
        st.error(safe_text(error), icon=":material/error:")
        if isinstance(error, DownloadError):
            with st.expander("Errors of each source"):
                for attempt in error.attempts:
                    st.markdown(f"- {safe_text(attempt)}")
        return
    st.rerun()
