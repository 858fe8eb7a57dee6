"""Every cached function: keyed by ids and by the time of change of files, never by arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import streamlit as st

from core.classifier.bundle import Bundle, Card
from core.classifier.evaluation import Evaluation
from core.classifier.learning import EpochPredictions
from core.data import datasets
from core.data.datasets import Dataset
from core.errors import DataError
from core.runs.active import ActivePredictor, available_models
from core.runs.run import Run
from dashboard.session.state import workspace


@st.cache_resource(show_spinner=False)
def predictor() -> ActivePredictor:
    """The predictor of the model in use, shared by all visitors; it follows promotions by itself."""
    return ActivePredictor(workspace())


def usable_dataset() -> tuple[Dataset, str | None]:
    """MNIST, or the stand-in with the sentence why; loaded once for all visitors."""
    try:
        return dataset("mnist"), None
    except DataError as error:
        return dataset("digits"), str(error)


def dataset(dataset_id: str) -> Dataset:
    """A dataset by id; raises DataError as `load_dataset` does."""
    return _dataset(dataset_id, datasets.dataset_version(dataset_id, workspace()))


@st.cache_resource(show_spinner="Loading the images…", max_entries=2)
def _dataset(dataset_id: str, mark: str) -> Dataset:
    return datasets.load_dataset(dataset_id, workspace())


def class_means(dataset_id: str, split: str) -> np.ndarray:
    """Mean image of each digit, uint8 (10, 28, 28)."""
    return _class_means(dataset_id, split, datasets.dataset_version(dataset_id, workspace()))


@st.cache_data(show_spinner=False, max_entries=6)
def _class_means(dataset_id: str, split: str, mark: str) -> np.ndarray:
    return datasets.class_means(dataset(dataset_id).split(split))


def models() -> dict[str, Bundle]:
    """Every model that can be looked at, by name; not cached, a run may end at any time."""
    return available_models(workspace())


def card(bundle: Bundle) -> Card:
    """A bundle's card; raises BundleError."""
    return _card(str(bundle.folder), _changed(bundle.card_file))


@st.cache_data(show_spinner=False, max_entries=200)
def _card(folder: str, changed: int) -> Card:
    return Bundle(Path(folder)).card()


def evaluation(bundle: Bundle) -> Evaluation:
    """A bundle's test answers; raises BundleError."""
    return _evaluation(str(bundle.folder), _changed(bundle.evaluation_file))


@st.cache_resource(show_spinner=False, max_entries=20)
def _evaluation(folder: str, changed: int) -> Evaluation:
    return Bundle(Path(folder)).evaluation()


def answers(source: Run | Bundle) -> EpochPredictions | None:
    """What a network said of the validation split after each epoch, None where there is none of it.

    Raises RunError or BundleError.
    """
    return _answers(str(source.epoch_predictions_file), _changed(source.epoch_predictions_file), source)


@st.cache_resource(show_spinner=False, max_entries=20)
def _answers(file: str, changed: int, _source: Run | Bundle) -> EpochPredictions | None:
    return _source.epoch_predictions()


def filters(bundle: Bundle) -> np.ndarray:
    """Kernels of a bundle's first convolution, float32 (height, width, channels, filters); raises BundleError."""
    return _filters(str(bundle.folder), _changed(bundle.keras_file))


@st.cache_data(show_spinner=False, max_entries=20)
def _filters(folder: str, changed: int) -> np.ndarray:
    return Bundle(Path(folder)).first_layer_filters()


def file_size(path: Path) -> int:
    """Bytes of a model's file; 0 where it is gone."""
    return path.stat().st_size if path.exists() else 0


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0
