"""The Data page: the images of MNIST, similar images and near duplicates, or the strokes of the pen digits."""

from collections.abc import Callable, Mapping

import streamlit as st

from core.data.datasets import TITLES, Dataset
from core.language import Message, tr
from dashboard.classifier.model_picker import model_picker
from dashboard.data.banner import show_data_banner
from dashboard.data.images import show_images
from dashboard.data.pen_digits import show_pen_digits
from dashboard.explain.map import show_data_map
from dashboard.explain.near_duplicates import show_near_duplicates
from dashboard.explain.similar import show_similar_images
from dashboard.parts.headings import heading
from dashboard.session import address, cache, state


def show_similar(data: Dataset) -> None:
    """Show the images similar to an image or a drawing, according to the chosen model."""
    model, bundle = model_picker("similar_model")
    show_similar_images(data, bundle, model)


DATASETS: dict[str, str] = {"mnist": Message("MNIST"), "pen-digits": Message("Pen digits")}
STAND_IN = "digits"
VIEWS: dict[str, tuple[Message, Callable[[Dataset], None]]] = {
    "images": (Message("Images"), show_images),
    state.SIMILAR: (Message("Similar"), show_similar),
    "map": (Message("Map"), show_data_map),
    "duplicates": (Message("Near duplicates"), show_near_duplicates),
}


def choose(label: str, options: Mapping[str, str], key: str, parameter: str) -> str:
    """Let the visitor choose an option by its title; write it to the URL, unless it is the first option."""
    first = next(iter(options))
    st.session_state.setdefault(key, address.choice(parameter, options, first))
    st.segmented_control(
        label,
        list(options),
        format_func=lambda option: tr(options[option]),
        required=True,
        key=key,
        label_visibility="collapsed",
    )
    chosen: str = st.session_state[key]
    address.keep(**{parameter: None if chosen == first else chosen})
    return chosen


def choose_dataset() -> str:
    """Let the visitor choose a dataset and return its id; the stand-in is an option only if a link leads to it."""
    stand_in = STAND_IN in {address.value("dataset"), st.session_state.get(state.DATA_SET)}
    options = DATASETS | ({STAND_IN: TITLES[STAND_IN]} if stand_in else {})
    return choose(tr("Dataset"), options, state.DATA_SET, "dataset")


def choose_view() -> Callable[[Dataset], None]:
    """Let the visitor choose a view and return its function."""
    titles = {name: title for name, (title, _) in VIEWS.items()}
    return VIEWS[choose(tr("View"), titles, state.DATA_VIEW, "view")][1]


heading(Message("Data"), tr("Browse the handwritten digits that a network learns from."))
with st.container(horizontal=True):
    dataset = choose_dataset()
    show_view = choose_view() if dataset != "pen-digits" else None
if show_view is None:
    show_pen_digits()
else:
    data, problem = (cache.dataset(dataset), None) if dataset == STAND_IN else cache.usable_dataset()
    show_data_banner(problem)
    show_view(data)
