"""Fine-tuning a model to the handwriting of a person or a class, from the taught digits to the bundle."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import keras
import numpy as np

from core.classifier.bundle import Bundle, Card, Metrics, Novelty, bundle_folder
from core.classifier.detector_samples import PORTIONS, Samples
from core.classifier.evaluation import Evaluation, accuracy_interval
from core.classifier.export import complete_bundle, versions
from core.classifier.fitting import fit_detector
from core.classifier.network import network_fingerprint
from core.config import TrainingConfig
from core.data.datasets import Dataset
from core.errors import HandError, RunError
from core.ink.drawing import Pixels
from core.language import Message
from core.personal.exam import learnable_digits
from core.personal.fooling import attempts, won
from core.personal.hand import Hand, find_hand, list_hands
from core.personal.tuning import LastLayer, Rehearsal, Tuned, with_variations
from core.personal.written import WrittenDigit, images_of, pen_digit
from core.runs.active import available_models
from core.runs.fine_tuning import CLASS, FineTuning
from core.runs.run import Run
from core.runs.status import Phase, Status
from core.training.batches import Stopped
from core.training.end_images import EndImages
from core.training.novelty import save_detector
from core.training.result import Exported, export_network
from core.workspace import Workspace


@dataclass(frozen=True)
class OwnDigits:
    """The taught digits of a hand or a class: `digits`, which have labels, and `others`, which are not digits."""

    digits: Sequence[WrittenDigit]
    others: Sequence[WrittenDigit]
    seed: int

    @cached_property
    def training(self) -> tuple[Pixels, np.ndarray]:
        """The digits and variations of them, uint8 (n, 28, 28), and their labels uint8 (n,)."""
        return with_variations(images_of(self.digits), [pen_digit(written) for written in self.digits], self.seed)

    @property
    def samples(self) -> Samples:
        """The images for the detector."""
        return Samples(self.training[0], images_of(self.others))


def fine_tune(
    run: Run, config: TrainingConfig, fine_tuning: FineTuning, dataset: Dataset, workspace: Workspace, images: EndImages
) -> Card:
    """Fine-tune the last layer of a model, and write the new model as the run's bundle; return its card.

    The test set is used once, for the card. Raises RunError if the model or the hand was deleted, or if nothing was
    taught; BundleError if the model is damaged, Stopped if the run was asked to stop.
    """
    started = time.perf_counter()
    base = _base(workspace, fine_tuning)
    own = _own_digits(workspace, fine_tuning, config.seed, run)
    _write_status(run, "training", Message("Learning the hand's digits."))
    tuned = Rehearsal(base, dataset.train, dataset.validation, config.seed).tune(*own.training)
    print(
        f"accuracy on the validation split: {tuned.accuracy_before:.4f} before, {tuned.accuracy_after:.4f} after",
        flush=True,
    )
    model = _with_last_layer(base, tuned.layer)
    seconds = time.perf_counter() - started
    _write_status(run, "saving", Message("Saving the model."))
    return _save(model, base, config, run, dataset, own, images, tuned, seconds)


def _base(workspace: Workspace, fine_tuning: FineTuning) -> Bundle:
    try:
        return available_models(workspace)[fine_tuning.base]
    except KeyError as error:
        raise RunError(
            Message("The model to fine-tune was deleted. Choose another one on the Your hand page.")
        ) from error


def _own_digits(workspace: Workspace, fine_tuning: FineTuning, seed: int, run: Run) -> OwnDigits:
    """Return what the hand or the class has taught, without the digits of any exam."""
    written = learnable_digits(_hands(workspace, fine_tuning, run))
    if fine_tuning.hand == CLASS:
        written += won(attempts(workspace))
    digits = [each for each in written if each.label is not None]
    if not digits:
        raise RunError(Message("No digits have been taught yet. Teach some on the Your hand page."), run.id)
    return OwnDigits(digits, [each for each in written if each.label is None], seed)


def _hands(workspace: Workspace, fine_tuning: FineTuning, run: Run) -> list[Hand]:
    if fine_tuning.hand == CLASS:
        return list_hands(workspace)
    try:
        return [find_hand(workspace, fine_tuning.hand)]
    except HandError as error:
        message = Message("The hand that this run should learn was deleted. Choose another one on the Your hand page.")
        raise RunError(message, run.id) from error


def _with_last_layer(base: Bundle, layer: LastLayer) -> keras.Model:
    """Return the base's Keras model with new weights in its last dense layer."""
    model: keras.Model = keras.models.load_model(base.keras_file, compile=False)
    last = next(each for each in reversed(model.layers) if isinstance(each, keras.layers.Dense))
    last.set_weights([layer.kernel, layer.bias])
    return model


def _save(
    model: keras.Model,
    base: Bundle,
    config: TrainingConfig,
    run: Run,
    dataset: Dataset,
    own: OwnDigits,
    images: EndImages,
    tuned: Tuned,
    seconds: float,
) -> Card:
    base_card = base.card()
    with bundle_folder(run.bundle.folder) as folder:
        exported = export_network(model, folder, dataset)
        bundle, evaluation = exported.bundle, exported.evaluation
        _write_status(run, "saving", Message("Fitting the detector of non-digits."), evaluation.accuracy)
        novelty = _fit_novelty(exported, dataset, own, images, config.seed)
        validation = Evaluation(exported.outputs.probabilities, dataset.validation.labels)
        low, high = accuracy_interval(evaluation)
        card = base_card.model_copy(
            update={
                "run_id": run.id,
                "created": datetime.now(UTC).replace(microsecond=0),
                "config": config,
                "versions": versions(),
                "seconds": round(seconds, 2),
                "metrics": Metrics(
                    test_accuracy=evaluation.accuracy,
                    test_accuracy_low=low,
                    test_accuracy_high=high,
                    test_loss=evaluation.loss,
                    validation_accuracy=tuned.accuracy_after,
                    validation_loss=validation.loss,
                    best_epoch=1,
                    epochs=1,
                ),
                "calibration": exported.calibration,
                "novelty": novelty,
                # Measuring it would take longer than the fine-tuning.
                "robustness": None,
                "network_fingerprint": network_fingerprint(bundle.tflite_file.read_bytes()),
            }
        )
        complete_bundle(bundle, card, evaluation)
    return card


def _fit_novelty(exported: Exported, dataset: Dataset, own: OwnDigits, images: EndImages, seed: int) -> Novelty:
    """Fit the detector on the hand's samples as well as the usual ones, and write it into the bundle."""
    network, outputs, validation = exported.network, exported.outputs, dataset.validation.images
    portions = [*(images.portion(index) for index in range(PORTIONS)), own.samples]
    handwriting = [images.other_handwriting, own.samples.digits]
    detector = fit_detector(network, dataset.train, portions, validation, outputs, handwriting, seed)
    return save_detector(detector, exported.bundle, network, validation, outputs, images.new_samples)


def _write_status(run: Run, phase: Phase, message: Message, test_accuracy: float | None = None) -> None:
    """Write the run's status; raises Stopped if the run was asked to stop."""
    if run.stop_requested:
        raise Stopped
    status = Status(
        state="running",
        phase=phase,
        message=message,
        started=run.started or time.time(),
        epochs=1,
        test_accuracy=test_accuracy,
    )
    run.write_status(status, durable=False)
