"""The panel of a picture of a digit: the picture enlarged, a model's ten probabilities, and links to other pages.

A dialog rather than a panel beside the grid: it opens where the visitor looks, moves nothing, and closes with Esc.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import streamlit as st

from core.classifier.predictor import Reading
from core.errors import DataError, TrazoError
from core.ink.drawing import Drawing, Pixels
from core.language import Message, tr
from core.runs.active import model_names
from dashboard.parts.image_links import (
    find_similar_link,
    image_links,
    image_name,
    image_title,
    look_inside_link,
    open_in_draw_link,
)
from dashboard.parts.pixel_table import pixel_table
from dashboard.parts.png import png_data_uri
from dashboard.parts.prediction import show_prediction
from dashboard.session import cache, drawings, state
from dashboard.session.drawings import Strokes
from dashboard.session.markdown import plain
from dashboard.session.permission import safe_text

STYLE = Path(__file__).resolve().parents[1] / "assets" / "picture_panel.css"


@dataclass(frozen=True)
class Picture:
    """A picture of a digit.

    `image`: uint8 (28, 28), which the model reads. `sample`: the name of an image of a dataset, such as "test-947", or
    None. `drawing`: the canvas objects with which Draw opens any other picture; None for the picture that Draw shows.
    `source`: a data URI to show instead of the image. `note`: a sentence below the title.
    """

    title: str
    image: Pixels
    sample: str | None = None
    dataset: str = "mnist"
    drawing: Strokes | None = None
    source: str | None = None
    note: str = ""


def sample_picture(split: str, index: int, dataset: str, note: str = "") -> Picture:
    """Return an image of a dataset; raise DataError if the dataset is not on this machine."""
    images = cache.dataset(dataset).split(split)
    title = image_title(split, index, images.labels[index])
    return Picture(title, images.images[index], image_name(split, index), dataset, note=note)


def show_panel(pictures: Sequence[Picture], model: str | None = None) -> None:
    """Open the panel with one picture, or with a switch between several; `model` or the active model reads them."""
    if state.page_refreshes():
        # Streamlit fails if a fragment with a timer opens a dialog, so the page itself opens it.
        state.request_panel((pictures, model))
        st.rerun()
    _open(pictures, model)


def show_samples_panel(
    samples: Sequence[tuple[str, int]], dataset: str, model: str | None = None, note: str = ""
) -> None:
    """Open the panel with images of a dataset, given their splits and indices."""
    try:
        pictures = [sample_picture(split, index, dataset, note) for split, index in samples]
    except DataError as error:  # the dataset was removed after the page was drawn
        st.toast(safe_text(error), icon=":material/error:")
        return
    show_panel(pictures, model)


def show_requested_panel() -> None:
    """Open the panel that a fragment with a timer has asked for."""
    request = state.take_requested_panel()
    if request is not None:
        _open(*request)


def _open(pictures: Sequence[Picture], model: str | None) -> None:
    title = pictures[0].title if len(pictures) == 1 else tr("Two images")
    st.dialog(title, width="medium")(_show)(pictures, model)


def _show(pictures: Sequence[Picture], model: str | None) -> None:
    """Show the contents of the panel."""
    st.html(STYLE)
    picture = pictures[0]
    if len(pictures) > 1:
        chosen_position = st.segmented_control(
            tr("Image"),
            range(len(pictures)),
            format_func=lambda position: pictures[position].title,
            default=0,
            required=True,
            key="panel_image",
            label_visibility="collapsed",
        )
        picture = pictures[chosen_position]
    if picture.note:
        st.markdown(picture.note)
    with st.container(key="panel"):
        with st.container(key="panel_picture"):
            st.html(f'<img alt="{escape(picture.title)}" src="{picture.source or png_data_uri(picture.image)}">')
        with st.container(key="panel_answer_frame"):
            model = _show_reading(picture, model)
    _show_links(picture, model)
    with st.expander(tr("Pixel values"), icon=":material/grid_on:", key="panel_pixels", on_change="rerun") as pixels:
        if pixels.open:
            st.caption(_pixel_sentence(picture.image))
            pixel_table(picture.image)


def _show_reading(picture: Picture, model: str | None) -> str | None:
    """Show the reading by `model`, or by the active model if `model` has no bundle; return the name of the one used."""
    try:
        name, reading = _read(picture.image, model)
    except TrazoError as error:
        st.warning(safe_text(error), icon=":material/warning:")
        return None
    show_prediction(reading, tr("No ink"), key="panel_answer")
    title = model_names(state.workspace()).get(name, name)
    title = tr(title) if isinstance(title, Message) else title
    st.caption(tr("Read by: {model}", model=plain(title)))
    return name


def _read(image: Pixels, model: str | None) -> tuple[str, Reading]:
    active, predictor = cache.predictor().current()
    if model is not None and model != active.name and (bundle := cache.models().get(model)):
        return model, cache.bundle_predictor(bundle).read_drawing(Drawing.of_image(image))
    return active.name, predictor.read_drawing(Drawing.of_image(image))


def _show_links(picture: Picture, model: str | None) -> None:
    if picture.sample is not None:
        image_links(picture.sample, picture.image, dataset=picture.dataset, model=model)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if picture.drawing is not None:
            drawings.offer(picture.drawing)
            open_in_draw_link(drawings.OFFERED, picture.image)
            return
        look_inside_link(model=model)
        if drawings.inspected_ink() is None:
            find_similar_link(None, model=model)


def _pixel_sentence(image: Pixels) -> str:
    ink = image[image > 0]
    mean = np.mean(ink) if ink.size else 0
    return tr(
        "28 by 28 pixels with values from 0 (black paper) to 255 (white ink). {ink} of {pixels} pixels contain ink, "
        "with a mean value of {mean:.0f}.",
        ink=ink.size,
        pixels=image.size,
        mean=mean,
    )
