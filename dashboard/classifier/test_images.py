"""The images that a model was evaluated on, if this machine has them."""

from __future__ import annotations

from typing import Literal

import numpy as np
import streamlit as st

from core.data.datasets import Split
from core.errors import DataError
from core.language import Message, tr
from dashboard.session import cache
from dashboard.session.permission import safe_text

_OTHER_DATA = {
    "validation": Message("This model was validated on data that is not on this machine."),
    "test": Message("This model was tested on data that is not on this machine."),
}


def available_images(
    dataset: str, split: Literal["validation", "test"], labels: np.ndarray, fingerprint: str | None
) -> Split | None:
    """Return the split that a model was evaluated on; if the images cannot be shown, explain why and return None.

    `labels`: the labels of those images. `fingerprint`: the fingerprint of their dataset, or None if it was not
    recorded.
    """
    try:
        data = cache.dataset(dataset)
    except DataError as error:
        _explain_missing_images(error)
        return None
    images = data.split(split)
    if fingerprint not in (None, data.fingerprint) or not np.array_equal(images.labels, labels):
        _explain_missing_images(_OTHER_DATA[split])
        return None
    return images


def _explain_missing_images(reason: Message | DataError) -> None:
    st.info(
        tr("The metrics are complete, but the images cannot be shown. {reason}", reason=safe_text(reason)),
        icon=":material/image_not_supported:",
    )


def cell_heading(true: int, predicted: int, count: int, epoch: int | None = None) -> None:
    """Show the heading of a cell of a confusion matrix, with its number of images; `epoch`: the matrix's epoch."""
    if epoch is None:
        st.markdown(
            tr("**Label {true}, predicted {predicted}: {count:,}**", true=true, predicted=predicted, count=count)
        )
        return
    st.markdown(
        tr(
            "**Label {true}, predicted {predicted} after epoch {epoch}: {count:,}**",
            true=true,
            predicted=predicted,
            epoch=epoch,
            count=count,
        )
    )
