"""One image of the label court: only the picture and the buttons before the verdict, everything else after it."""

from __future__ import annotations

import streamlit as st

from core.classifier.bundle import Bundle
from core.classifier.predictor import format_confidence
from core.court.verdicts import CANNOT_TELL, Choice
from core.court.votes import Votes
from core.data.datasets import CLASSES
from core.errors import TrazoError
from core.language import tr
from dashboard.court import ledger
from dashboard.court.docket import Case, Docket
from dashboard.parts.image_links import image_links
from dashboard.parts.metric_tiles import metric_tile
from dashboard.parts.png import image_html
from dashboard.parts.sample_grid import Samples, sample_grid
from dashboard.session import cache, state
from dashboard.session.permission import safe_text

PICTURE_WIDTH = 280
_TILE_WIDTH = 120
"""Minimum width of a tile in pixels, so that there are always two columns."""

NEIGHBOURS = 6
"""Number of similar images: one row on a desktop."""


def ask(docket: Docket, case: Case, model: str) -> None:
    """Show only the picture, and a button for each verdict."""
    with st.container(key="court_bench"):
        with st.container(key="court_picture"):
            st.html(image_html(case.image, PICTURE_WIDTH, tr("the image to judge")))
        with st.container(key="court_question"):
            st.markdown(tr("**Which digit is this?** Press its key, or click."))
            with st.container(key="court_digits"):
                for digit in range(CLASSES):
                    _verdict_button(str(digit), digit, str(digit), docket, case, model)
            _verdict_button(tr("Can't tell"), CANNOT_TELL, "X", docket, case, model)


def _verdict_button(label: str, choice: Choice, shortcut: str, docket: Docket, case: Case, model: str) -> None:
    st.button(
        label,
        key=f"court_{shortcut}",
        shortcut=shortcut,
        width="stretch",
        on_click=ledger.give,
        args=(docket.dataset.fingerprint, case.split, case.index, choice, model),
    )


def reveal(docket: Docket, case: Case, verdict: Choice, model: str, bundle: Bundle) -> None:
    """Show the picture with its label, the prediction, the published votes and similar images."""
    with st.container(key="court_bench"):
        with st.container(key="court_picture"):
            st.html(image_html(case.image, PICTURE_WIDTH, case.title))
        with st.container(key="court_answers"):
            _show_answers(docket, case, verdict)
            with st.container(horizontal=True, vertical_alignment="center"):
                st.button(
                    tr("Next image"),
                    key="court_next",
                    type="primary",
                    shortcut="N",
                    on_click=state.show_judged_image,
                    args=(None,),
                )
                st.button(
                    tr("Change my verdict"),
                    key="court_undo",
                    shortcut="U",
                    on_click=ledger.withdraw,
                    args=(docket.dataset.fingerprint, case.split, case.index, model),
                )
            image_links(case.name, case.image, dataset=docket.dataset.id, model=model)
    _show_neighbours(docket, case, model, bundle)


def _show_answers(docket: Docket, case: Case, verdict: Choice) -> None:
    """Show the verdict, the label, the prediction and the published votes as tiles."""
    with st.grid(2, min_column_width=_TILE_WIDTH):
        if verdict == CANNOT_TELL:
            metric_tile(tr("You"), "?", tr("can't tell"))
        else:
            same = verdict == case.label
            metric_tile(tr("You"), str(verdict), tr("the same as the label") if same else tr("not the label"))
        metric_tile(tr("Label"), str(case.label), case.title)
        confidence = format_confidence(float(case.probabilities[case.prediction]))
        metric_tile(
            tr("Model"),
            str(case.prediction),
            tr("{confidence} sure", confidence=confidence),
            None if docket.is_test_set else tr("Not the chosen model, but one that was trained without this image."),
        )
        if case.votes:
            _show_votes(case, case.votes)
        elif docket.votes:
            metric_tile(tr("Reviewers"), "–", tr("not asked"))


def _show_votes(case: Case, votes: Votes) -> None:
    correction = votes.correction
    shown = case.label if correction is None else correction
    counts = [tr("{votes} for {digit}", votes=votes.for_label, digit=case.label)]
    if votes.guess is not None:
        counts.append(tr("{votes} for {digit}", votes=votes.for_guess, digit=votes.guess))
    if votes.for_neither:
        counts.append(tr("{votes} neither", votes=votes.for_neither))
    metric_tile(
        tr("Reviewers"),
        "?" if shown == CANNOT_TELL else str(shown),
        ", ".join(counts),
        tr(
            "Five people were asked whether this is the label, or the digit that a network had guessed (Northcutt et "
            "al., 2021, labelerrors.com). A question mark means that no digit has a majority."
        ),
    )


def _show_neighbours(docket: Docket, case: Case, model: str, bundle: Bundle) -> None:
    """Show the training images that the model finds most similar, except the image itself."""
    try:
        nearest = cache.nearest_training_images(bundle, case.image, NEIGHBOURS + 1)
    except TrazoError as error:
        st.caption(safe_text(error))
        return
    st.markdown(tr("**Similar training images**, by the model's features, with their labels:"))
    others = [row for row, index in enumerate(nearest.indices.tolist()) if f"train-{index}" != case.name][:NEIGHBOURS]
    indices, labels = nearest.indices[others], nearest.labels[others]
    sample_grid(
        Samples(docket.dataset.train.images, "train", docket.dataset.id, model),
        indices,
        key="court_neighbours",
        captions=[
            tr("{label}\ndistance {distance:.1f}", label=label, distance=distance)
            for label, distance in zip(labels, nearest.distances[others], strict=True)
        ],
        titles=[
            tr("training image {index}, label {label}", index=index, label=label)
            for index, label in zip(indices, labels, strict=True)
        ],
        tile=96,
    )
