"""A run's log and files, on the page of the run."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.language import number, tr
from core.runs.files import RunFile, run_files
from core.runs.run import Run
from core.workspace import strip_paths
from dashboard.runs.csv_export import spreadsheet_csv
from dashboard.session.markdown import plain
from dashboard.session.permission import hide_paths, may_change


def log_and_files(run: Run) -> None:
    """Show the end of the log, the id, and download buttons for the files."""
    with st.expander(tr("Log"), icon=":material/description:", key="run_log", on_change="rerun") as log:
        if log.open:
            st.code(hide_paths(run.log_tail()) or tr("No log output yet."), language=None, height=320)
    st.caption(tr("Id of this run, for the command line: {run}", run=plain(run.id)))
    files = {file.name: file for file in run_files(run)}
    if not files:
        return
    st.subheader(tr("Files"), anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            tr("File"),
            list(files),
            format_func=lambda name: f"{name}: {tr(files[name].description)}, {_format_size(files[name].size)}",
            key=f"file_{hash(tuple(files))}",
            width=420,
        )
        st.download_button(
            tr("Download"),
            data=partial(_download_content, files[chosen], may_change()),
            file_name=chosen if "model" in chosen else f"{run.title}-{chosen}",
            mime="application/octet-stream",
            icon=":material/download:",
            key="download_file",
            on_click="ignore",
        )
        if run.bundle.complete:
            st.download_button(
                tr("Model as ZIP"),
                data=run.bundle.zip_bytes,
                file_name=f"{run.id}.zip",
                mime="application/zip",
                icon=":material/folder_zip:",
                key="download",
                on_click="ignore",
                help=tr("The model as .keras and .tflite, its card and its test predictions."),
            )


def _download_content(file: RunFile, with_paths: bool) -> bytes:
    """Return the content of a download; paths on this machine are removed from a log unless `with_paths`."""
    content = file.contents()
    if file.name.endswith(".csv"):
        return spreadsheet_csv(content)
    if file.name.endswith(".log") and not with_paths:
        return strip_paths(content.decode(errors="replace")).encode(errors="replace")
    return content


def _format_size(size: int) -> str:
    """Return a number of bytes in MB or kB."""
    if size >= 2**20:
        return f"{number(size / 2**20, '.1f')} MB"
    return f"{number(max(size / 1024, 0.1), '.1f')} kB"
