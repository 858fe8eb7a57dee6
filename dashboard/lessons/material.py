"""The images and predictions that the lessons use."""

from __future__ import annotations

import streamlit as st

from core.classifier.evaluation import Evaluation
from core.classifier.predictor import Predictor
from core.data.datasets import Dataset, dataset_version
from core.language import Message, tr
from dashboard.session import cache
from dashboard.session.hands import current_model
from dashboard.session.language import Spinner
from dashboard.session.state import workspace


def images() -> Dataset:
    """Return MNIST; if it is missing, return the stand-in and show a sentence that says so. Raises DataError."""
    data, problem = cache.usable_dataset()
    if problem is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(
                tr(
                    "MNIST is not on this machine yet, so this lesson uses {count:,} smaller digits.",
                    count=len(data.train) + len(data.validation) + len(data.test),
                ),
                width="content",
            )
            st.page_link("views/data.py", label=tr("Get MNIST"), icon=":material/download:", width="content")
    return data


def predictions(data: Dataset) -> Evaluation:
    """Return the current model's predictions for the validation images, of which there are up to 6,000."""
    predictor = current_model()[1]
    return _predictions(predictor.version, data.id, dataset_version(data.id, workspace()), predictor, data)


@st.cache_resource(show_spinner=Spinner(Message("The model is reading thousands of images…")), max_entries=4)
def _predictions(
    model: str,  # noqa: ARG001 - the first three arguments are the key of the cache
    dataset: str,  # noqa: ARG001
    version: str,  # noqa: ARG001
    _predictor: Predictor,
    _data: Dataset,
) -> Evaluation:
    return Evaluation(_predictor.probabilities(_data.validation.images), _data.validation.labels)
