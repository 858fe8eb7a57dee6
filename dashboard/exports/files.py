"""The list of a model's files: the programs that open each file, and buttons to create and download it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st

from core.classifier.bundle import Bundle
from core.errors import BundleError
from core.exports.folder import Exports, Format
from core.language import Message, number, tr
from core.launcher.exports import start_export
from core.storage import file_size, read_file
from dashboard.session import cache, permission
from dashboard.session.permission import safe_text
from dashboard.session.state import workspace

POLL_SECONDS = 1.0
"""Seconds between checks while a file is being created, which takes about 6 s."""

_COLUMNS = (3, 1)  # relative widths of a description and its button
_EXPORT_FORMATS: dict[Format, tuple[str, Message]] = {
    "onnx": (".onnx", Message("Runs in ONNX Runtime: on servers, in browsers, and from C++, C#, Java or JavaScript.")),
    "savedmodel": ("SavedModel", Message("Runs in TensorFlow and TensorFlow Serving; a folder in a ZIP archive.")),
}


def file_list(bundle: Bundle) -> None:
    """Show a row for each format; the rows refresh themselves while a file is being created."""
    with st.container(border=True, key="files"):
        _show_bundle_files(bundle)
        try:
            exports = Exports(workspace(), bundle)
        except BundleError as error:
            st.error(safe_text(error), icon=":material/error:")
            return
        draw_and_refresh(lambda: _is_creating(exports), lambda: _show_created_files(exports, bundle))
        _show_reader(bundle)
        permission.permission_note("files")


def draw_and_refresh(running: Callable[[], bool], draw: Callable[[], None]) -> None:
    """Call `draw` now and, while `running` returns True, every POLL_SECONDS."""
    polling = running()

    def draw_latest() -> None:
        if running() != polling:
            st.rerun()
        draw()

    st.fragment(draw_latest, run_every=POLL_SECONDS if polling else None)()


def _is_creating(exports: Exports) -> bool:
    """Return True while any file is being created, even another model's, because only one can be created at a time."""
    return any(exports.state(kind).busy for kind in _EXPORT_FORMATS)


def _show_bundle_files(bundle: Bundle) -> None:
    try:
        keras = tr("Opens in Keras {version} or later, and can be trained further.", version=bundle.oldest_keras())
    except BundleError as error:
        keras = ""
        st.info(safe_text(error), icon=":material/info:")
    _row(".keras", keras, file_size(bundle.keras_file), partial(_download, ".keras", bundle.keras_file))
    _row(
        ".tflite",
        tr("Runs in LiteRT (TensorFlow Lite), including on phones; this dashboard uses it."),
        file_size(bundle.tflite_file),
        partial(_download, ".tflite", bundle.tflite_file),
    )


def _show_created_files(exports: Exports, bundle: Bundle) -> None:
    for kind, (name, description) in _EXPORT_FORMATS.items():
        state = exports.state(kind)
        size = file_size(state.file) if state.file else None
        _row(name, tr(description), size, partial(_show_action, name, exports, bundle, kind))
        if state.problem:
            st.error(safe_text(state.problem), icon=":material/error:")


def _show_reader(bundle: Bundle) -> None:
    try:
        content = cache.reader_zip(bundle)
    except BundleError as error:
        st.info(safe_text(error), icon=":material/info:")
        return
    _row(
        tr("Picture reader"),
        tr(
            "The `.tflite` file with `read.py`, which reads a picture as Trazo does: `python read.py digit.png`. It "
            "needs NumPy, Pillow, SciPy and LiteRT."
        ),
        len(content),
        lambda: _download_button(tr("the reader"), "mnist_model.zip", content),
    )


def _show_action(name: str, exports: Exports, bundle: Bundle, kind: Format) -> None:
    """Show the button that downloads a file, or the button that creates it."""
    state = exports.state(kind)
    if state.running:
        st.button(tr("Creating…"), key=f"create_{kind}", icon="spinner", disabled=True, width="stretch")
    elif state.file:
        _download(name, state.file)
    elif permission.may_change():
        st.button(
            tr("Create {name}", name=name),
            key=f"create_{kind}",
            icon=":material/add:",
            width="stretch",
            disabled=state.busy,
            help=tr("Another file is being created.") if state.busy else tr("Takes about 6 seconds."),
            on_click=permission.attempt,
            args=(start_export, workspace(), bundle, kind),
        )
    else:
        st.caption(tr("Not created yet."))


def _row(name: str, description: str, size: int | None, show_action: Callable[[], None]) -> None:
    left, right = st.columns(_COLUMNS, vertical_alignment="center")
    with left.container(gap=None):
        st.markdown(f"**{name}**" if size is None else f"**{name}** · {number(size / 1e6, '.1f')} MB")
        st.caption(description)
    with right:
        show_action()


def _download(name: str, file: Path) -> None:
    _download_button(name, file.name, partial(read_file, file))


def _download_button(name: str, file_name: str, data: bytes | Callable[[], bytes]) -> None:
    st.download_button(
        tr("Download {name}", name=name),
        data=data,
        file_name=file_name,
        mime="application/octet-stream",
        icon=":material/download:",
        key=f"download_{file_name}",
        on_click="ignore",
        width="stretch",
    )
