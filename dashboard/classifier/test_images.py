"""The images of a dataset that a model was evaluated on, if this machine has them."""

from __future__ import annotations

from typing import Literal

import numpy as np
import streamlit as st

from core.data.datasets import Split
from core.errors import DataError
from dashboard.session import cache
from dashboard.session.permission import safe_text

_USES = {"validation": "validated", "test": "tested"}


def available_images(
    dataset: str, split: Literal["validation", "test"], labels: np.ndarray, fingerprint: str | None
) -> Split | None:
    """Return the split that a model was evaluated on, or say why it cannot be shown and return None.

    `labels`: of the images that were used. `fingerprint`: of their dataset, None if it was not recorded.
    """
    try:
        data = cache.dataset(dataset)
    except DataError as error:
        _say_missing(str(error))
        return None
    images = data.split(split)
    if fingerprint not in (None, data.fingerprint) or not np.array_equal(images.labels, labels):
        _say_missing(f"This model was {_USES[split]} on other data than this machine has.")
        return None
    return images


def _say_missing(reason: str) -> None:
    st.info(
        f"The figures are complete, but the images cannot be shown. {safe_text(reason)}",
        icon=":material/image_not_supported:",
    )


def cell_heading(true: int, predicted: int, count: int, when: str = "") -> None:
    """Name a cell of a confusion matrix, with its number of images."""
    st.markdown(f"**Label {true}, predicted {predicted}{when}: {count:,}**")
