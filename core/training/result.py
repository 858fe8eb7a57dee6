"""The bundle of a training run: the exported network, its calibration, its evaluation and its card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import keras

from core.classifier.bundle import Bundle, Calibration, Card, DataCard, Metrics, PenDigitsCard, bundle_folder
from core.classifier.evaluation import Evaluation, accuracy_interval
from core.classifier.export import complete_bundle, evaluate_bundle, export_model, layer_cards, versions
from core.classifier.fitting import fit_calibration
from core.classifier.network import Network, NetworkOutput, network_fingerprint
from core.classifier.robustness import measure_robustness
from core.config import TrainingConfig
from core.data.datasets import Dataset
from core.data.pen_digits import PEN_DIGITS_FINGERPRINT, PEN_DIGITS_SOURCE
from core.handwriting.pen_digits import PenDigit
from core.language import Message
from core.runs.run import Run
from core.training.callbacks import Journal
from core.training.end_images import EndImages
from core.training.novelty import fit_novelty
from core.training.optimizer import compile_for_labels


@dataclass(frozen=True)
class TrainingResult:
    """The metrics of a training run.

    `epochs`: number of epochs trained; if the run was stopped, only `last_epoch_fraction` (0..1) of the last one was
    trained. `best_epoch`: the epoch whose weights are kept, counted from 1. `loss` and `accuracy`: measured with the
    kept weights on the validation split. `seconds`: training time.
    """

    epochs: int
    last_epoch_fraction: float
    best_epoch: int
    loss: float
    accuracy: float
    seconds: float


@dataclass(frozen=True)
class Exported:
    """An exported network, its `outputs` for the validation split, and its `evaluation` on the test set."""

    bundle: Bundle
    network: Network
    outputs: NetworkOutput
    calibration: Calibration
    evaluation: Evaluation


def export_network(model: keras.Model, folder: Path, dataset: Dataset) -> Exported:
    """Export a network to `folder`, calibrate it on the validation split, and evaluate it once on the test set."""
    bundle = export_model(model, folder, dataset.validation.images)
    network = Network(bundle.tflite_file)
    outputs = network(dataset.validation.images)
    calibration = fit_calibration(outputs.probabilities, dataset.validation.labels)
    return Exported(bundle, network, outputs, calibration, evaluate_bundle(bundle, calibration, dataset.test))


def save_bundle(
    model: keras.Model,
    config: TrainingConfig,
    run: Run,
    dataset: Dataset,
    pen_digits: Sequence[PenDigit],
    result: TrainingResult,
    images: EndImages,
    journal: Journal,
) -> Card:
    """Export and evaluate a trained network as the run's new bundle; return its card.

    The journal gets the test accuracy as soon as it is known, before the detector is fitted.
    """
    compile_for_labels(model)
    with bundle_folder(run.bundle.folder) as folder:
        exported = export_network(model, folder, dataset)
        bundle, network, evaluation = exported.bundle, exported.network, exported.evaluation
        journal.write_status("saving", Message("Fitting the detector of non-digits."), evaluation.accuracy)
        novelty = fit_novelty(bundle, network, exported.outputs, dataset, images, config, run)
        journal.write_status("saving", Message("Measuring robustness."), evaluation.accuracy)
        card = Card(
            run_id=run.id,
            created=datetime.now(UTC).replace(microsecond=0),
            data=_data_card(dataset, pen_digits),
            config=config,
            versions=versions(),
            parameters=model.count_params(),
            layers=layer_cards(model),
            seconds=round(result.seconds, 2),
            metrics=_metrics(result, evaluation),
            calibration=exported.calibration,
            novelty=novelty,
            robustness=measure_robustness(network, images.robustness),
            network_fingerprint=network_fingerprint(bundle.tflite_file.read_bytes()),
        )
        complete_bundle(bundle, card, evaluation)
    return card


def _data_card(dataset: Dataset, pen_digits: Sequence[PenDigit]) -> DataCard:
    return DataCard(
        id=dataset.id,
        title=dataset.title,
        fingerprint=dataset.fingerprint,
        train_images=len(dataset.train),
        validation_images=len(dataset.validation),
        test_images=len(dataset.test),
        pen_digits=PenDigitsCard(
            source=PEN_DIGITS_SOURCE,
            fingerprint=PEN_DIGITS_FINGERPRINT,
            digits=len(pen_digits),
            writers=len({digit.writer for digit in pen_digits}),
        )
        if pen_digits
        else None,
    )


def _metrics(result: TrainingResult, evaluation: Evaluation) -> Metrics:
    low, high = accuracy_interval(evaluation)
    return Metrics(
        test_accuracy=evaluation.accuracy,
        test_accuracy_low=low,
        test_accuracy_high=high,
        test_loss=evaluation.loss,
        validation_accuracy=result.accuracy,
        validation_loss=result.loss,
        best_epoch=result.best_epoch,
        epochs=result.epochs,
        last_epoch_fraction=result.last_epoch_fraction,
    )
