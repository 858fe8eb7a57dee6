"""The Augmentation tab: random variants of one training image."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.config import LIMITS, AugmentationConfig
from core.data.augmentation import augment
from core.data.datasets import Dataset
from core.language import tr
from dashboard.parts.digit_grid import digit_grid
from dashboard.parts.png import image_html
from dashboard.training.wording import SETTINGS

_VARIANTS = 24
"""Number of variants shown: three rows on a laptop."""

_DEFAULTS = {
    "rotation": 10.0,
    "shift": 0.06,
    "zoom": 0.1,
    "shear": 8.0,
    "elastic": 0.8,
    "stroke": 0.4,
    "noise": 0.0,
}
"""Initial settings: strong enough to be visible, and weak enough for the digits to stay readable."""


@st.fragment
def show_augmentation(data: Dataset) -> None:
    """Show an image and its random variants for settings that the visitor chooses."""
    st.markdown(
        tr(
            "Augmentation changes each image a little at random whenever the network sees it, so that the network "
            "learns the digit rather than one particular drawing. Move the sliders to preview a setting."
        )
    )
    with st.grid(3, min_column_width=150):
        values = {name: _slider(name, value) for name, value in _DEFAULTS.items()}
        index = st.number_input(
            tr("Training image"),
            0,
            len(data.train) - 1,
            0,
            key="aug_image",
            help=tr("The number of the image in the Samples tab."),
        )
        seed = st.number_input(tr("Seed"), 0, value=1, key="aug_seed", help=tr("Another seed gives other variants."))
    original = data.train.images[index]
    copies = np.repeat(original[np.newaxis], _VARIANTS, axis=0)
    variants = augment(copies, AugmentationConfig(**values), np.random.default_rng(seed))
    left, right = st.columns([1, 4])
    with left:
        st.caption(tr("Original"))
        st.html(image_html(original, 160))
    with right:
        st.caption(tr("Augmented"))
        digit_grid(variants, key="aug_grid", tile=64, clickable=False)


def _slider(name: str, value: float) -> float:
    setting = SETTINGS[name]
    return st.slider(tr(setting.label), *LIMITS[name], value, setting.step, key=f"aug_{name}", help=tr(setting.help))
