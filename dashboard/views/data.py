"""The Data page: what the images are, one by one and as a whole."""

import numpy as np
import streamlit as st

from core.config import LIMITS, AugmentationConfig
from core.data.augmentation import augment
from core.data.datasets import SPLITS, Dataset, class_counts, sample_order
from dashboard.data.banner import data_banner
from dashboard.parts import charts
from dashboard.parts.digit_grid import digit_grid
from dashboard.parts.headings import heading
from dashboard.parts.pixel_table import pixel_table
from dashboard.parts.png import image_html
from dashboard.parts.theme import text_colour
from dashboard.session import cache
from dashboard.session.permission import sentence
from dashboard.training.wording import SETTINGS, in_words

PAGE = 60
VARIANTS = 24
DIGITS = list(range(10))
# What the sliders show at first: changes that can be seen, of digits that can be read.
AUGMENTATION_START = {
    "rotation": 10.0,
    "shift": 0.06,
    "zoom": 0.1,
    "shear": 8.0,
    "elastic": 0.8,
    "stroke": 0.4,
    "noise": 0.0,
}


@st.fragment
def samples(data: Dataset) -> None:
    """The grid, its filters, and the image that was clicked."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = st.segmented_control(
            "Part", SPLITS, default="train", format_func=str.capitalize, required=True, key="data_split"
        )
        chosen = st.pills("Digits", DIGITS, selection_mode="multi", key="data_digits", help="None chosen shows all.")
        shuffled = st.toggle("Shuffle", key="data_shuffle")
        seed = None
        if shuffled:
            seed = st.number_input(
                "Seed",
                min_value=0,
                value=1,
                key="data_seed",
                width=120,
                help="The same seed gives the same order, here and on any machine.",
            )
    part = data.split(split)
    order = sample_order(part.labels, chosen, seed)
    pages = max(1, -(-len(order) // PAGE))
    with st.container(horizontal=True, vertical_alignment="center"):
        page = st.number_input(
            f"Page, of {pages:,}",
            min_value=1,
            max_value=pages,
            value=1,
            key=f"data_page_{split}_{chosen}_{shuffled}",
            width=160,
        )
        st.caption(f"{len(order):,} images. Click one to see its pixels.")
    shown = order[(page - 1) * PAGE : page * PAGE]
    clicked = digit_grid(
        part.images[shown],
        key="data_grid",
        captions=[str(label) for label in part.labels[shown]],
        titles=[f"{part.labels[index]}, image {index}" for index in shown],
        tile=52,
    )
    if clicked is not None and clicked < len(shown):
        index = int(shown[clicked])
        detail(part.images[index], int(part.labels[index]), split, index)


@st.dialog("One image in detail", width="medium")
def detail(image: np.ndarray, label: int, split: str, index: int) -> None:
    """One image, large, with its pixel values."""
    left, right = st.columns([1, 4], vertical_alignment="center")
    left.html(image_html(image, 120))
    with right:
        st.markdown(f"**Image {index:,} of the {split} part: a {label}**")
        st.caption(
            f"28 by 28 pixels from 0 (black, paper) to 255 (white, ink). {int((image > 0).sum())} of 784 hold ink; "
            f"their mean is {image[image > 0].mean() if image.any() else 0:.0f}."
        )
    pixel_table(image)


@st.fragment
def classes(data: Dataset) -> None:
    """Class balance and mean images."""
    split = st.segmented_control(
        "Part", SPLITS, default="train", format_func=str.capitalize, required=True, key="classes_split"
    )
    counts = class_counts(data.split(split))
    st.subheader("How many of each digit", anchor=False)
    st.altair_chart(charts.class_balance(counts, text_colour()), width="stretch")
    st.subheader("The mean image of each digit", anchor=False)
    st.caption("Every image of a digit laid over each other: bright where most people put ink.")
    digit_grid(
        cache.class_means(data.id, split),
        key="data_means",
        captions=[f"{digit} · {count:,}" for digit, count in enumerate(counts)],
        tile=84,
        clickable=False,
    )


@st.fragment
def augmentation(data: Dataset) -> None:
    """What random changes do to an image."""
    st.markdown(
        "Augmentation shows the network each image a little differently every time, so that it learns the digit "
        "and not the one drawing. Move the sliders to see what a training with these settings would see."
    )
    with st.grid(3, min_column_width=150):
        values = {name: _slider(name, start) for name, start in AUGMENTATION_START.items()}
        index = st.number_input(
            "Training image", 0, len(data.train) - 1, 0, key="aug_image", help="Its number in the Samples tab."
        )
        seed = st.number_input("Seed", 0, value=1, key="aug_seed", help="Another number shows other chance changes.")
    original = data.train.images[index]
    copies = np.repeat(original[np.newaxis], VARIANTS, axis=0)
    changed = augment(copies, AugmentationConfig(**values), np.random.default_rng(seed))
    left, right = st.columns([1, 4])
    with left:
        st.caption("As it is")
        st.html(image_html(original, 160))
    with right:
        st.caption("As a training might see it")
        digit_grid(changed, key="aug_grid", tile=64, clickable=False)


def _slider(name: str, start: float) -> float:
    setting = SETTINGS[name]
    return st.slider(setting.label, *LIMITS[name], start, setting.step, key=f"aug_{name}", help=setting.help)


heading(
    "Data", "The handwritten digits that a network learns from: look through all of them, one by one or as a whole."
)
data, problem = cache.usable_dataset()
data_banner(problem)
with st.container(horizontal=True):
    st.metric("Dataset", in_words("dataset", data.id), border=True)
    st.metric("Training images", f"{len(data.train):,}", border=True, help="The network learns from these.")
    st.metric(
        "Validation images",
        f"{len(data.validation):,}",
        border=True,
        help="Set aside from the training set, the same share of each digit: settings and epochs are chosen on these.",
    )
    st.metric("Test images", f"{len(data.test):,}", border=True, help="Used once, for the figure at the end.")
st.caption(f"From {sentence(data.origin)}. Fingerprint of the contents: `{data.fingerprint[:16]}…`")
tabs = st.tabs(["Samples", "Classes", "Augmentation"])
with tabs[0]:
    samples(data)
with tabs[1]:
    classes(data)
with tabs[2]:
    augmentation(data)
