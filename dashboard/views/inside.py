"""The Inside page: how a model reads one picture, step by step, and what would change its prediction."""

import streamlit as st

from core.classifier.bundle import Bundle
from core.classifier.predictor import Predictor, Reading
from core.errors import BundleError, TrazoError
from core.ink.drawing import Pixels
from core.language import Message, tr
from dashboard.classifier.model_picker import model_picker
from dashboard.explain.counterfactual import show_counterfactual_section
from dashboard.explain.layers import show_layers_section
from dashboard.explain.map import show_map_section
from dashboard.explain.neighbours import show_neighbours_section
from dashboard.explain.steps import show_steps_section
from dashboard.explain.stress import show_stress_section
from dashboard.explain.subject import Subject, dataset_of_page, subject_of_page
from dashboard.explain.why import show_why_section
from dashboard.parts.empty_state import empty_drawing
from dashboard.parts.headings import heading
from dashboard.parts.image_links import find_similar_link, open_in_draw_link
from dashboard.parts.png import image_html
from dashboard.parts.prediction import show_prediction
from dashboard.session import cache
from dashboard.session.permission import safe_text

PICTURE_WIDTH = 280


def find_subject() -> Subject | None:
    """Return the picture of this page; if there is none, explain how to get one."""
    try:
        subject = subject_of_page()
    except TrazoError as error:
        st.warning(safe_text(error), icon=":material/search_off:")
        show_links()
        return None
    if subject is None:
        st.info(tr("Draw a digit first, or choose an image of the dataset."), icon=":material/draw:")
        show_links()
        empty_drawing("layers")
    return subject


def show_links() -> None:
    """Show links to the pages where a picture can be chosen."""
    with st.container(horizontal=True):
        st.page_link("views/draw.py", label=tr("Draw a digit"), icon=":material/draw:", width="content")
        st.page_link("views/data.py", label=tr("Choose an image"), icon=":material/grid_view:", width="content")


def show_top(subject: Subject, reading: Reading, model: str) -> None:
    """Show the picture beside its prediction."""
    with st.container(key="inside_top"):
        with st.container(key="inside_picture"):
            st.html(image_html(subject.picture, PICTURE_WIDTH, subject.title))
        with st.container(key="inside_answer_frame"):
            show_prediction(None if reading.verdict == "blank" else reading, tr("No ink"), key="inside_answer")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{subject.title}**", width="content")
        if subject.label is not None:
            find_similar_link(subject.key, dataset=dataset_of_page(), model=model)
            open_in_draw_link(subject.key, subject.picture, dataset=dataset_of_page())
        elif subject.on_canvas:
            find_similar_link(None, model=model)
        show_links()


def show_network_sections(bundle: Bundle, predictor: Predictor, model: str, image: Pixels, reading: Reading) -> None:
    """Show the sections that need the network's activations and gradients."""
    try:
        network = cache.numpy_network(bundle)
    except BundleError as error:
        st.warning(safe_text(error), icon=":material/warning:")
        return
    show_layers_section(network, bundle, predictor, reading, image, model)
    show_why_section(network, image, reading.candidates[0], model)
    show_counterfactual_section(network, predictor, reading, image, model)


heading(
    Message("Inside"),
    tr("See how a model reads one picture, from the ink to the prediction, and what would change its mind."),
)
subject = find_subject()
if subject is None:
    st.stop()
model, bundle = model_picker("inside_model")
try:
    predictor = cache.bundle_predictor(bundle)
    reading = subject.read(predictor)
except TrazoError as error:
    st.error(safe_text(error), icon=":material/error:")
    st.stop()
show_top(subject, reading, model)
show_steps_section(predictor, subject, reading)
if reading.drawing.image is not None:
    show_network_sections(bundle, predictor, model, reading.drawing.image, reading)
    preset = cache.card(bundle).config.preset
    show_stress_section(predictor, reading.drawing.image, preset, model, several=reading.several)
    show_neighbours_section(bundle, reading.drawing.image, model)
    show_map_section(bundle, reading.drawing.image, reading.verdict == "not_a_digit", model)
