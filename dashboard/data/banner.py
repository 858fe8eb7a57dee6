"""The banner that says which dataset is at hand and how to get MNIST."""

from __future__ import annotations

import streamlit as st

from core.data.sources import download_mnist
from core.environment import mnist_location
from core.errors import DownloadError, TrazoError
from dashboard.session import state
from dashboard.session.permission import may_change, require_permission, sentence


def data_banner(problem: str | None) -> None:
    """Say that a stand-in takes MNIST's place, why, and offer the download; nothing where MNIST is there."""
    if problem is None:
        return
    with st.container(border=True, key="data_banner"):
        st.warning(
            "These are scikit-learn's 1,797 small digits, standing in for MNIST until it is on this machine.",
            icon=":material/cloud_off:",
        )
        st.caption(sentence(problem))
        if not may_change():
            st.caption("Only someone who may change things on this dashboard can do that.")
        if (
            mnist_location() is None
            and may_change()
            and st.button("Download MNIST (11 MB)", icon=":material/download:", key="download_mnist")
        ):
            _download()


def _download() -> None:
    bar = st.progress(0.0, "Looking for MNIST…")

    def show(done: int, total: int) -> None:
        share = min(done / total, 1.0) if total else 0.0
        bar.progress(share, f"{done / 2**20:.1f} MB of {total / 2**20:.1f} MB")

    try:
        require_permission()
        download_mnist(state.workspace(), show)
    except TrazoError as error:
        bar.empty()
        st.error(sentence(error), icon=":material/error:")
        if isinstance(error, DownloadError):
            with st.expander("What each source answered"):
                for attempt in error.attempts:
                    st.markdown(f"- {sentence(attempt)}")
        return
    st.rerun()
