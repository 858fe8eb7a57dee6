"""A model's card in the terminal: its metrics, its data, and how reliable its predictions are."""

from __future__ import annotations

from core.classifier.bundle import Card, Novelty, Robustness
from core.classifier.calibration import brier_score, expected_calibration_error
from core.classifier.disputed import disputed_labels
from core.classifier.evaluation import Evaluation
from core.language import tr


def print_card(card: Card) -> None:
    """Print the main metrics of a card; cards from earlier versions have fewer."""
    metrics = card.metrics
    print(
        tr(
            "test accuracy {accuracy:.2%} (95% confidence interval {low:.2%} to {high:.2%}) on {images:,} images of "
            "{data}",
            accuracy=metrics.test_accuracy,
            low=metrics.test_accuracy_low,
            high=metrics.test_accuracy_high,
            images=card.data.test_images,
            data=tr(card.data.title),
        )
    )
    print(
        tr(
            "validation accuracy {accuracy:.2%} in epoch {epoch} of {epochs}; {parameters:,} parameters; "
            "{seconds:.0f} s of training",
            accuracy=metrics.validation_accuracy,
            epoch=metrics.best_epoch,
            epochs=metrics.epochs,
            parameters=card.parameters,
            seconds=card.seconds,
        )
    )
    _print_pen_digits(card)
    if card.robustness:
        _print_robustness(card.robustness)
    if card.novelty:
        _print_novelty(card.novelty)
    if card.calibration:
        print(
            tr(
                "close calls: {share:.2%} of the validation digits, {caught:.0%} of the mistakes; "
                "temperature {temperature:.2f}",
                share=card.calibration.unsure_share,
                caught=card.calibration.errors_caught,
                temperature=card.calibration.temperature,
            )
        )


def _print_pen_digits(card: Card) -> None:
    if card.data.pen_digits:
        pen_digits = card.data.pen_digits
        print(
            tr(
                "also trained on {digits:,} pen digits by {writers} writers: {source}",
                digits=pen_digits.digits,
                writers=pen_digits.writers,
                source=pen_digits.source,
            )
        )
    elif card.config.pen_digits:
        print(tr("trained without pen digits, which were not on this machine"))


def _print_robustness(robustness: Robustness) -> None:
    drawings, strokes = robustness.drawings, robustness.pen_strokes
    if strokes is None:
        print(tr("accuracy on redrawn digits {drawings:.1%} (mean of five kinds)", drawings=drawings))
        return
    print(
        tr(
            "accuracy on redrawn digits {drawings:.1%} (mean of five kinds); {strokes:.1%} on pen digits by unseen "
            "writers",
            drawings=drawings,
            strokes=strokes,
        )
    )


def _print_novelty(novelty: Novelty) -> None:
    print(
        tr(
            "rejected: {digits:.2%} of the validation digits, {unknown:.1%} of out-of-distribution samples",
            digits=novelty.digits_rejected,
            unknown=novelty.out_of_distribution_rejected,
        )
    )
    if novelty.fitted_briefly:
        print(
            tr(
                "the run was stopped, so the novelty detector was fitted on fewer samples; resume the run to fit it "
                "on all of them"
            )
        )


def print_reliability(card: Card, evaluation: Evaluation) -> None:
    """Print the calibration of a model, and its mistakes on test images with a disputed label."""
    print(
        tr(
            "expected calibration error {error:.2%}, Brier score {score:.4f} on the test images",
            error=expected_calibration_error(evaluation),
            score=brier_score(evaluation),
        )
    )
    disputed = disputed_labels(card.data.fingerprint, evaluation)
    if disputed:
        print(
            tr(
                "disputed labels: {mistakes} of {labels} misclassified; test accuracy without disputed labels "
                "{accuracy:.2%}",
                mistakes=len(disputed.mistakes),
                labels=len(disputed.indices),
                accuracy=disputed.accuracy_without,
            )
        )
        if disputed.mistakes:
            indices = " ".join(map(str, disputed.mistakes))
            print(tr("mistakes with a disputed label (test index): {indices}", indices=indices))
