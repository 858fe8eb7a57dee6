"""The Model page: a network's files and layers, and its graph in Netron."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from core.classifier.bundle import Bundle, Card
from core.errors import BundleError
from core.language import Message, tr
from dashboard.classifier.layers import filter_pictures, layer_table, setting_facts, training_facts, version_facts
from dashboard.classifier.model_picker import model_picker
from dashboard.exports.files import file_list
from dashboard.exports.parity import parity_panel
from dashboard.exports.programs import programs
from dashboard.parts.digit_grid import digit_grid
from dashboard.parts.glossary import term, text_with_terms
from dashboard.parts.headings import heading
from dashboard.parts.links import link
from dashboard.parts.metric_tiles import (
    MIN_TILE_WIDTH,
    brief_fit_note,
    metric_tile,
    parameters_tile,
    test_accuracy_tile,
)
from dashboard.session import cache
from dashboard.session.permission import safe_text

# Height of Netron's frame in pixels: tall enough to show a preset's graph with little scrolling.
NETRON_HEIGHT = 720

FORMAT_DESCRIPTION = Message("""
| | Shape | Values |
|---|---|---|
| **Input** | `(n, 28, 28, 1)`, float32 | 0 to 1: white ink (1) on black (0), centred as in MNIST |
| **Output** | `(n, 10)`, float32 | The probabilities of the digits 0 to 9 |

In MNIST, each digit fits into a box of 20 × 20 pixels, and its centre of mass is at the centre of the image.
""")


def show_metrics(card: Card) -> None:
    """Draw the headline metrics."""
    multiply_adds = sum(layer.multiply_adds for layer in card.layers)
    with st.container(key="figures"), st.grid(4, min_column_width=MIN_TILE_WIDTH):
        test_accuracy_tile(card.metrics)
        parameters_tile(card)
        metric_tile(
            tr("Multiply-adds"),
            tr("{millions:,.2f} M", millions=multiply_adds / 1e6),
            tr("for one image"),
            tr("Number of multiplications, each followed by an addition, to classify one image."),
        )
        metric_tile(tr("Layers"), str(len(card.layers)), tr("input to output"))
    brief_fit_note(card)


def show_layers(card: Card) -> None:
    """Draw the table of layers, from input to output."""
    st.subheader(tr("Layers"), anchor=False)
    text_with_terms(
        tr(
            "From the image of 28 × 28 pixels at the top to the probabilities of the ten digits at the bottom, which "
            "{softmax} computes.",
            softmax=term("softmax"),
        )
    )
    st.dataframe(
        layer_table(card),
        hide_index=True,
        height="content",
        column_config={
            "Layer": st.column_config.TextColumn(tr("Layer"), pinned=True, width=170),
            "Kind": st.column_config.TextColumn(tr("Kind")),
            "In plain words": st.column_config.TextColumn(tr("In plain words"), width=240),
            "Output shape": st.column_config.TextColumn(tr("Output shape")),
            "Parameters": st.column_config.NumberColumn(tr("Parameters"), format="localized"),
            "Multiply-adds": st.column_config.NumberColumn(
                tr("Multiply-adds"), format="localized", help=tr("For one image.")
            ),
            "Activation": st.column_config.TextColumn(tr("Activation")),
        },
        key="layers",
        alt=tr("The layers with their output shapes, parameters and multiply-adds"),
    )


def show_filters(bundle: Bundle) -> None:
    """Draw the kernels of the first convolution as pictures."""
    st.subheader(tr("First-layer filters"), anchor=False)
    try:
        pictures = filter_pictures(cache.filters(bundle))
    except BundleError as error:
        st.info(safe_text(error), icon=":material/info:")
        return
    st.markdown(
        tr(
            "Each square is a small pattern that the first layer detects anywhere in the image: teal means ink, "
            "orange means no ink. Each filter is scaled by its largest weight."
        )
    )
    digit_grid(
        pictures, key="filters", captions=[str(index + 1) for index in range(len(pictures))], tile=52, clickable=False
    )


def show_training(card: Card) -> None:
    """Draw tables of the training data, the settings and the software versions."""
    st.subheader(tr("How it was trained"), anchor=False)
    facts, settings, versions = st.tabs([tr("Training"), tr("Settings"), tr("Versions")])
    facts.table(training_facts(card), border="horizontal")
    settings.table(setting_facts(card), border="horizontal")
    versions.table(version_facts(card), border="horizontal")


def show_files(bundle: Bundle) -> None:
    """Show the model's files and their format."""
    st.subheader(tr("Files"), anchor=False)
    st.markdown(
        tr("Take the model with you: each file contains the same network in the format of a different program.")
    )
    file_list(bundle)
    st.markdown(
        tr(
            "The network has the same input and output in each file. The `.tflite` file has a second output, "
            "`features`, for the detector of non-digits."
        )
    )
    st.markdown(tr(FORMAT_DESCRIPTION))


def show_netron(name: str, bundle: Bundle) -> None:
    """Draw the network's graph in Netron, embedded and as a link."""
    st.subheader(tr("Graph"), anchor=False)
    st.markdown(tr("The network as a graph, drawn by Netron. Click a layer to see its settings and weights."))
    files = [bundle.keras_file.name, bundle.tflite_file.name]
    with st.container(horizontal=True, vertical_alignment="center"):
        file = st.segmented_control(
            tr("File"), files, default=files[0], required=True, key="netron_file", label_visibility="collapsed"
        )
        theme = st.context.theme.type or "light"
        options = {"url": link(f"models/{name}/{file}"), "identifier": file, "theme": theme}
        url = link(f"netron/?{urlencode(options)}")
        st.link_button(tr("Open in a new tab"), url, icon=":material/open_in_new:")
    # Each URL has its own frame, because a frame whose URL changes adds an entry to the browser's history.
    with st.container(border=True, key=f"netron_{name}_{file}_{theme}"):
        st.iframe(url, height=NETRON_HEIGHT, alt=tr("The network as a graph"))


def show_page(name: str, bundle: Bundle) -> None:
    """Draw everything about one model."""
    try:
        card = cache.card(bundle)
    except BundleError as error:
        st.error(safe_text(error), icon=":material/error:")
        return
    show_metrics(card)
    show_files(bundle)
    programs(name)
    parity_panel(name, bundle)
    show_layers(card)
    show_filters(bundle)
    show_training(card)
    show_netron(name, bundle)


heading(Message("Model"), tr("The network layer by layer, the patterns that its first layer detects, and its files."))
show_page(*model_picker("model_choice"))
