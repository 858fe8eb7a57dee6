"""Cached functions shared by all visitors; the cache keys are ids and file modification times, never arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import streamlit as st

from core.classifier.bundle import Bundle, Card
from core.classifier.evaluation import Evaluation
from core.classifier.learning import EpochPredictions
from core.classifier.network import Network
from core.classifier.predictor import Predictor
from core.data import datasets
from core.data.datasets import Dataset
from core.data.pen_digits import locate_pen_digits, read_pen_digits
from core.errors import DataError
from core.explain.neighbours import FeatureIndex, Neighbours, image_features, load_feature_network
from core.explain.numpy_network import NumpyNetwork
from core.exports.reader_zip import reader_zip as reader_archive
from core.handwriting.pen_digits import PenDigit
from core.runs.active import ActivePredictor, available_models
from core.runs.run import Run
from dashboard.session.state import workspace


@st.cache_resource(show_spinner=False)
def predictor() -> ActivePredictor:
    """Return the predictor of the active model, shared by all visitors; a promotion switches the model."""
    return ActivePredictor(workspace())


def usable_dataset() -> tuple[Dataset, str | None]:
    """Return MNIST and None, or the stand-in and the reason why MNIST is missing."""
    try:
        return dataset("mnist"), None
    except DataError as error:
        return dataset("digits"), str(error)


def dataset(dataset_id: str) -> Dataset:
    """Return a dataset by id; raise DataError as `load_dataset` does."""
    return _dataset(dataset_id, datasets.dataset_version(dataset_id, workspace()))


@st.cache_resource(show_spinner="Loading the images…", max_entries=2)
def _dataset(dataset_id: str, version: str) -> Dataset:
    return datasets.load_dataset(dataset_id, workspace())


def pen_digits() -> tuple[PenDigit, ...]:
    """Return the pen digits of all writers; raise DataError, also if they are not on this machine."""
    path = locate_pen_digits(workspace())
    return _pen_digits(str(path), _modified(path))


@st.cache_resource(show_spinner="Loading the strokes…", max_entries=1)
def _pen_digits(path: str, modified: int) -> tuple[PenDigit, ...]:
    return read_pen_digits(Path(path))


def class_means(dataset_id: str, split: str) -> np.ndarray:
    """Return the mean image of each digit, uint8 (10, 28, 28)."""
    return _class_means(dataset_id, split, datasets.dataset_version(dataset_id, workspace()))


@st.cache_data(show_spinner=False, max_entries=6)
def _class_means(dataset_id: str, split: str, version: str) -> np.ndarray:
    return datasets.class_means(dataset(dataset_id).split(split))


def models() -> dict[str, Bundle]:
    """Return all models that can be evaluated, by name. Not cached, because a run may end at any time."""
    return available_models(workspace())


def bundle_predictor(bundle: Bundle) -> Predictor:
    """Return the predictor of any model; raise BundleError if it cannot be loaded."""
    return _bundle_predictor(str(bundle.folder), _modified(bundle.card_file))


@st.cache_resource(show_spinner=False, max_entries=4)
def _bundle_predictor(folder: str, modified: int) -> Predictor:
    return Predictor(Bundle(Path(folder)))


def numpy_network(bundle: Bundle) -> NumpyNetwork:
    """Return the network of any model in NumPy; raise BundleError if it cannot be loaded."""
    return _numpy_network(str(bundle.folder), _modified(bundle.keras_file))


@st.cache_resource(show_spinner=False, max_entries=4)
def _numpy_network(folder: str, modified: int) -> NumpyNetwork:
    # Imported here, so that the dashboard starts faster.
    from core.explain.keras_reader import load_network

    return load_network(Bundle(Path(folder)))


def nearest_training_images(bundle: Bundle, image: np.ndarray, count: int) -> Neighbours:
    """Return the training images nearest to an image uint8 (28, 28) in a model's feature space.

    Raises BundleError if the model has no features, DataError if its dataset is not on this machine.
    """
    dataset_id = card(bundle).config.dataset
    version = datasets.dataset_version(dataset_id, workspace())
    network, index = _feature_index(str(bundle.folder), _modified(bundle.tflite_file), dataset_id, version)
    (features,) = image_features(network, card(bundle), image[np.newaxis])
    return index.nearest(features, count)


@st.cache_resource(show_spinner="Comparing with the training images…", max_entries=2)
def _feature_index(folder: str, modified: int, dataset_id: str, version: str) -> tuple[Network, FeatureIndex]:
    bundle, train = Bundle(Path(folder)), dataset(dataset_id).train
    network = load_feature_network(bundle)
    return network, FeatureIndex(image_features(network, bundle.card(), train.images), train.labels)


def card(bundle: Bundle) -> Card:
    """Return a bundle's card; raise BundleError if it cannot be read."""
    return _card(str(bundle.folder), _modified(bundle.card_file))


@st.cache_data(show_spinner=False, max_entries=200)
def _card(folder: str, modified: int) -> Card:
    return Bundle(Path(folder)).card()


def evaluation(bundle: Bundle) -> Evaluation:
    """Return a bundle's predictions for the test split; raise BundleError if they cannot be read."""
    return _evaluation(str(bundle.folder), _modified(bundle.evaluation_file))


@st.cache_resource(show_spinner=False, max_entries=20)
def _evaluation(folder: str, modified: int) -> Evaluation:
    return Bundle(Path(folder)).evaluation()


def epoch_predictions(source: Run | Bundle) -> EpochPredictions | None:
    """Return the predicted digits of the validation split after each epoch, or None if none were recorded.

    Raise RunError or BundleError if the file cannot be read.
    """
    return _epoch_predictions(str(source.epoch_predictions_file), _modified(source.epoch_predictions_file), source)


@st.cache_resource(show_spinner=False, max_entries=20)
def _epoch_predictions(file: str, modified: int, _source: Run | Bundle) -> EpochPredictions | None:
    return _source.epoch_predictions()


def filters(bundle: Bundle) -> np.ndarray:
    """Return the kernels of the first convolution, float32 (height, width, channels, filters).

    Raise BundleError if the file cannot be read or the network has no convolution.
    """
    return _filters(str(bundle.folder), _modified(bundle.keras_file))


@st.cache_data(show_spinner=False, max_entries=20)
def _filters(folder: str, modified: int) -> np.ndarray:
    return Bundle(Path(folder)).first_layer_filters()


def reader_zip(bundle: Bundle) -> bytes:
    """Return the archive with `read.py` and a bundle's model; raise BundleError if a file cannot be read."""
    return _reader_zip(str(bundle.folder), _modified(bundle.card_file), _modified(bundle.tflite_file))


@st.cache_resource(show_spinner=False, max_entries=4)
def _reader_zip(folder: str, card_modified: int, tflite_modified: int) -> bytes:
    return reader_archive(Bundle(Path(folder)))


def file_size(path: Path) -> int:
    """Return the size of a model file in bytes, or 0 if the file does not exist."""
    return path.stat().st_size if path.exists() else 0


def _modified(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0
