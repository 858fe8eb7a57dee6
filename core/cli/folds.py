"""`train --folds`: train a network per fold, and list the training labels that are probably wrong."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from core.classifier.evaluation import are_probabilities
from core.classifier.predictor import format_confidence
from core.config import TrainingConfig, replace_settings
from core.court.out_of_fold import (
    FoldFiles,
    OutOfFold,
    fold_numbers,
    labelled_images,
    split_and_index,
    write_out_of_fold,
)
from core.data.datasets import CLASSES, Dataset, Split, load_dataset
from core.data.pen_digits import available_training_digits
from core.environment import prepare_tensorflow, trains_in_background
from core.errors import ConfigError
from core.handwriting.pen_digits import PenDigit
from core.language import Message, tr
from core.storage import make_folder
from core.training.worker import lower_priority
from core.workspace import Workspace

MIN_FOLDS, MAX_FOLDS = 2, 20
_MAX_PRINTED_LABELS = 10
"""Maximum number of suspicious labels to print."""


def train_folds(config: TrainingConfig, folds: int, workspace: Workspace) -> int:
    """Train one network per fold of the training data and write the out-of-fold probabilities; return 0.

    Folds that an earlier, interrupted command finished are not trained again. Raises ConfigError.
    """
    config = _fold_config(config, folds)
    dataset = load_dataset(config.dataset, workspace)
    data = labelled_images(dataset)
    numbers = fold_numbers(data.labels, folds)
    pen_digits = available_training_digits(workspace) if config.pen_digits else ()
    files = FoldFiles.of(workspace, dataset, config, folds, len(pen_digits))
    make_folder(files.folder)
    if trains_in_background():
        lower_priority()
    print(tr("If you stop this command, run it again with the same options to continue after the last finished fold."))
    if config.pen_digits and not pen_digits:
        print(tr("The pen digits are not on this machine, so these networks train without them."))
    probabilities = np.empty((len(data), CLASSES), np.float32)
    for fold in range(folds):
        members = numbers == fold
        fold_probabilities = files.read(fold, int(members.sum()))
        if fold_probabilities is None:
            fold_probabilities = _train(config, data, members, pen_digits, (fold + 1, folds))
            files.write(fold, fold_probabilities)
        probabilities[members] = fold_probabilities
        accuracy = (fold_probabilities.argmax(axis=1) == data.labels[members]).mean()
        line = tr(
            "fold {fold}/{folds}: finished; accuracy on its {images:,} images: {accuracy:.2%}",
            fold=fold + 1,
            folds=folds,
            images=int(members.sum()),
            accuracy=float(accuracy),
        )
        print(line, flush=True)
    result = OutOfFold(dataset.fingerprint, config.preset, probabilities, data.labels)
    write_out_of_fold(workspace, dataset.id, result)
    _print_suspicious(result, dataset)
    return 0


def _fold_config(config: TrainingConfig, folds: int) -> TrainingConfig:
    """Return the config for the network of each fold; raises ConfigError."""
    if not MIN_FOLDS <= folds <= MAX_FOLDS:
        raise ConfigError(
            Message(
                "--folds must be from {low} to {high}. Received: {folds}.", low=MIN_FOLDS, high=MAX_FOLDS, folds=folds
            ),
            "folds",
        )
    if config.teachers:
        raise ConfigError(
            Message("Teachers have learned from every label, so no label would be out of fold. Add --teachers 0."),
            "teachers",
        )
    # No images are left for early stopping. Label smoothing would keep predictions for mislabelled images below
    # the suspicion thresholds: with the preset "fast" and five folds, 9 of MNIST's labels were found rather than 70.
    return replace_settings(config, patience=0, label_smoothing=0)


def _train(
    config: TrainingConfig,
    data: Split,
    members: np.ndarray,
    pen_digits: Sequence[PenDigit],
    position: tuple[int, int],
) -> np.ndarray:
    """Train on all images outside the fold; return the predicted probabilities for the images in it.

    `position`: the fold's number, counted from 1, and the number of folds.
    """
    prepare_tensorflow()
    from core.training.folds import predict_fold

    start = time.perf_counter()
    fold, folds = position

    def report(epoch: int, loss: float, accuracy: float) -> None:
        line = tr(
            "fold {fold}/{folds}: epoch {epoch}/{epochs}, loss {loss:.4f}, accuracy {accuracy:.2%}, {seconds:.0f} s",
            fold=fold,
            folds=folds,
            epoch=epoch,
            epochs=config.epochs,
            loss=loss,
            accuracy=accuracy,
            seconds=time.perf_counter() - start,
        )
        print(line, flush=True)

    rest = Split(data.images[~members], data.labels[~members])
    probabilities = predict_fold(config, rest, data.images[members], pen_digits, report)
    if not are_probabilities(probabilities):
        raise ConfigError(
            Message(
                "The training of fold {fold}/{folds} diverged. Lower --learning-rate, then run it again.",
                fold=fold,
                folds=folds,
            ),
            "learning_rate",
        )
    return probabilities


def _print_suspicious(result: OutOfFold, dataset: Dataset) -> None:
    suspicious = result.suspicious
    print(tr("suspicious labels: {count:,} of {total:,}", count=len(suspicious), total=len(result.labels)))
    for number in suspicious[:_MAX_PRINTED_LABELS].tolist():
        split, index = split_and_index(dataset, number)
        row, image = result.probabilities[number], f"{split}-{index}"
        line = tr(
            "{image}: label {label}, predicted {digit} ({confidence})",
            image=image,
            label=int(result.labels[number]),
            digit=int(row.argmax()),
            confidence=format_confidence(row.max()),
        )
        print(f"  {line}")
    if len(suspicious):
        print(tr("Judge them in the dashboard: Evaluate, Label court, Training images."))
