"""The Data page: the images of MNIST, or the strokes of the pen digits."""

import streamlit as st

from dashboard.data.images import show_images
from dashboard.data.pen_digits import show_pen_digits
from dashboard.explain.map import show_data_map
from dashboard.parts.headings import heading
from dashboard.session import address

DATASETS = {"mnist": "MNIST", "pen-digits": "Pen digits"}

heading("Data", "Browse the handwritten digits that a network learns from.")
chosen = st.segmented_control(
    "Dataset",
    list(DATASETS),
    default=address.choice("dataset", DATASETS, "mnist"),
    format_func=DATASETS.__getitem__,
    required=True,
    key="data_dataset",
    label_visibility="collapsed",
)
address.keep(dataset=None if chosen == "mnist" else chosen)
if chosen == "mnist":
    show_images(show_data_map)
else:
    show_pen_digits()
