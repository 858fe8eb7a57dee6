"""The images that a model was asked to read: whether this machine has them, and what those of a matrix's cell are."""

from __future__ import annotations

from typing import Literal

import numpy as np
import streamlit as st

from core.data.datasets import Split
from core.errors import DataError
from dashboard.session import cache
from dashboard.session.permission import sentence

_WHAT_WAS_DONE = {"validation": "validated", "test": "tested"}


def images_read(
    dataset: str, part: Literal["validation", "test"], labels: np.ndarray, fingerprint: str | None
) -> Split | None:
    """The images of this part of a dataset, or None with a sentence where those that were read are not on this machine.

    `labels`: those of the images that were read. `fingerprint`: that of their dataset; None where nobody kept it.
    """
    try:
        data = cache.dataset(dataset)
    except DataError as error:
        _not_shown(str(error))
        return None
    split = data.split(part)
    if fingerprint not in (None, data.fingerprint) or not np.array_equal(split.labels, labels):
        _not_shown(f"this model was {_WHAT_WAS_DONE[part]} on other data than this machine has.")
        return None
    return split


def _not_shown(why: str) -> None:
    st.info(
        f"The figures are complete, but the images cannot be shown: {sentence(why)}",
        icon=":material/image_not_supported:",
    )


def cell_heading(true: int, said: int, count: int, when: str = "") -> None:
    """What the images of one cell of a confusion matrix are, and how many."""
    what = f"{true}s read as {true}" if true == said else f"{true}s taken for {said}"
    st.markdown(f"**{what}{when}: {count:,}**")
