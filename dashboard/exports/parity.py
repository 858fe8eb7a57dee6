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
from core.language import Message, message_of, number, tr
from core.launcher.exports import start_export, store_parity
from dashboard.draw import canvas
from dashboard.exports import screens
from dashboard.exports.files import draw_and_refresh
from dashboard.parts.png import image_from_png
from dashboard.server.pictures import POOL
from dashboard.session import cache, drawings, permission, state
from dashboard.session.permission import safe_text

_DASHBOARD_WAYS = {"Gradio": screens.gradio_answers, "HTTP API": screens.api_answers}
_NOT_ACTIVE = Message("Runs the active model only. Make this model active on the Runs page to compare it.")
_DATA_CHANGED = Message("The dataset has changed since the comparison. Compare again.")
_MIN_SHOWN_DIFFERENCE = 0.0001  # between probabilities; smaller differences are rounding errors


def parity_panel(name: str, bundle: Bundle) -> None:
    """Show the last comparison, and a button to compare again."""
    st.subheader(tr("Do all ways of running it agree?"), anchor=False)
    st.markdown(
        tr(
            "Sends up to {images} fixed validation images and your last drawing through every way of running this "
            "model, and compares the predictions with those of the `{reference}` file.",
            images=IMAGES,
            reference=REFERENCE,
        )
    )
    try:
        exports = Exports(state.workspace(), bundle)
    except BundleError as error:
        st.error(safe_text(error), icon=":material/error:")
        return
    draw_and_refresh(lambda: exports.state("parity").running, lambda: _show(name, bundle, exports))


def _show(name: str, bundle: Bundle, exports: Exports) -> None:
    task = exports.state("parity")
    report = read_parity(exports.file("parity"))
    if task.running:
        st.button(tr("Comparing…"), key="compare_ways", icon="spinner", disabled=True)
        st.caption(tr("This takes about 10 seconds. You can leave this page."))
        return
    if permission.may_change():
        st.button(
            tr("Compare again") if report else tr("Compare"),
            key="compare_ways",
            icon=":material/balance:",
            disabled=task.busy,
            help=tr("A file is being created.") if task.busy else None,
            on_click=_start,
            args=(bundle,),
        )
    if task.problem:
        st.error(safe_text(task.problem), icon=":material/error:")
    elif report is None:
        if not permission.may_change():
            st.caption(tr("They have not been compared yet."))
    else:
        _show_report(_with_dashboard_ways(report, name, bundle, exports))


def _start(bundle: Bundle) -> None:
    """Start the comparison, and remember the drawing for Gradio and the API."""
    drawings.keep_compared_drawing(_last_drawing())
    permission.attempt(start_export, state.workspace(), bundle, "parity", drawings.compared_drawing())


def _last_drawing() -> bytes | None:
    """Return, as a PNG, the ink that the Draw page read most recently, or None if nothing has been drawn."""
    try:
        png = drawings.inspected_ink()
        ink = canvas.ink() if png is None else image_from_png(png)
    except TrazoError:  # the drawing arrived incomplete
        return None
    return None if ink is None or not ink.any() else as_png(ink)


def _with_dashboard_ways(report: Parity, name: str, bundle: Bundle, exports: Exports) -> Parity:
    """Add Gradio and the API to a comparison that lacks them, if this visitor may make changes."""
    if {way.name for way in report.ways} >= _DASHBOARD_WAYS.keys() or not permission.may_change():
        return report
    try:
        dataset = _dataset(bundle)
        if cache.predictor().current()[0].name != name:
            return _with_problem(report, _NOT_ACTIVE)
    except TrazoError as error:
        return _with_problem(report, message_of(error))
    if dataset.title != report.data:
        return _with_problem(report, _DATA_CHANGED)
    with st.spinner(tr("Asking Gradio and the API…")):
        pictures = [as_png(image) for image in fixed_images(dataset)]
        drawing = drawings.compared_drawing()
        if drawing is not None and report.drawing == drawing_key(drawing):
            pictures.append(drawing)
        results = {way: _dashboard_answers(way, pictures) for way in _DASHBOARD_WAYS}
    for way, answers in results.items():
        report = report.with_way(way, answers)
    if not any(isinstance(answers, str) for answers in results.values()):  # a problem may be gone by the next visit
        permission.attempt(store_parity, state.workspace(), exports, report)
    return report


def _dataset(bundle: Bundle) -> Dataset:
    """Return the same dataset as `compared_dataset`, from the cache."""
    try:
        return cache.dataset(cache.card(bundle).config.dataset)
    except DataMissing:
        return cache.dataset("digits")


def _with_problem(report: Parity, problem: Message) -> Parity:
    """Return the comparison with the same problem for Gradio and the API."""
    for way in _DASHBOARD_WAYS:
        report = report.with_way(way, problem)
    return report


def _dashboard_answers(way: str, pictures: list[bytes]) -> Answers | Message:
    """Return the answers of Gradio or the API, or an error message if they cannot be obtained."""
    try:
        return _DASHBOARD_WAYS[way](cache.predictor, POOL, pictures)
    except TrazoError as error:
        return message_of(error)
    except httpx.HTTPError as error:
        return Message("The request failed: {error}.", error=str(error))


def _show_report(report: Parity) -> None:
    if report.failure:
        st.error(tr(report.failure), icon=":material/difference:")
    else:
        st.success(
            tr(
                "Every way that ran gives the same digit and verdict for all {count} pictures.",
                count=len(report.verdicts),
            ),
            icon=":material/check_circle:",
        )
    st.table(
        {
            tr("Way"): [f"**{_title(way)}**" for way in report.ways],
            tr("Difference"): [_difference(way) for way in report.ways],
            tr("Digits"): [_number(way.changed_digits) for way in report.ways],
            tr("Verdicts"): [_number(way.changed_verdicts) for way in report.ways],
            tr("Time"): [_time(way) for way in report.ways],
        },
        border="horizontal",
    )
    for way in report.ways:
        if way.problem:
            st.caption(f"{_title(way)}: {safe_text(way.problem)}")
    pictures = (
        tr(
            "{count} pictures: validation images from {data} and a drawing.",
            count=len(report.verdicts),
            data=tr(report.data),
        )
        if report.drawing
        else tr("{count} pictures: validation images from {data}.", count=len(report.verdicts), data=tr(report.data))
    )
    columns = tr(
        "Difference: the greatest difference in a calibrated probability. Digits, verdicts: the number of pictures "
        "for which they differ. Time: for one picture; the command line, Gradio and the API first have to find the "
        "digit in it. NumPy is the network of the Inside page."
    )
    st.caption(f"{pictures} {columns}")


def _title(way: Way) -> str:
    return tr("Command line") if way.name == "Command line" else way.name


def _difference(way: Way) -> str:
    if way.difference is None:
        return "–"
    if way.name == REFERENCE:
        return tr("reference")
    if way.difference < _MIN_SHOWN_DIFFERENCE:
        return f"< {number(_MIN_SHOWN_DIFFERENCE, '.2%')}"
    return number(way.difference, ".2%")


def _time(way: Way) -> str:
    return "–" if way.milliseconds is None else f"{number(way.milliseconds, '.2f')}\u00a0ms"


def _number(value: int | None) -> str:
    return "–" if value is None else str(value)
