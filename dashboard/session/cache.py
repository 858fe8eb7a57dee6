"""Cached functions shared by all visitors; the cache keys are ids and file modification times, never arrays."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.classifier.bundle import Bundle, Card
from core.classifier.evaluation import Evaluation
from core.classifier.learning import EpochPredictions
from core.classifier.network import Network
from core.classifier.predictor import Predictor
from core.court.out_of_fold import OutOfFold, out_of_fold_file, read_out_of_fold
from core.court.verdicts import Verdict, read_verdicts, verdicts_file
from core.data import datasets
from core.data.datasets import Dataset
from core.data.pen_digits import locate_pen_digits, read_pen_digits
from core.errors import DataError
from core.explain.duplicates_file import duplicates_file, read_duplicates
from core.explain.feature_file import features_file, split_features
from core.explain.feature_maps import accuracy_without
from core.explain.near_duplicates import NearDuplicates
from core.explain.neighbours import FeatureIndex, Neighbours, image_features, load_feature_network
from core.explain.numpy_network import NumpyNetwork
from core.exports.reader_zip import reader_zip as reader_archive
from core.handwriting.pen_digits import PenDigit
from core.language import Message
from core.runs.active import ActivePredictor, available_models
from core.runs.run import Run
from core.storage import file_size, modification_time_ns
from core.workspace import Workspace
from dashboard.session.language import Spinner
from dashboard.session.state import workspace

if TYPE_CHECKING:
    from core.classifier.robustness_curves import RobustnessCurve


def predictor() -> ActivePredictor:
    """Return the predictor of the active model, shared by all visitors; a promotion switches the model."""
    return _predictor(workspace().root)


@st.cache_resource(show_spinner=False, max_entries=1)
def _predictor(workspace_root: Path) -> ActivePredictor:
    return ActivePredictor(Workspace(workspace_root))


def usable_dataset() -> tuple[Dataset, DataError | None]:
    """Return MNIST and None, or the stand-in and the reason why MNIST is missing."""
    try:
        return dataset("mnist"), None
    except DataError as error:
        return dataset("digits"), error


def dataset(dataset_id: str) -> Dataset:
    """Return a dataset by id; raise DataError as `load_dataset` does."""
    return _dataset(dataset_id, datasets.dataset_version(dataset_id, workspace()))


@st.cache_resource(show_spinner=Spinner(Message("Loading the images…")), max_entries=2)
def _dataset(dataset_id: str, version: str) -> Dataset:
    return datasets.load_dataset(dataset_id, workspace())


def pen_digits() -> tuple[PenDigit, ...]:
    """Return the pen digits of all writers; raise DataError, for example if they are not on this machine."""
    path = locate_pen_digits(workspace())
    return _pen_digits(str(path), modification_time_ns(path))


@st.cache_resource(show_spinner=Spinner(Message("Loading the strokes…")), max_entries=1)
def _pen_digits(path: str, mtime_ns: int) -> tuple[PenDigit, ...]:
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
    return _bundle_predictor(str(bundle.folder), modification_time_ns(bundle.card_file))


@st.cache_resource(show_spinner=False, max_entries=4)
def _bundle_predictor(folder: str, mtime_ns: int) -> Predictor:
    return Predictor(Bundle(Path(folder)))


def numpy_network(bundle: Bundle) -> NumpyNetwork:
    """Return the NumPy network of any model; raise BundleError if it cannot be loaded."""
    return _numpy_network(str(bundle.folder), modification_time_ns(bundle.keras_file))


@st.cache_resource(show_spinner=False, max_entries=4)
def _numpy_network(folder: str, mtime_ns: int) -> NumpyNetwork:
    # Imported here, so that the dashboard starts faster.
    from core.explain.keras_reader import load_network

    return load_network(Bundle(Path(folder)))


def validation_accuracy(bundle: Bundle, layer: int, off: Collection[int]) -> float:
    """Return a model's accuracy, 0..1, on its validation images, with some channels of a layer switched off.

    Raises BundleError if the model cannot be loaded, DataError if its dataset is not on this machine.
    """
    dataset_id = card(bundle).config.dataset
    version = datasets.dataset_version(dataset_id, workspace())
    channels = tuple(sorted(off))
    return _validation_accuracy(
        str(bundle.folder), modification_time_ns(bundle.keras_file), dataset_id, version, layer, channels
    )


@st.cache_data(show_spinner=Spinner(Message("Reading the validation images…")), max_entries=200)
def _validation_accuracy(
    folder: str, mtime_ns: int, dataset_id: str, version: str, layer: int, off: tuple[int, ...]
) -> float:
    images = dataset(dataset_id).validation
    return accuracy_without(_numpy_network(folder, mtime_ns), images.images, images.labels, {layer: off})


def feature_network(bundle: Bundle) -> Network:
    """Return a model's network for the features of a few images; raise BundleError if it is damaged.

    Load another one for many images: its buffers for these take 30 MB, which would stay in memory.
    """
    return _feature_network(str(bundle.folder), modification_time_ns(bundle.tflite_file))


@st.cache_resource(show_spinner=False, max_entries=2)
def _feature_network(folder: str, mtime_ns: int) -> Network:
    return load_feature_network(Bundle(Path(folder)))


def nearest_training_images(bundle: Bundle, image: np.ndarray, count: int) -> Neighbours:
    """Return the training images nearest to an image uint8 (28, 28) in a model's feature space.

    Raises BundleError if the model has no features, DataError if its dataset is not on this machine.
    """
    return nearest_images(bundle, image, card(bundle).config.dataset, "train", count)


def nearest_images(
    bundle: Bundle,
    image: np.ndarray,
    dataset_id: str,
    split: str,
    count: int,
    *,
    without: int | None = None,
    without_label: int | None = None,
) -> Neighbours:
    """Return the images of a split that are nearest to an image uint8 (28, 28) in a model's feature space.

    `without`: index of an image to leave out. `without_label`: label of images to leave out. Raises BundleError if the
    model has no features, DataError if the dataset is not on this machine.
    """
    version = datasets.dataset_version(dataset_id, workspace())
    index = _feature_index(str(bundle.folder), modification_time_ns(bundle.tflite_file), dataset_id, split, version)
    (features,) = image_features(feature_network(bundle), card(bundle), image[np.newaxis])
    excluded = np.zeros(len(index.labels), bool) if without_label is None else index.labels == without_label
    if without is not None:
        excluded[without] = True
    return index.nearest(features, count, excluded)


@st.cache_resource(show_spinner=Spinner(Message("Comparing with all images…")), max_entries=4)
def _feature_index(folder: str, mtime_ns: int, dataset_id: str, split: str, version: str) -> FeatureIndex:
    bundle, data = Bundle(Path(folder)), dataset(dataset_id)
    network, images = load_feature_network(bundle), data.split(split)
    file = features_file(workspace(), network, data, split)
    return FeatureIndex(split_features(file, bundle.card(), network, images.images), images.labels)


def robustness_curves(bundle: Bundle) -> Mapping[str, RobustnessCurve]:
    """Return a model's accuracy on validation images at increasing levels of each disturbance; takes a few seconds.

    Raises BundleError if the model cannot be loaded, DataError if its dataset is not on this machine.
    """
    dataset_id = card(bundle).config.dataset
    version = datasets.dataset_version(dataset_id, workspace())
    return _robustness_curves(str(bundle.folder), modification_time_ns(bundle.tflite_file), dataset_id, version)


@st.cache_resource(show_spinner=Spinner(Message("Reading thousands of altered images…")), max_entries=20)
def _robustness_curves(folder: str, mtime_ns: int, dataset_id: str, version: str) -> Mapping[str, RobustnessCurve]:
    # Imported here, so that the dashboard starts faster.
    from core.classifier.robustness_curves import measure_curves

    bundle = Bundle(Path(folder))
    network = Network(bundle.tflite_file, bundle.card().network_fingerprint)
    return measure_curves(network, dataset(dataset_id).validation)


def out_of_fold(dataset_id: str) -> OutOfFold | None:
    """Return a dataset's out-of-fold probabilities, or None if there are none. Raises DataError."""
    path = out_of_fold_file(workspace(), dataset_id)
    if not path.is_file():
        return None
    version = datasets.dataset_version(dataset_id, workspace())
    return _out_of_fold(str(path), modification_time_ns(path), dataset_id, version)


@st.cache_resource(show_spinner=False, max_entries=2)
def _out_of_fold(path: str, mtime_ns: int, dataset_id: str, version: str) -> OutOfFold | None:
    return read_out_of_fold(Path(path), dataset(dataset_id))


def verdicts() -> list[Verdict]:
    """Return all saved verdicts on labels; raise StorageError if the file cannot be read."""
    path = verdicts_file(workspace())
    return _verdicts(str(path), file_size(path), modification_time_ns(path))


@st.cache_resource(show_spinner=False, max_entries=1)
def _verdicts(path: str, size: int, mtime_ns: int) -> list[Verdict]:
    return read_verdicts(Path(path))


def card(bundle: Bundle) -> Card:
    """Return a bundle's card; raise BundleError if it cannot be read."""
    return _card(str(bundle.folder), modification_time_ns(bundle.card_file))


@st.cache_data(show_spinner=False, max_entries=200)
def _card(folder: str, mtime_ns: int) -> Card:
    return Bundle(Path(folder)).card()


def evaluation(bundle: Bundle) -> Evaluation:
    """Return a bundle's predictions for the test split; raise BundleError if they cannot be read."""
    return _evaluation(str(bundle.folder), modification_time_ns(bundle.evaluation_file))


@st.cache_resource(show_spinner=False, max_entries=20)
def _evaluation(folder: str, mtime_ns: int) -> Evaluation:
    return Bundle(Path(folder)).evaluation()


def epoch_predictions(source: Run | Bundle) -> EpochPredictions | None:
    """Return the predicted digits of the validation split after each epoch, or None if none were recorded.

    Raises RunError or BundleError if the file cannot be read.
    """
    return _epoch_predictions(
        str(source.epoch_predictions_file), modification_time_ns(source.epoch_predictions_file), source
    )


@st.cache_resource(show_spinner=False, max_entries=20)
def _epoch_predictions(file: str, mtime_ns: int, _source: Run | Bundle) -> EpochPredictions | None:
    return _source.epoch_predictions()


def filters(bundle: Bundle) -> np.ndarray:
    """Return the kernels of the first convolution, float32 (height, width, channels, filters).

    Raises BundleError if the file cannot be read or the network has no convolution.
    """
    return _filters(str(bundle.folder), modification_time_ns(bundle.keras_file))


@st.cache_data(show_spinner=False, max_entries=20)
def _filters(folder: str, mtime_ns: int) -> np.ndarray:
    return Bundle(Path(folder)).first_layer_filters()


def near_duplicates(data: Dataset) -> NearDuplicates | None:
    """Return the near duplicates of a dataset, or None if they have not been found yet or cannot be read."""
    path = duplicates_file(workspace(), data)
    return _near_duplicates(str(path), modification_time_ns(path), data) if path.exists() else None


@st.cache_resource(show_spinner=False, max_entries=2)
def _near_duplicates(path: str, mtime_ns: int, _data: Dataset) -> NearDuplicates | None:
    try:
        return read_duplicates(Path(path), _data)
    except (OSError, ValueError, MemoryError):
        return None


def reader_zip(bundle: Bundle) -> bytes:
    """Return the archive with `read.py` and a bundle's model; raise BundleError if a file cannot be read."""
    return _reader_zip(
        str(bundle.folder), modification_time_ns(bundle.card_file), modification_time_ns(bundle.tflite_file)
    )


@st.cache_resource(show_spinner=False, max_entries=4)
def _reader_zip(folder: str, card_mtime_ns: int, tflite_mtime_ns: int) -> bytes:
    return reader_archive(Bundle(Path(folder)))
