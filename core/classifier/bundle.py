"""A trained model on disk: the Keras model, its LiteRT form, its card and its test answers."""

from __future__ import annotations

import io
import shutil
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field, ValidationError

from core.arrays import read_arrays
from core.classifier.evaluation import Evaluation
from core.classifier.learning import EpochAnswers, read_answers
from core.config import TrainingConfig
from core.errors import BundleError
from core.records import Amount, Count, Record, Share
from core.storage import replacing, storage_errors

_Epoch = Annotated[Count, Field(ge=1)]


class DataCard(Record):
    """What a model was trained and tested on; `fingerprint` is the SHA-256 of the dataset's arrays."""

    id: str
    title: str
    fingerprint: str
    train_images: Count
    validation_images: Count
    test_images: Count


class LayerCard(Record):
    """One layer: `output_shape` without the batch, `multiply_adds` for one image."""

    name: str
    kind: str
    output_shape: tuple[Count, ...]
    parameters: Count
    multiply_adds: Count
    activation: str | None = None


class Metrics(Record):
    """Accuracies and the bounds of their 95 % interval in 0..1, losses in nats.

    The test set was used once, for these figures; `best_epoch` (counted from 1) is the one whose weights
    are kept: with patience the best on the validation split, else the last.
    """

    test_accuracy: Share
    test_accuracy_low: Share
    test_accuracy_high: Share
    test_loss: Amount
    validation_accuracy: Share
    validation_loss: Amount
    best_epoch: _Epoch
    epochs: _Epoch


class Calibration(Record):
    """What makes a confidence mean what it says, fitted on the validation split.

    Logits are divided by `temperature` (Guo et al., 2017). Answers with a confidence under `unsure_below` are close
    calls: `unsure_share` of the validation images, and `errors_caught` of the mistakes among them, each in 0..1.
    """

    temperature: float = Field(ge=0.01, le=100)
    unsure_below: Share
    unsure_share: Share
    errors_caught: Share


class Novelty(Record):
    """What the detector turns away, 0..1: of the validation digits, and of fresh drawings of no digit."""

    digits_refused: Share
    outsiders_refused: Share


class Robustness(Record):
    """Accuracies, 0..1, on changed test images: how well people's drawings are read, and what the network bears.

    The first five are test images traced and drawn again on a canvas, anywhere on it, read like any drawing: with
    usual brushes and sizes (`canvas`), `tiny`, with a `thin_pen`, a `fat_pen`, and `turned` by 20 degrees either way.
    The next five went to the network as they are: `shifted` by 4 pixels, `shrunk` to 70 %, `noisy` (standard deviation
    0.3 of full ink), `blurred` (1 pixel), `faded` to half of the ink, which earlier versions did not measure.
    `images`: how many test images each figure was measured on, at most. `pen_strokes`: up to a thousand digits by
    people who are in no dataset here, replayed on the canvas; None where their file was not at hand.
    """

    images: Count
    canvas: Share
    tiny: Share
    thin_pen: Share
    fat_pen: Share
    turned: Share
    shifted: Share
    shrunk: Share
    noisy: Share
    blurred: Share
    faded: Share | None = None
    pen_strokes: Share | None = None

    @property
    def drawings(self) -> float:
        """Mean of the five kinds of drawings."""
        return (self.canvas + self.tiny + self.thin_pen + self.fat_pen + self.turned) / 5


class Card(Record):
    """What a model is, in full. `seconds`: of training alone, evaluation and export not counted.

    Cards of earlier versions have no `calibration`, no `novelty`, and no fingerprint of the `.tflite`.
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
    """The folder that holds one model; reading it never needs TensorFlow."""

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
    def answers_file(self) -> Path:
        """Only in bundles that were copied out of their runs, which have it themselves."""
        return self.folder / "answers.npz"

    @property
    def files(self) -> tuple[Path, ...]:
        """All files of a bundle: four, and those of the detector and of the epochs' answers, where it has them."""
        more = (path for path in (self.novelty_file, self.answers_file) if path.is_file())
        return *self._needed_files, *more

    @property
    def complete(self) -> bool:
        """Whether all that every bundle needs is there."""
        return all(path.is_file() for path in self._needed_files)

    @property
    def _needed_files(self) -> tuple[Path, ...]:
        return self.keras_file, self.tflite_file, self.card_file, self.evaluation_file

    def card(self) -> Card:
        """Read the card; raises BundleError when it is missing or damaged."""
        try:
            return Card.model_validate_json(self.card_file.read_bytes())
        except OSError as error:
            raise self._error("has no readable card.json") from error
        except ValidationError as error:
            raise self._error("has a damaged card.json") from error

    def evaluation(self) -> Evaluation:
        """Read the test answers; raises BundleError when they are missing or damaged."""
        try:
            arrays = read_arrays(self.evaluation_file)
            return Evaluation(arrays["probabilities"], arrays["labels"])
        except (OSError, KeyError, ValueError) as error:
            raise self._error("has no readable evaluation.npz") from error

    def answers(self) -> EpochAnswers | None:
        """What was said of the validation split after each epoch; None where the bundle came without it.

        Raises BundleError when the file is damaged.
        """
        try:
            return read_answers(self.answers_file)
        except ValueError as error:
            raise self._error("has a damaged answers.npz") from error

    def first_layer_filters(self) -> np.ndarray:
        """Kernels of the first convolution, float32 (height, width, channels in, filters).

        Raises BundleError when the Keras file cannot be read or holds no convolution.
        """
        # h5py is needed for this alone; the dashboard starts faster without it.
        import h5py

        first = next((layer.name for layer in self.card().layers if layer.kind == "Conv2D"), None)
        if first is None:
            raise self._error("holds no convolution")
        try:
            with zipfile.ZipFile(self.keras_file) as archive:
                # Read whole, which verifies its checksum: HDF5 is not to meet changed bytes.
                weights = archive.read("model.weights.h5")
            with h5py.File(io.BytesIO(weights)) as file:
                kernels = np.asarray(file[f"layers/{first}/vars/0"], np.float32)
        except Exception as error:  # zipfile's and HDF5's are of a dozen kinds
            raise self._error("has no readable mnist_model.keras") from error
        if kernels.ndim != 4 or not kernels.size or not np.isfinite(kernels).all():
            raise self._error("has no readable mnist_model.keras")
        return kernels

    def zip_bytes(self) -> bytes:
        """All files as a ZIP archive; raises BundleError when one is missing."""
        buffer = io.BytesIO()
        try:
            with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
                for path in self.files:
                    archive.write(path, path.name)
        except OSError as error:
            raise self._error("is incomplete") from error
        return buffer.getvalue()

    def _error(self, what: str) -> BundleError:
        return BundleError(f"The model in {self.folder} {what}. Choose another model, or train it again.", self.folder)


def copy_bundle(source: Bundle, target: Path, answers_file: Path | None = None) -> Bundle:
    """Copy all files of a bundle into `target`, each by an atomic rename.

    `answers_file`: where what was said after each epoch lies, if not in the bundle.
    """
    copy = Bundle(target)
    files = {path.name: path for path in source.files}
    if answers_file is not None and answers_file.is_file():
        files[copy.answers_file.name] = answers_file
    for name, path in files.items():
        with replacing(target / name) as temporary:
            shutil.copyfile(path, temporary)
    if copy.answers_file.name not in files:
        with storage_errors(target):  # those of the model that lay here before
            copy.answers_file.unlink(missing_ok=True)
    return copy
