"""The view "Label court" of the Evaluate page: judge labels blind, and see how they change the accuracy."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.classifier.bundle import Bundle
from core.classifier.evaluation import Evaluation
from core.court.verdicts import Choice
from core.data.datasets import Dataset
from core.errors import TrazoError
from core.language import Message, tr
from dashboard.court import bench
from dashboard.court.accuracies import show_accuracies
from dashboard.court.docket import Docket, docket_of_test_set, docket_of_training_set
from dashboard.court.record import show_record
from dashboard.session import address, cache, state
from dashboard.session.permission import may_change, safe_text

STYLE = Path(__file__).parent.parent / "assets" / "court.css"
KINDS = {"test": Message("Test images"), "training": Message("Training images")}


@st.fragment
def label_court_section(model: str, bundle: Bundle, evaluation: Evaluation, dataset: Dataset) -> None:
    """Show one image at a time to judge, and the accuracy under three sets of labels."""
    st.html(STYLE)
    st.subheader(tr("Label court"), anchor=False)
    st.markdown(
        tr(
            "Some labels of a dataset are wrong. Judge an image before you see its label: doubtful images come mixed "
            "with ordinary ones."
        )
    )
    try:
        docket = _choose_docket(evaluation, dataset)
        verdicts = docket.verdicts()
    except TrazoError as error:
        st.error(safe_text(error), icon=":material/error:")
        return
    _show_court(docket, verdicts, model, bundle)
    if not may_change():
        note = tr(
            "You do not have permission to make changes here, so your verdicts are not saved and are lost when "
            "you leave."
        )
        st.caption(f":material/lock: {note}")
    elif verdicts:
        st.caption(tr("Everyone who may make changes here shares these verdicts."))
    if verdicts:
        show_record(docket, verdicts, model)
    if docket.is_test_set:
        show_accuracies(evaluation, dataset.fingerprint)


def _choose_docket(evaluation: Evaluation, dataset: Dataset) -> Docket:
    """Let the visitor choose test or training images, if there are suspicious training labels."""
    result = cache.out_of_fold(dataset.id)
    if result is None or not len(result.suspicious):
        if may_change():
            command = "python -m core train --folds 5 --epochs 4"
            if dataset.id != "mnist":
                command = f"python -m core train --folds 5 --dataset {dataset.id}"
            st.caption(
                tr(
                    "These are test images. To judge training images, too, find suspicious labels in a few minutes "
                    "with `{command}`.",
                    command=command,
                )
            )
        return docket_of_test_set(dataset, evaluation)
    kind = st.segmented_control(
        tr("Images"),
        list(KINDS),
        format_func=lambda kind: tr(KINDS[kind]),
        default=address.choice("court_images", list(KINDS), "test"),
        required=True,
        key="court_images",
        label_visibility="collapsed",
    )
    address.keep(court_images=None if kind == "test" else kind)
    return docket_of_training_set(dataset, result) if kind == "training" else docket_of_test_set(dataset, evaluation)


def _show_court(docket: Docket, verdicts: dict[int, Choice], model: str, bundle: Bundle) -> None:
    """Show the image that was just judged, if any; otherwise, ask about the next one."""
    remaining = [number for number in docket.cases.order if number not in verdicts]
    st.caption(tr("{judged:,} judged, {remaining:,} to go.", judged=len(verdicts), remaining=len(remaining)))
    shown = docket.find(state.judged_image())
    if shown in verdicts:
        bench.reveal(docket, docket.case(shown), verdicts[shown], model, bundle)
    elif remaining:
        # If a verdict was withdrawn, its image is judged again before the next one.
        bench.ask(docket, docket.case(remaining[0] if shown is None else shown), model)
    else:
        st.success(tr("You have judged all of these images."), icon=":material/done_all:")
