"""The bundle that a training leaves: the exported network, its calibration, its evaluation and its card."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import keras

from core.classifier.bundle import Card, DataCard, Metrics
from core.classifier.evaluation import Evaluation, accuracy_interval
from core.classifier.export import bundle_folder, complete_bundle, evaluate_bundle, export_model, layer_cards, versions
from core.classifier.fitting import fit_calibration_and_detector
from core.classifier.network import Network, network_fingerprint
from core.classifier.robustness import measure_robustness
from core.config import TrainingConfig
from core.data.datasets import Dataset
from core.handwriting.pen_digits import pen_digits_at_hand
from core.runs.run import Run
from core.training.optimizer import compile_for_labels


@dataclass(frozen=True)
class Learned:
    """Figures of a training: epochs, the one whose weights are kept, and its loss and accuracy in validation."""

    epochs: int
    kept: int
    loss: float
    accuracy: float
    seconds: float


def save_bundle(model: keras.Model, config: TrainingConfig, run: Run, dataset: Dataset, learned: Learned) -> Card:
    """Export and evaluate a trained network; replace the run's bundle and return its card."""
    compile_for_labels(model)
    with bundle_folder(run.bundle.folder) as folder:
        bundle = export_model(model, folder, dataset.validation.images)
        calibration, novelty = fit_calibration_and_detector(bundle, dataset, config)
        evaluation = evaluate_bundle(bundle, calibration, dataset.test)
        card = Card(
            run_id=run.id,
            created=datetime.now(UTC).replace(microsecond=0),
            data=_data_card(dataset),
            config=config,
            versions=versions(),
            parameters=model.count_params(),
            layers=layer_cards(model),
            seconds=round(learned.seconds, 2),
            metrics=_metrics(learned, evaluation),
            calibration=calibration,
            novelty=novelty,
            robustness=measure_robustness(Network(bundle.tflite_file), dataset.test, pen_digits_at_hand()),
            network_fingerprint=network_fingerprint(bundle.tflite_file.read_bytes()),
        )
        complete_bundle(bundle, card, evaluation)
    return card


def _data_card(dataset: Dataset) -> DataCard:
    return DataCard(
        id=dataset.id,
        title=dataset.title,
        fingerprint=dataset.fingerprint,
        train_images=len(dataset.train),
        validation_images=len(dataset.validation),
        test_images=len(dataset.test),
    )


def _metrics(learned: Learned, evaluation: Evaluation) -> Metrics:
    low, high = accuracy_interval(evaluation)
    return Metrics(
        test_accuracy=evaluation.accuracy,
        test_accuracy_low=low,
        test_accuracy_high=high,
        test_loss=evaluation.loss,
        validation_accuracy=learned.accuracy,
        validation_loss=learned.loss,
        best_epoch=learned.kept,
        epochs=learned.epochs,
    )
