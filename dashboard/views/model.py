"""Model: what a network is made of, its files, and its graph in Netron."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from core.classifier.bundle import Bundle, Card
from core.errors import BundleError
from core.storage import read_file
from dashboard.classifier.layers import filter_pictures, layer_table, setting_facts, training_facts, version_facts
from dashboard.classifier.model_picker import model_picker
from dashboard.parts.digit_grid import digit_grid
from dashboard.parts.headings import address, heading
from dashboard.session import cache
from dashboard.session.permission import sentence

NETRON_HEIGHT = 720


def summary(card: Card) -> None:
    """The figures that tell models apart at a glance."""
    metrics = card.metrics
    multiply_adds = sum(layer.multiply_adds for layer in card.layers)
    with st.grid(4, min_column_width=150):
        st.metric("Test accuracy", f"{metrics.test_accuracy:.2%}", border=True)
        st.metric("Parameters", f"{card.parameters:,}", border=True, help="Numbers that training has set.")
        st.metric(
            "Multiply-adds",
            f"{multiply_adds / 1e6:,.2f} M",
            border=True,
            help="Multiplications, each with an addition, to read one image.",
        )
        st.metric("Layers", str(len(card.layers)), border=True)


def layers(card: Card) -> None:
    """The layers in the order in which an image goes through them."""
    st.subheader("Layers", anchor=False)
    st.markdown(
        "An image of 28 × 28 pixels enters at the top; the probabilities of the ten digits leave at the bottom."
    )
    st.dataframe(
        layer_table(card),
        hide_index=True,
        height="content",
        column_config={
            "Parameters": st.column_config.NumberColumn(format="localized"),
            "Multiply-adds": st.column_config.NumberColumn(format="localized", help="For one image."),
        },
        key="layers",
        alt="The layers with their output shapes, parameters and multiply-adds",
    )


def filters(bundle: Bundle) -> None:
    """The first convolution's kernels as pictures."""
    st.subheader("First-layer filters", anchor=False)
    try:
        pictures = filter_pictures(cache.filters(bundle))
    except BundleError as error:
        st.info(sentence(error), icon=":material/info:")
        return
    st.markdown(
        "Each square is a small pattern that the first layer looks for all over the image: ink where it is teal, "
        "no ink where it is orange. Every filter is scaled to its own strongest weight."
    )
    digit_grid(
        pictures, key="filters", captions=[str(number + 1) for number in range(len(pictures))], tile=52, clickable=False
    )


def training(card: Card) -> None:
    """What it was trained on, with which settings and versions."""
    st.subheader("How it was trained", anchor=False)
    facts, settings, versions = st.tabs(["Training", "Settings", "Versions"])
    facts.table(training_facts(card), border="horizontal")
    settings.table(setting_facts(card), border="horizontal")
    versions.table(version_facts(card), border="horizontal")


def downloads(bundle: Bundle) -> None:
    """The model's files to take away."""
    st.subheader("Files", anchor=False)
    st.markdown("The `.keras` file opens in Keras and can be trained further; the `.tflite` file runs on phones, too.")
    with st.container(horizontal=True):
        for file in (bundle.keras_file, bundle.tflite_file):
            download(file)


def download(file: Path) -> None:
    st.download_button(
        f"{file.name} ({cache.file_size(file) / 1e6:.1f} MB)",
        data=partial(read_file, file),
        file_name=file.name,
        mime="application/octet-stream",
        icon=":material/download:",
        key=f"download_{file.suffix}",
        on_click="ignore",
    )


def netron(name: str, bundle: Bundle) -> None:
    """The graph of layers in Netron, embedded and as a link."""
    st.subheader("Graph", anchor=False)
    st.markdown("Netron draws the network as a graph; click a layer to see its settings and weights.")
    files = [bundle.keras_file.name, bundle.tflite_file.name]
    with st.container(horizontal=True, vertical_alignment="center"):
        file = st.segmented_control(
            "File", files, default=files[0], required=True, key="netron_file", label_visibility="collapsed"
        )
        url = address(f"netron/?{urlencode({'url': address(f'models/{name}/{file}'), 'identifier': file})}")
        st.link_button("Open in a new tab", url, icon=":material/open_in_new:")
    with st.container(border=True):
        st.iframe(url, height=NETRON_HEIGHT, alt="The network as a graph")


def page(name: str, bundle: Bundle) -> None:
    """All about one model."""
    try:
        card = cache.card(bundle)
    except BundleError as error:
        st.error(sentence(error), icon=":material/error:")
        return
    summary(card)
    downloads(bundle)
    layers(card)
    filters(bundle)
    training(card)
    netron(name, bundle)


heading("Model", "What the network is made of, layer by layer, what its first filters look for, and its files.")
page(*model_picker("model_choice"))
