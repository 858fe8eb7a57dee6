"""The view "Similar" of the Data page: the images most similar to an image or to a drawing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from core.classifier.bundle import Bundle
from core.classifier.predictor import Reading
from core.data.datasets import Dataset
from core.errors import DataError, DataMissing, TrazoError
from core.handwriting.pen_digits import BRUSH_WIDTH
from core.ink.drawing import Pixels
from core.language import Message, tr
from dashboard.draw import canvas
from dashboard.explain.csv_lists import similar_csv
from dashboard.explain.subject import Subject, dataset_of_page, drawing_on_canvas, sample
from dashboard.parts.image_links import look_inside_link, open_in_draw_link
from dashboard.parts.png import image_html
from dashboard.parts.prediction import joined_digits
from dashboard.parts.sample_grid import Samples, sample_grid
from dashboard.parts.splits import SPLIT_TITLES
from dashboard.session import address, cache, state
from dashboard.session.permission import safe_text

STYLE = Path(__file__).resolve().parents[1] / "assets" / "similar.css"
COUNTS = ["24", "48", "96"]
QUERIES = {state.IMAGE_QUERY: Message("An image"), state.DRAWING_QUERY: Message("A drawing")}

_TITLES = {
    "train": Message("{rank}: training image {index}, label {label}"),
    "validation": Message("{rank}: validation image {index}, label {label}"),
    "test": Message("{rank}: test image {index}, label {label}"),
}
_OTHER_LABELS = {
    "train": Message("The {count} nearest training images that are not labelled {digit}."),
    "validation": Message("The {count} nearest validation images that are not labelled {digit}."),
    "test": Message("The {count} nearest test images that are not labelled {digit}."),
}
_SAME_LABEL = {
    "train": Message("{same} of the {count} nearest training images are labelled {digit}."),
    "validation": Message("{same} of the {count} nearest validation images are labelled {digit}."),
    "test": Message("{same} of the {count} nearest test images are labelled {digit}."),
}

_PICTURE_WIDTH = 280
"""Width of the query in pixels, the same as the width of the canvas."""


@dataclass(frozen=True)
class Query:
    """An image uint8 (28, 28) to search for.

    `digit`: the label, or the prediction for a drawing. `name`: the name of a dataset image, such as "test-947",
    or "drawing". `dataset`: id of the dataset to search in.
    """

    image: Pixels
    digit: int
    name: str
    dataset: str

    def index_in(self, split: str) -> int | None:
        """Return the index of the query in a split, or None if the split does not contain it."""
        own_split, _, number = self.name.rpartition("-")
        return int(number) if own_split == split else None


@dataclass(frozen=True)
class Scope:
    """The split to search, and how many images to find; `other_labels_only` leaves out those with the query's digit."""

    split: str
    count: int
    other_labels_only: bool


@st.fragment
def show_similar_images(data: Dataset, bundle: Bundle, model: str) -> None:
    """Let the visitor choose or draw a query, and show the images that are most similar to it."""
    st.html(STYLE)
    st.html(canvas.STYLE)
    st.markdown(
        tr(
            "The network describes each image by the numbers that enter its last layer, its **features**. These images "
            "have the most similar features."
        )
    )
    with st.container(key="similar"):
        with st.container(key="similar_query_frame"):
            query = _choose_query(data, bundle)
        with st.container(key="similar_scope"):
            scope = _choose_scope()
        with st.container(key="similar_results"):
            if query is not None:
                _show_results(query, scope, bundle, model)


def _choose_query(data: Dataset, bundle: Bundle) -> Query | None:
    """Let the visitor choose an image or draw; return None and say what to do if there is no query yet."""
    name = address.value("image")
    default = state.DRAWING_QUERY if name is None else state.IMAGE_QUERY
    st.session_state.setdefault(state.QUERY, address.choice("query", QUERIES, default))
    kind = st.segmented_control(
        tr("Similar to"),
        list(QUERIES),
        format_func=lambda kind: tr(QUERIES[kind]),
        required=True,
        key=state.QUERY,
        label_visibility="collapsed",
    )
    address.keep(image=name, query=kind if kind != default else None)
    subject = None
    try:
        subject = _draw() if kind == state.DRAWING_QUERY else _image(name)
    except TrazoError as error:
        _show_error(error)
    if kind == state.IMAGE_QUERY:
        _offer_random_image(data)
    return None if subject is None else _query(subject, data, bundle)


def _draw() -> Subject | None:
    """Show the canvas, and return the drawing on it."""
    width = canvas.choose_width(False)
    st.html(f"<style>.st-key-similar {{ --canvas-width: {width}; --canvas-height: {canvas.HEIGHT} }}</style>")
    canvas.show(BRUSH_WIDTH, width)
    canvas.show_buttons()
    drawing = drawing_on_canvas()
    if drawing is None:
        st.caption(tr("Draw a digit. The images that look like it appear after every stroke."))
    return drawing


def _image(name: str | None) -> Subject | None:
    """Show the image with this name, and return it."""
    if name is None:
        st.caption(tr('Click an image on any page and choose "Find similar", or take a random image.'))
        return None
    dataset = dataset_of_page()
    try:
        subject = sample(name, dataset)
    except DataMissing:  # the banner on this page offers to download it
        raise DataError(
            Message("MNIST is not on this machine yet, so its image {image} cannot be shown.", image=name[:40])
        ) from None
    st.html(image_html(subject.picture, _PICTURE_WIDTH, subject.title))
    st.markdown(f"**{subject.title}**")
    with st.container(horizontal=True):
        look_inside_link(subject.key, dataset=dataset)
        open_in_draw_link(subject.key, subject.picture, dataset=dataset)
    return subject


def _offer_random_image(data: Dataset) -> None:
    if st.button(tr("Random image"), icon=":material/casino:", key="random_query", on_click=_take_random, args=(data,)):
        st.rerun()


def _take_random(data: Dataset) -> None:
    state.find_similar(f"train-{np.random.default_rng().integers(len(data.train))}", data.id)


def _query(subject: Subject, data: Dataset, bundle: Bundle) -> Query | None:
    """Return the query, and show the prediction for a drawing; return None and say why if it cannot be read."""
    try:
        reading = subject.read(cache.bundle_predictor(bundle))
    except TrazoError as error:
        _show_error(error)
        return None
    if reading.drawing.image is None or reading.digit is None:
        st.caption(tr("There is no ink in this query."))
        return None
    if subject.label is not None:
        return Query(reading.drawing.image, subject.label, subject.key, dataset_of_page())
    st.caption(_prediction(reading))
    return Query(reading.drawing.image, reading.digit, subject.key, data.id)


def _prediction(reading: Reading) -> str:
    """Return a sentence with the verdict: several digits, none, one, or both of a close call."""
    if reading.several:
        return tr("The model predicts: several digits.")
    if not reading.shown_digits:
        return tr("The model predicts: not a digit.")
    return tr("The model predicts: {digit}.", digit=joined_digits(reading.shown_digits))


def _show_error(error: TrazoError) -> None:
    st.warning(safe_text(error), icon=":material/search_off:")


def _choose_scope() -> Scope:
    """Let the visitor choose which images to search, and how many to show; write the choices to the URL."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = st.segmented_control(
            tr("Search in"),
            list(SPLIT_TITLES),
            default=address.choice("split", SPLIT_TITLES, "train"),
            format_func=lambda split: tr(SPLIT_TITLES[split]),
            required=True,
            key="similar_split",
        )
        count = st.segmented_control(
            tr("Images"),
            COUNTS,
            default=address.choice("count", COUNTS, COUNTS[0]),
            required=True,
            key="similar_count",
        )
        other_labels_only = st.toggle(
            tr("Other labels only"),
            value=address.switch("others", False),
            key="similar_others",
            help=tr("Leave out images with the query's label, or with the predicted digit of a drawing."),
        )
    address.keep(
        split=None if split == "train" else split,
        count=None if count == COUNTS[0] else count,
        others=address.switch_value(other_labels_only, False),
    )
    return Scope(split, int(count), other_labels_only)


def _show_results(query: Query, scope: Scope, bundle: Bundle, model: str) -> None:
    """Show the most similar images, nearest first, and offer them as CSV."""
    try:
        images = cache.dataset(query.dataset).split(scope.split).images
        nearest = cache.nearest_images(
            bundle,
            query.image,
            query.dataset,
            scope.split,
            scope.count,
            without=query.index_in(scope.split),
            without_label=query.digit if scope.other_labels_only else None,
        )
    except TrazoError as error:
        st.info(safe_text(error), icon=":material/info:")
        return
    labels = nearest.labels.tolist()
    with st.container(horizontal=True, vertical_alignment="center", key="similar_summary"):
        st.markdown(_summary(labels, query.digit, scope), width="stretch")
        st.download_button(
            "CSV",
            similar_csv(scope.split, nearest),
            f"similar-to-{query.name}.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="similar_csv",
        )
    sample_grid(
        Samples(images, scope.split, query.dataset, model),
        nearest.indices,
        key=f"similar_{scope.split}",
        captions=[
            tr("{label}\ndistance {distance:.1f}", label=label, distance=distance)
            for label, distance in zip(labels, nearest.distances, strict=True)
        ],
        titles=[
            tr(_TITLES[scope.split], rank=rank, index=index, label=label)
            for rank, (index, label) in enumerate(zip(nearest.indices.tolist(), labels, strict=True), 1)
        ],
        tile=66,
        marked=[]
        if scope.other_labels_only
        else [position for position, label in enumerate(labels) if label != query.digit],
    )


def _summary(labels: list[int], digit: int, scope: Scope) -> str:
    """Return a sentence with the number of images that have the query's digit as their label."""
    if scope.other_labels_only:
        return tr(_OTHER_LABELS[scope.split], count=len(labels), digit=digit)
    same = labels.count(digit)
    summary = tr(_SAME_LABEL[scope.split], same=same, count=len(labels), digit=digit)
    return summary if same == len(labels) else " ".join([summary, tr("The others have an orange frame.")])
