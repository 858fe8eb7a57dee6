"""MNIST on the Data page: its sizes, its images, its classes, and a preview of augmentation."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.data.datasets import Dataset
from dashboard.data.augmentation import show_augmentation
from dashboard.data.banner import show_data_banner
from dashboard.data.classes import show_classes
from dashboard.data.samples import show_samples
from dashboard.session import address, cache
from dashboard.session.permission import safe_text
from dashboard.training.wording import display_value

_TABS = ("Samples", "Classes", "Augmentation", "Map")


def show_images(show_map: Callable[[Dataset], None]) -> None:
    """Show MNIST, or the stand-in and a banner with the reason. `show_map` draws the tab "Map"."""
    data, problem = cache.usable_dataset()
    show_data_banner(problem)
    with st.container(horizontal=True):
        st.metric("Dataset", display_value("dataset", data.id), border=True)
        st.metric("Training images", f"{len(data.train):,}", border=True, help="The network learns from these.")
        st.metric(
            "Validation images",
            f"{len(data.validation):,}",
            border=True,
            help="Set aside from the training images, the same fraction of each digit, to choose settings and epochs.",
        )
        st.metric(
            "Test images",
            f"{len(data.test):,}",
            border=True,
            help="Used only once, after training, to measure the test accuracy.",
        )
    st.caption(f"Source: {safe_text(data.origin)}. Fingerprint of the data: `{data.fingerprint[:16]}…`")
    # With `on_change`, a tab knows whether it is open. The map is drawn only then, because it loads a large library.
    tabs = st.tabs(_TABS, default=address.choice("tab", _TABS, _TABS[0]), key="data_tabs", on_change="rerun")
    opened = next((name for name, tab in zip(_TABS, tabs, strict=True) if tab.open), _TABS[0])
    address.keep(tab=None if opened == _TABS[0] else opened)
    with tabs[0]:
        show_samples(data)
    with tabs[1]:
        show_classes(data)
    with tabs[2]:
        show_augmentation(data)
    with tabs[3]:
        if opened == "Map":
            show_map(data)
