"""A trained model on disk: the network for Keras and LiteRT, the model card and the predictions on the test set."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
from pydantic import AliasChoices, Field, ValidationError

from core.arrays import read_arrays
from core.classifier.evaluation import Evaluation
from core.classifier.learning import EpochPredictions, read_epoch_predictions
from core.config import TrainingConfig
from core.errors import BundleError
from core.language import Message
from core.records import Amount, Count, Fraction, Record
from core.storage import atomic_write, is_file, make_folder, open_file, read_file, storage_errors

UNREADABLE = Message(
    "The file {file} of the model in {folder} is missing or cannot be read. Choose another model, or train it again."
)
_DAMAGED_FILE = Message("The file {file} of the model in {folder} is damaged. Choose another model, or train it again.")
UNREADABLE_OR_DAMAGED = Message(
    "The file {file} of the model in {folder} cannot be read or is damaged. Choose another model, or train it again."
)
_NO_CONVOLUTION = Message("The model in {folder} has no convolutional layer. Choose another model, or train it again.")
INCOMPLETE = Message("The model in {folder} is incomplete. Choose another model, or train it again.")

OLDEST_KERAS = "3.3"
"""The oldest version of Keras that opens `mnist_model.keras`; tests/core/classifier/test_keras_file.py tests this."""

_Epoch = Annotated[Count, Field(ge=1)]


class PenDigitsCard(Record):
    """The pen digits that a model was trained on. `source`: the attribution. `fingerprint`: SHA-256 of all digits."""

    source: str
    fingerprint: str
    digits: Count
    writers: Count


class DataCard(Record):
    """The data that a model was trained on. `fingerprint`: SHA-256 of the dataset's arrays. `pen_digits`: None if the
    model was trained without them.
    """

    id: str
    title: str
    fingerprint: str
    train_images: Count
    validation_images: Count
    test_images: Count
    pen_digits: PenDigitsCard | None = None


class LayerCard(Record):
    """One layer. `output_shape` omits the batch dimension; `multiply_adds` is the count for one image."""

    name: str
    kind: str
    output_shape: tuple[Count, ...]
    parameters: Count
    multiply_adds: Count
    activation: str | None = None


class Metrics(Record):
    """Accuracies and the bounds of their 95% confidence interval in 0..1, losses in nats.

    The test set was used only once, for these metrics. `best_epoch` (counted from 1) is the epoch whose weights are
    kept: with patience, the best one on the validation split; otherwise, the last. `epochs` counts the last epoch even
    if the run was stopped partway through it; `last_epoch_fraction` is the fraction of it that was trained.
    """

    test_accuracy: Fraction
    test_accuracy_low: Fraction
    test_accuracy_high: Fraction
    test_loss: Amount
    validation_accuracy: Fraction
    validation_loss: Amount
    best_epoch: _Epoch
    epochs: _Epoch
    last_epoch_fraction: Fraction = 1.0


class Calibration(Record):
    """The calibration of a model's confidence, fitted on the validation split.

    Logits are divided by `temperature` (Guo et al., 2017). A prediction with a confidence below `unsure_below` is a
    close call. `unsure_share` and `errors_caught` are the fractions of validation images and of mistakes, 0..1, that
    are close calls.
    """

    temperature: float = Field(ge=0.01, le=100)
    unsure_below: Fraction
    unsure_share: Fraction
    errors_caught: Fraction


class Novelty(Record):
    """Fractions of validation digits and of new out-of-distribution samples that the novelty detector rejects.

    `fitted_briefly`: True if the run was stopped, so that the detector was fitted on fewer samples than usual.
    """

    # The second alias of each field is its name in cards from earlier versions.
    digits_rejected: Annotated[Fraction, Field(validation_alias=AliasChoices("digits_rejected", "digits_refused"))]
    out_of_distribution_rejected: Annotated[
        Fraction, Field(validation_alias=AliasChoices("out_of_distribution_rejected", "outsiders_refused"))
    ]
    fitted_briefly: bool = False


class Robustness(Record):
    """Accuracies, 0..1, on drawings and on altered test images.

    For the first five accuracies, test images are traced, redrawn anywhere on a canvas and prepared like any drawing:
    with typical brushes and sizes (`canvas`), `tiny`, with a `thin_pen`, with a `fat_pen`, and rotated by 20 degrees in
    either direction (`turned`). For the next five, test images are altered and go directly to the network: `shifted` by
    4 pixels, `shrunk` to 70%, `noisy` (standard deviation 0.3 of full ink), `blurred` (1 pixel), and `faded` to half
    the ink (not measured by earlier versions). `images`: maximum number of test images for each accuracy.
    `pen_strokes`: accuracy on up to a thousand pen digits of the held-out writers, replayed on the canvas; None if the
    pen digits are missing.
    """

    images: Count
    canvas: Fraction
    tiny: Fraction
    thin_pen: Fraction
    fat_pen: Fraction
    turned: Fraction
    shifted: Fraction
    shrunk: Fraction
    noisy: Fraction
    blurred: Fraction
    faded: Fraction | None = None
    pen_strokes: Fraction | None = None

    @property
    def drawings(self) -> float:
        """Mean accuracy on the five kinds of redrawn test images."""
        return (self.canvas + self.tiny + self.thin_pen + self.fat_pen + self.turned) / 5


class Card(Record):
    """The model card. `seconds`: training time without evaluation and export.

    Cards from earlier versions have no `calibration`, no `novelty`, and no fingerprint of the `.tflite` file.
    """

    run_id: str
    created: datetime
    data: DataCard
    config: TrainingConfig
    versions: dict[str, str]
    parameters: Count
    layers: tuple[LayerCard, ...]
    seconds: Amount
    metrics: Metrics
    calibration: Calibration | None = None
    novelty: Novelty | None = None
    robustness: Robustness | None = None
    network_fingerprint: str | None = None


@dataclass(frozen=True)
class Bundle:
    """The folder of a model, which can be read without TensorFlow."""

    folder: Path

    @property
    def keras_file(self) -> Path:
        return self.folder / "mnist_model.keras"

    @property
    def tflite_file(self) -> Path:
        return self.folder / "mnist_model.tflite"

    @property
    def card_file(self) -> Path:
        return self.folder / "card.json"

    @property
    def evaluation_file(self) -> Path:
        return self.folder / "evaluation.npz"

    @property
    def novelty_file(self) -> Path:
        return self.folder / "novelty.npz"

    @property
    def epoch_predictions_file(self) -> Path:
        """The predictions after each epoch; only in copies of bundles, because a run keeps them next to its bundle."""
        return self.folder / "answers.npz"

    @property
    def files(self) -> tuple[Path, ...]:
        """The four required files, and the files of the detector and of the epochs' predictions, if present."""
        optional = (path for path in (self.novelty_file, self.epoch_predictions_file) if is_file(path))
        return *self._required_files, *optional

    @property
    def complete(self) -> bool:
        """True if the bundle has all required files."""
        return all(is_file(path) for path in self._required_files)

    @property
    def _required_files(self) -> tuple[Path, ...]:
        return self.keras_file, self.tflite_file, self.card_file, self.evaluation_file

    def card(self) -> Card:
        """Read the card; raises BundleError if it is missing or damaged."""
        try:
            return Card.model_validate_json(read_file(self.card_file))
        except OSError as error:
            raise file_error(self.card_file, UNREADABLE) from error
        except ValidationError as error:
            raise file_error(self.card_file, _DAMAGED_FILE) from error

    def evaluation(self) -> Evaluation:
        """Read the predictions on the test set; raises BundleError if they are missing or damaged."""
        try:
            arrays = read_arrays(self.evaluation_file)
            return Evaluation(arrays["probabilities"], arrays["labels"])
        except OSError as error:
            raise file_error(self.evaluation_file, UNREADABLE) from error
        except (KeyError, ValueError) as error:
            raise file_error(self.evaluation_file, _DAMAGED_FILE) from error

    def epoch_predictions(self) -> EpochPredictions | None:
        """Return the predictions on the validation split after each epoch, or None if the bundle has none.

        Raises BundleError if the file is damaged.
        """
        try:
            return read_epoch_predictions(self.epoch_predictions_file)
        except ValueError as error:
            raise file_error(self.epoch_predictions_file, _DAMAGED_FILE) from error

    def oldest_keras(self) -> str:
        """Return the oldest version of Keras that opens the Keras file; raises BundleError if it is damaged."""
        try:
            with open_file(self.keras_file) as file, zipfile.ZipFile(file) as archive:
                # Earlier versions of Trazo kept the initializers, whose arguments older versions of Keras reject.
                if b"_initializer" not in archive.read("config.json"):
                    return OLDEST_KERAS
                return str(json.loads(archive.read("metadata.json"))["keras_version"])
        except Exception as error:  # zipfile and json raise a dozen kinds of error
            raise file_error(self.keras_file, UNREADABLE_OR_DAMAGED) from error

    def first_layer_filters(self) -> np.ndarray:
        """Return the kernels of the first convolution, float32 (height, width, channels, filters).

        Raises BundleError if the Keras file cannot be read or the network has no convolutional layer.
        """
        # Imported here, so that the dashboard starts faster.
        import h5py

        first_convolution = next((layer.name for layer in self.card().layers if layer.kind == "Conv2D"), None)
        if first_convolution is None:
            raise self._error(_NO_CONVOLUTION)
        try:
            with open_file(self.keras_file) as file, zipfile.ZipFile(file) as archive:
                # Read the complete entry, which verifies its checksum: HDF5 may crash on damaged bytes.
                weights = archive.read("model.weights.h5")
            with h5py.File(io.BytesIO(weights)) as weights_file:
                kernels = np.asarray(weights_file[f"layers/{first_convolution}/vars/0"], np.float32)
        except Exception as error:  # zipfile and HDF5 raise a dozen kinds of error
            raise file_error(self.keras_file, UNREADABLE_OR_DAMAGED) from error
        if kernels.ndim != 4 or not kernels.size or not np.isfinite(kernels).all():
            raise file_error(self.keras_file, UNREADABLE_OR_DAMAGED)
        return kernels

    def zip_bytes(self) -> bytes:
        """Return all files as a ZIP archive; raises BundleError if one is missing."""
        buffer = io.BytesIO()
        try:
            with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
                for path in self.files:
                    archive.writestr(path.name, read_file(path))
        except OSError as error:
            raise self._error(INCOMPLETE) from error
        return buffer.getvalue()

    def _error(self, message: Message) -> BundleError:
        return BundleError(Message(message, folder=self.folder), self.folder)


def file_error(path: Path, message: Message) -> BundleError:
    """Return the error for a file in a bundle's folder; `message` has the placeholders {file} and {folder}."""
    return BundleError(Message(message, file=path.name, folder=path.parent), path.parent)


def copy_bundle(source: Bundle, target: Path, epoch_predictions_file: Path | None = None) -> Bundle:
    """Copy all files of a bundle to `target`, each with an atomic rename.

    `epoch_predictions_file`: file of the predictions after each epoch, if the bundle does not contain it.
    """
    copy = Bundle(target)
    files = {path.name: path for path in source.files}
    if epoch_predictions_file is not None and is_file(epoch_predictions_file):
        files[copy.epoch_predictions_file.name] = epoch_predictions_file
    for name, path in files.items():
        with atomic_write(target / name) as temporary:
            shutil.copyfile(path, temporary)
    if copy.epoch_predictions_file.name not in files:
        with storage_errors(target):  # an existing file would belong to the previous model
            copy.epoch_predictions_file.unlink(missing_ok=True)
    return copy


@contextlib.contextmanager
def bundle_folder(target: Path) -> Iterator[Path]:
    """Yield the path of a folder that replaces `target` unless the with block raises.

    Readers therefore see only complete bundles.
    """
    make_folder(target.parent)
    with storage_errors(target), TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as temporary:
        new_folder = Path(temporary) / "new"
        yield new_folder
        if target.exists():
            target.rename(Path(temporary) / "old")
        new_folder.rename(target)
