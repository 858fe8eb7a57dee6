"""The panel that compares all ways of running a model on the same pictures."""

from __future__ import annotations

import httpx
import streamlit as st

from core.classifier.bundle import Bundle
from core.data.datasets import Dataset
from core.errors import BundleError, DataMissing, TrazoError
from core.exports.folder import Exports
from core.exports.parity import REFERENCE, Answers, Parity, Way, drawing_key, read_parity
from core.exports.pictures import IMAGES, as_png, fixed_images
from core.launcher.exports import start_export, store_parity
from dashboard.draw import canvas
from dashboard.exports import screens
from dashboard.exports.files import refreshing
from dashboard.parts.png import image_from_png
from dashboard.server.pictures import POOL
from dashboard.session import cache, drawings, permission, state
from dashboard.session.permission import safe_text

_SCREENS = {"Gradio": screens.gradio_answers, "HTTP API": screens.api_answers}
_NOT_ACTIVE = "Runs the active model only. Make this model active on the Runs page to compare it."
_DATA_CHANGED = "The dataset is no longer the one that was used. Compare again."
_SMALLEST_SHOWN = 0.0001  # of a probability: smaller differences are rounding


def parity_panel(name: str, bundle: Bundle) -> None:
    """Show the last comparison, and a button to compare again."""
    st.subheader("Does every way of running it agree?", anchor=False)
    st.markdown(
        f"Sends up to {IMAGES} fixed validation images and your last drawing through every way of running this model, "
        f"and compares the predictions with those of the `{REFERENCE}` file."
    )
    try:
        exports = Exports(state.workspace(), bundle)
    except BundleError as error:
        st.error(safe_text(error), icon=":material/error:")
        return
    refreshing(lambda: exports.state("parity").running, lambda: _show(name, bundle, exports))


def _show(name: str, bundle: Bundle, exports: Exports) -> None:
    task = exports.state("parity")
    report = read_parity(exports.file("parity"))
    if task.running:
        st.button("Comparing…", key="compare_ways", icon="spinner", disabled=True)
        st.caption("This takes about 10 seconds. You can leave this page.")
        return
    if permission.may_change():
        st.button(
            "Compare again" if report else "Compare",
            key="compare_ways",
            icon=":material/balance:",
            disabled=task.busy,
            help="A file is being created." if task.busy else None,
            on_click=_start,
            args=(bundle,),
        )
    if task.problem:
        st.error(safe_text(task.problem), icon=":material/error:")
    elif report is None:
        if not permission.may_change():
            st.caption("They have not been compared yet.")
    else:
        _show_report(_completed(report, name, bundle, exports))


def _start(bundle: Bundle) -> None:
    """Start the comparison, and remember the drawing for Gradio and the API."""
    drawings.keep_compared_drawing(_last_drawing())
    permission.attempt(start_export, state.workspace(), bundle, "parity", drawings.compared_drawing())


def _last_drawing() -> bytes | None:
    """Return the ink that Draw read last as a PNG, or None if nothing has been drawn."""
    try:
        png = drawings.looked_at()
        ink = canvas.ink() if png is None else image_from_png(png)
    except TrazoError:  # the drawing arrived incomplete
        return None
    return None if ink is None or not ink.any() else as_png(ink)


def _completed(report: Parity, name: str, bundle: Bundle, exports: Exports) -> Parity:
    """Add Gradio and the API to a comparison without them, if this visitor may change it."""
    if {way.name for way in report.ways} >= _SCREENS.keys() or not permission.may_change():
        return report
    try:
        dataset = _dataset(bundle)
        if cache.predictor().current()[0].name != name:
            return _with_problem(report, _NOT_ACTIVE)
    except TrazoError as error:
        return _with_problem(report, str(error))
    if dataset.title != report.data:
        return _with_problem(report, _DATA_CHANGED)
    with st.spinner("Asking Gradio and the API…"):
        pictures = [as_png(image) for image in fixed_images(dataset)]
        drawing = drawings.compared_drawing()
        if drawing is not None and report.drawing == drawing_key(drawing):
            pictures.append(drawing)
        found = {way: _screen_answers(way, pictures) for way in _SCREENS}
    for way, answers in found.items():
        report = report.with_way(way, answers)
    if not any(isinstance(answers, str) for answers in found.values()):  # a problem may be over at the next visit
        permission.attempt(store_parity, state.workspace(), exports, report)
    return report


def _dataset(bundle: Bundle) -> Dataset:
    """Return the dataset of `compared_dataset`."""
    try:
        return cache.dataset(cache.card(bundle).config.dataset)
    except DataMissing:
        return cache.dataset("digits")


def _with_problem(report: Parity, problem: str) -> Parity:
    """Return the comparison with the same sentence for Gradio and the API."""
    for way in _SCREENS:
        report = report.with_way(way, problem)
    return report


def _screen_answers(way: str, pictures: list[bytes]) -> Answers | str:
    """Return the answers of Gradio or the API, or a sentence if they do not answer."""
    try:
        return _SCREENS[way](cache.predictor, POOL, pictures)
    except TrazoError as error:
        return str(error)
    except httpx.HTTPError as error:
        return f"The request failed: {error}."


def _show_report(report: Parity) -> None:
    if report.failure:
        st.error(report.failure, icon=":material/difference:")
    else:
        st.success(
            f"All {len(report.verdicts)} pictures have the same digit and verdict in every way that ran.",
            icon=":material/check_circle:",
        )
    st.table(
        {
            "Way": [f"**{way.name}**" for way in report.ways],
            "Difference": [_difference(way) for way in report.ways],
            "Digits": [_number(way.changed_digits) for way in report.ways],
            "Verdicts": [_number(way.changed_verdicts) for way in report.ways],
            "Time": ["–" if way.milliseconds is None else f"{way.milliseconds:.2f}\u00a0ms" for way in report.ways],
        },
        border="horizontal",
    )
    for way in report.ways:
        if way.problem:
            st.caption(f"{way.name}: {safe_text(way.problem)}")
    drawing = " and a drawing" if report.drawing else ""
    st.caption(
        f"{len(report.verdicts)} pictures: validation images of {report.data}{drawing}. Difference: the greatest "
        "difference of a calibrated probability. Digits, verdicts: the number of pictures for which they change. Time: "
        "for one picture; the command line, Gradio and the API first have to find the digit in it. NumPy is the "
        "network of the Inside page."
    )


def _difference(way: Way) -> str:
    if way.difference is None:
        return "–"
    if way.name == REFERENCE:
        return "reference"
    return f"< {_SMALLEST_SHOWN:.2%}" if way.difference < _SMALLEST_SHOWN else f"{way.difference:.2%}"


def _number(value: int | None) -> str:
    return "–" if value is None else str(value)
