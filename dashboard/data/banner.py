"""Banners that offer to download or upload a missing dataset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.data import pen_digits, sources
from core.data.downloads import Progress, Source
from core.data.pen_digits import download_pen_digits
from core.data.sources import download_mnist
from core.data.uploads import MAX_UPLOAD_MB, Upload, import_uploaded_mnist, import_uploaded_pen_digits
from core.environment import mnist_location, pen_digits_location
from core.errors import DataError, DataMissing, DownloadError, TrazoError
from core.language import Message, tr
from core.workspace import Workspace
from dashboard.server.library_internals import discard_uploads
from dashboard.session import state
from dashboard.session.permission import log_change, may_change, require_permission, safe_text

_PANEL_WIDTH = 400
"""Width of the upload panel in pixels; a wider one would cover the sidebar."""

Download = Callable[[Workspace, Progress], Path]
Import = Callable[[Sequence[Upload], Workspace], Path]


@dataclass(frozen=True)
class _Offer:
    """The ways to get a missing dataset.

    `key`: suffix of its widgets' keys. `name`: as it appears in a sentence. `size`: download size in MB. `choose`: a
    sentence about the files to upload, in Markdown. `failure`: a sentence about a failed download. `sources`: where the
    visitor can get the files.
    """

    key: str
    name: Message
    download: Download
    size: float
    import_uploads: Import
    choose: Message
    failure: Message
    sources: Sequence[Source]


def show_data_banner(problem: DataError | None) -> None:
    """Offer MNIST and show why it is not available; show nothing if `problem` is None."""
    if problem is None:
        return
    with st.container(border=True, key="data_banner"):
        st.warning(
            tr(
                "MNIST is not available on this machine. Until it is, this page uses a stand-in: scikit-learn's 1,797 "
                "small digits."
            ),
            icon=":material/cloud_off:",
        )
        if not isinstance(problem, DataMissing):
            st.caption(safe_text(problem))
        _show_offer(
            _Offer(
                key="mnist",
                name=Message("MNIST"),
                download=download_mnist,
                size=11,
                import_uploads=import_uploaded_mnist,
                choose=Message("Choose **mnist.npz**, or all **four IDX files**, gzipped or not."),
                failure=Message("MNIST could not be downloaded: none of the sources returned a valid file."),
                sources=sources.SOURCES,
            ),
            mnist_location(),
        )


def show_pen_digits_banner(problem: DataError) -> None:
    """Offer the pen digits and show why they are not available."""
    not_found = Message("The pen digits are not on this machine yet.")
    reason = not_found if isinstance(problem, DataMissing) else problem
    with st.container(border=True, key="pen_digits_banner"):
        st.warning(safe_text(reason), icon=":material/cloud_off:")
        _show_offer(
            _Offer(
                key="pen_digits",
                name=Message("the pen digits"),
                download=download_pen_digits,
                size=3.6,
                import_uploads=import_uploaded_pen_digits,
                choose=Message("Choose **pendigits-train**, or **pen_digits.jsonl.gz** from another workspace."),
                failure=Message("The pen digits could not be downloaded: none of the sources returned a valid file."),
                sources=pen_digits.SOURCES,
            ),
            pen_digits_location(),
        )


def _show_offer(offer: _Offer, location: Path | None) -> None:
    """Offer a dataset to visitors with permission, unless an environment variable names its `location`."""
    if not may_change():
        st.caption(tr("To download or upload {name}, you need permission to make changes here.", name=offer.name))
        return
    if location is not None:
        return
    with st.container(horizontal=True):
        wants_download = st.button(
            tr("Download {name} ({size:g} MB)", name=offer.name, size=offer.size),
            icon=":material/download:",
            key=f"download_{offer.key}",
        )
        with (
            st.popover(
                tr("Upload {name}", name=offer.name), icon=":material/upload_file:", key=f"upload_{offer.key}_panel"
            ),
            st.container(width=_PANEL_WIDTH),
        ):
            _show_upload(offer)
    if wants_download:
        _download(offer)


def _download(offer: _Offer) -> None:
    """Download the dataset with a progress bar and rerun the page; if this fails, show an error."""
    bar = st.progress(0.0, tr("Connecting…"))

    def show_progress(done: int, total: int) -> None:
        megabytes = total / 2**20 or offer.size
        fraction = min(done / 2**20 / megabytes, 1.0)
        bar.progress(fraction, tr("{done:.1f} MB of {total:.1f} MB", done=done / 2**20, total=megabytes))

    try:
        require_permission()
        offer.download(state.workspace(), show_progress)
    except DownloadError as error:
        bar.empty()
        advice = tr(
            "Check this machine's internet connection and try again, or get the files on another device and press "
            '"Upload {name}".',
            name=offer.name,
        )
        _show_error(f"{tr(offer.failure)} {advice}")
        with st.expander(tr("Errors from each source")):
            for reason in error.errors:
                st.markdown(f"- {safe_text(reason)}")
    except TrazoError as error:
        bar.empty()
        _show_error(error)
    else:
        log_change(f"download {offer.key}")
        st.rerun()


def _show_upload(offer: _Offer) -> None:
    """Let the visitor upload the dataset; once its files are complete and verified, rerun the page."""
    st.markdown(tr(offer.choose))
    files = st.file_uploader(
        tr("Files of {name}", name=offer.name),
        accept_multiple_files=True,
        max_upload_size=MAX_UPLOAD_MB,
        key=f"upload_{offer.key}",
        label_visibility="collapsed",
    )
    if not files:
        st.caption(tr("Get them in this browser or on another device: {links}.", links=_links(offer.sources)))
        return
    try:
        require_permission()
        with st.spinner(tr("Checking the files…")):
            offer.import_uploads([Upload(file.name, file.getvalue()) for file in files], state.workspace())
    except DataMissing as error:
        st.info(safe_text(error), icon=":material/upload_file:")
    except TrazoError as error:
        _show_error(error)
    else:
        discard_uploads(files)
        log_change(f"upload {offer.key}")
        st.rerun()


def _links(alternatives: Sequence[Source]) -> str:
    """Return links to the files of the sources, in Markdown; of sources with the same files, only one is linked."""
    links = {
        tuple(source.files): ", ".join(f"[{name}]({url})" for name, (url, _) in source.files.items())
        for source in alternatives
    }
    return tr("; or ").join(links.values())


def _show_error(error: object) -> None:
    st.error(safe_text(error), icon=":material/error:")
