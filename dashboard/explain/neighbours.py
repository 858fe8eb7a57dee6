"""The section "Similar training images": the nearest neighbours of the image in feature space."""

from __future__ import annotations

import streamlit as st

from core.classifier.bundle import Bundle
from core.errors import TrazoError
from core.explain.neighbours import Neighbours
from core.ink.drawing import Pixels
from core.language import tr
from dashboard.parts.sample_grid import Samples, sample_grid
from dashboard.session import cache
from dashboard.session.permission import safe_text

COUNT = 12
"""Number of images: two rows of six on a desktop."""


@st.fragment
def show_neighbours_section(bundle: Bundle, image: Pixels, model: str) -> None:
    """Show the training images that the network finds most similar, with labels and distances."""
    st.subheader(tr("Similar training images"), anchor=False)
    try:
        dataset_id = cache.card(bundle).config.dataset
        train = cache.dataset(dataset_id).train
        nearest = cache.nearest_training_images(bundle, image, COUNT)
    except TrazoError as error:
        st.info(safe_text(error), icon=":material/info:")
        return
    st.markdown(
        tr(
            "The network describes each image by the numbers that enter its last layer, its **features**. These "
            "training images have the most similar features. The distance is 0 for the same image."
        )
    )
    st.caption(_summary(nearest))
    pairs = list(zip(nearest.indices.tolist(), nearest.labels.tolist(), strict=True))
    sample_grid(
        Samples(train.images, "train", dataset_id, model),
        nearest.indices,
        key="neighbours",
        captions=[
            tr("{label}\ndistance {distance:.1f}", label=label, distance=distance)
            for (_, label), distance in zip(pairs, nearest.distances, strict=True)
        ],
        titles=[tr("training image {index}, label {label}", index=index, label=label) for index, label in pairs],
        tile=120,
    )


def _summary(nearest: Neighbours) -> str:
    """Return a sentence with the number of images that have the most frequent label."""
    labels = nearest.labels.tolist()
    most_frequent = max(labels, key=labels.count)
    return tr(
        "{same} of the {count} nearest images are labelled {label}.",
        same=labels.count(most_frequent),
        count=len(labels),
        label=most_frequent,
    )
