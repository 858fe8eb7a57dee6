"""Commands `evaluate`, `predict` and `map`: a model's test metrics, its predictions for pictures, and its map."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from core.classifier.bundle import Bundle, Card
from core.classifier.calibration import brier_score, expected_calibration_error
from core.classifier.disputed import disputed_labels
from core.classifier.evaluation import Evaluation, class_metrics, confusion_matrix, mistakes
from core.classifier.number_reader import NumberReading, read_digit, read_number
from core.classifier.predictor import Predictor, Reading, Verdict
from core.errors import TrazoError
from core.explain.map_worker import write_new_map
from core.ink.photo import ink_from_picture
from core.ink.picture_file import MAX_PICTURE_BYTES
from core.runs.active import SHIPPED, active_model
from core.runs.registry import find_run
from core.workspace import SHIPPED_BUNDLE, Workspace


def evaluate(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print the test metrics of a model and its confusion matrix."""
    bundle = find_bundle(options.model, workspace)
    card, evaluation = bundle.card(), bundle.evaluation()
    print_card(card)
    _print_reliability(card, evaluation)
    matrix = confusion_matrix(evaluation)
    print("\nconfusion matrix (rows: true digit, columns: predicted digit)")
    print("     " + "".join(f"{digit:>6}" for digit in range(10)))
    for digit, row in enumerate(matrix):
        print(f"{digit:>5}" + "".join(f"{count:>6}" for count in row))
    print("\ndigit  precision  recall     F1      support")
    for row in class_metrics(matrix):
        print(f"{row.digit:>5}  {row.precision:9.4f}  {row.recall:.4f}  {row.f1:.4f}  {row.support:>8}")
    worst = ", ".join(str(index) for index in mistakes(evaluation)[:10])
    print(f"\nworst mistakes (test index): {worst or 'none'}")
    return 0


def predict(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print a line for each picture; return 1 if any picture cannot be read."""
    predictor = Predictor(find_bundle(options.model, workspace))
    read = read_number if options.number else read_digit
    all_read = True
    for name in options.files:
        reading, error = None, None
        try:
            reading = read(predictor, ink_from_picture(read_limited(Path(name))))
        except OSError as problem:
            error = f"The file {name} cannot be read: {problem.strerror}."
        except TrazoError as problem:
            error = str(problem)
        all_read = all_read and error is None
        if options.json:
            fields = _digit_to_json(name, reading, error)
            print(json.dumps(fields | _number_to_json(reading) if options.number else fields), flush=True)
        else:
            print(f"{name}: {error or _reading_to_text(reading)}", flush=True)
    return 0 if all_read else 1


def compute_map(options: argparse.Namespace, workspace: Workspace) -> int:
    """Compute the map that the Data and Inside pages show."""
    bundle = find_bundle(options.model, workspace)
    path = write_new_map(workspace, bundle, bundle.card().config.dataset)
    print(f"The map is in {path}")
    return 0


def print_card(card: Card) -> None:
    """Print the main metrics of a card; cards from earlier versions have fewer."""
    metrics = card.metrics
    print(
        f"test accuracy {metrics.test_accuracy:.2%} "
        f"(95% confidence interval {metrics.test_accuracy_low:.2%} to {metrics.test_accuracy_high:.2%}) "
        f"on {card.data.test_images:,} images of {card.data.title}"
    )
    print(
        f"validation accuracy {metrics.validation_accuracy:.2%} in epoch {metrics.best_epoch} of {metrics.epochs}; "
        f"{card.parameters:,} parameters; {card.seconds:.0f} s of training"
    )
    if card.data.pen_digits:
        pen_digits = card.data.pen_digits
        print(f"also trained on {pen_digits.digits:,} pen digits by {pen_digits.writers} writers: {pen_digits.source}")
    elif card.config.pen_digits:
        print("trained without pen digits, which were not on this machine")
    if card.robustness:
        strokes = card.robustness.pen_strokes
        pen_strokes = f"; {strokes:.1%} on pen digits by unseen writers" if strokes is not None else ""
        print(f"accuracy on redrawn digits {card.robustness.drawings:.1%} (mean of five kinds){pen_strokes}")
    if card.novelty:
        digits, unknown = card.novelty.digits_rejected, card.novelty.out_of_distribution_rejected
        print(f"rejected: {digits:.2%} of the validation digits, {unknown:.1%} of out-of-distribution samples")
        if card.novelty.fitted_briefly:
            print("the run was stopped, so the novelty detector was fitted briefly; resume the run to fit it in full")
    if card.calibration:
        unsure, caught = card.calibration.unsure_share, card.calibration.errors_caught
        print(
            f"close calls: {unsure:.2%} of the validation digits, {caught:.0%} of the mistakes; "
            f"temperature {card.calibration.temperature:.2f}"
        )


def _print_reliability(card: Card, evaluation: Evaluation) -> None:
    """Print the calibration of a model, and its mistakes on test images with a disputed label."""
    error = expected_calibration_error(evaluation)
    print(f"expected calibration error {error:.2%}, Brier score {brier_score(evaluation):.4f} on the test images")
    disputed = disputed_labels(card.data.fingerprint, evaluation)
    if disputed:
        print(
            f"disputed labels: {len(disputed.mistakes)} of {len(disputed.indices)} misclassified; "
            f"test accuracy without disputed labels {disputed.accuracy_without:.2%}"
        )
        if disputed.mistakes:
            print(f"mistakes with a disputed label (test index): {' '.join(map(str, disputed.mistakes))}")


def find_bundle(name: str | None, workspace: Workspace) -> Bundle:
    """Return the bundle of a run, a folder or the shipped model; without a name, return the active model's bundle."""
    if name is None:
        return active_model(workspace).bundle
    if Path(name).is_dir():
        return Bundle(Path(name))
    return Bundle(SHIPPED_BUNDLE) if name == SHIPPED else find_run(workspace, name).bundle


def _digit_to_json(name: str, result: Reading | NumberReading | None, error: str | None) -> dict[str, Any]:
    """Return one JSON object of --json; `confidence` is the largest probability."""
    reading = result.all_ink if isinstance(result, NumberReading) else result
    verdict: Verdict = "error" if reading is None else reading.verdict
    probabilities = None
    if reading is not None and reading.probabilities is not None:
        probabilities = [round(float(value), 6) for value in reading.probabilities]
    return {
        "file": name,
        "digit": reading.digit if reading else None,
        "probabilities": probabilities,
        "verdict": verdict,
        "several": reading is not None and reading.several,
        "error": error,
        "confidence": max(probabilities) if probabilities else None,
    }


def _number_to_json(result: Reading | NumberReading | None) -> dict[str, Any]:
    """Return the fields that --number adds."""
    fields = result.to_json() if isinstance(result, NumberReading) else {}
    return {"number": fields.get("number"), "digits": fields.get("digits", [])}


def _reading_to_text(reading: Reading | NumberReading | None) -> str:
    if reading is None or reading.verdict == "blank":
        return "no digit, the picture contains no ink"
    if isinstance(reading, NumberReading):
        digits = "; ".join(f"{digit.reading.digit}: {_sentence(digit.reading)}" for digit in reading.digits)
        return f"{reading.number or 'not a number'}, {digits}"
    if reading.several:
        return "not a digit, several digits (read them with --number)"
    prediction = "not a digit" if reading.verdict == "not_a_digit" else str(reading.digit)
    return f"{prediction}, {_sentence(reading)}"


def _sentence(reading: Reading) -> str:
    return f"{reading.sentence[0].lower()}{reading.sentence[1:]}"


def read_limited(path: Path) -> bytes:
    """Return at most one byte more than the limit, enough to reject a file that is too large."""
    with path.open("rb") as file:
        return file.read(MAX_PICTURE_BYTES + 1)
