"""The log and the files of a run, as its own page shows them."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.runs.files import RunFile, run_files
from core.runs.run import Run
from core.workspace import without_paths
from dashboard.runs.csv_export import spreadsheet_csv
from dashboard.session.permission import for_visitor, may_change


def log_and_files(run: Run) -> None:
    """Draw the end of the log, and every file to download."""
    with st.expander("Log", icon=":material/description:", key="run_log", on_change="rerun") as log:
        if log.open:
            st.code(for_visitor(run.log_tail()) or "The log is still empty.", language=None, height=320)
    found = {file.name: file for file in run_files(run)}
    if not found:
        return
    st.subheader("Files", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "File",
            list(found),
            format_func=lambda name: f"{name}: {found[name].meaning}, {_size(found[name].size)}",
            key=f"file_{hash(tuple(found))}",
            width=420,
        )
        st.download_button(
            "Download",
            data=partial(_download, found[chosen], may_change()),
            file_name=chosen if "model" in chosen else f"{run.title}-{chosen}",
            mime="application/octet-stream",
            icon=":material/download:",
            key="download_file",
            on_click="ignore",
        )
        if run.bundle.complete:
            st.download_button(
                "Model as ZIP",
                data=run.bundle.zip_bytes,
                file_name=f"{run.id}.zip",
                mime="application/zip",
                icon=":material/folder_zip:",
                key="download",
                on_click="ignore",
                help="The model as .keras and .tflite, its card and its test answers.",
            )


def _download(file: RunFile, whole: bool) -> bytes:
    """Return a file as it is downloaded. `whole`: with the paths of this machine in a log."""
    content = file.contents()
    if file.name.endswith(".csv"):
        return spreadsheet_csv(content)
    if file.name.endswith(".log") and not whole:
        return without_paths(content.decode(errors="replace")).encode(errors="replace")
    return content


def _size(count: int) -> str:
    """Bytes as people say them."""
    return f"{count / 2**20:.1f} MB" if count >= 2**20 else f"{max(count / 1024, 0.1):.1f} kB"
