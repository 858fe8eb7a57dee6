"""A dataset of images on the Data page: its sizes, its images, its classes, and a preview of augmentation."""

from __future__ import annotations

import streamlit as st

from core.data.datasets import Dataset
from core.language import number, tr
from dashboard.data.augmentation import show_augmentation
from dashboard.data.classes import show_classes
from dashboard.data.samples import show_samples
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH
from dashboard.session.permission import safe_text
from dashboard.training.wording import display_value


def show_images(data: Dataset) -> None:
    """Show a dataset of images."""
    with st.grid(4, min_column_width=MIN_TILE_WIDTH):
        st.metric(tr("Dataset"), display_value("dataset", data.id))
        st.metric(tr("Training images"), number(len(data.train), ","), help=tr("The network learns from these."))
        st.metric(
            tr("Validation images"),
            number(len(data.validation), ","),
            help=tr(
                "Set aside from the training images, the same fraction of each digit, to choose settings and epochs."
            ),
        )
        st.metric(
            tr("Test images"),
            number(len(data.test), ","),
            help=tr("Used only once, after training, to measure the test accuracy."),
        )
    tabs = st.tabs([tr("Samples"), tr("Classes"), tr("Augmentation")])
    with tabs[0]:
        show_samples(data)
    with tabs[1]:
        show_classes(data)
    with tabs[2]:
        show_augmentation(data)
    st.caption(
        tr(
            "Source: {source}. Fingerprint of the data: `{fingerprint}…`",
            source=safe_text(data.origin),
            fingerprint=data.fingerprint[:16],
        )
    )
