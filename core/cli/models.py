"""python -m core evaluate and predict: what a model is worth, and what it reads."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from core.classifier.bundle import Bundle, Card
from core.classifier.evaluation import class_metrics, confusion_matrix, mistakes
from core.classifier.predictor import Predictor
from core.data.pictures import MAX_PICTURE_BYTES, ink_from_picture
from core.errors import TrazoError
from core.runs.registry import SHIPPED, active_model, find_run
from core.workspace import SHIPPED_BUNDLE, Workspace


def evaluate(options: argparse.Namespace, workspace: Workspace) -> int:
    bundle = _bundle(options.model, workspace)
    print_card(bundle.card())
    evaluation = bundle.evaluation()
    matrix = confusion_matrix(evaluation)
    print("\nrows: true digit, columns: predicted digit")
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
    predictor = Predictor(Bundle(options.model) if options.model else _bundle(None, workspace))
    good = True
    for name in options.files:
        answer: dict[str, Any] = {"file": name, "digit": None, "probabilities": None, "verdict": "error", "error": None}
        try:
            reading = predictor.read(ink_from_picture(_start_of(Path(name))))
        except OSError as error:
            answer["error"] = f"{name} cannot be read: {error.strerror}."
        except TrazoError as error:
            answer["error"] = str(error)
        else:
            answer["verdict"], answer["digit"] = reading.verdict, reading.digit
            if reading.probabilities is not None:
                answer["probabilities"] = [round(float(value), 6) for value in reading.probabilities]
        good = good and answer["error"] is None
        print(json.dumps(answer) if options.json else _plain_answer(answer), flush=True)
    return 0 if good else 1


def print_card(card: Card) -> None:
    """Print what a card says of a model, in two lines."""
    metrics = card.metrics
    print(
        f"test accuracy {metrics.test_accuracy:.2%} "
        f"(95 % interval {metrics.test_accuracy_low:.2%} to {metrics.test_accuracy_high:.2%}) "
        f"on {card.data.test_images:,} images of {card.data.title}"
    )
    print(
        f"validation accuracy {metrics.validation_accuracy:.2%} in epoch {metrics.best_epoch} of {metrics.epochs}; "
        f"{card.parameters:,} parameters; {card.seconds:.0f} s of training"
    )


def _bundle(name: str | None, workspace: Workspace) -> Bundle:
    if name is None:
        return active_model(workspace).bundle
    return Bundle(SHIPPED_BUNDLE) if name == SHIPPED else find_run(workspace, name).bundle


def _plain_answer(answer: dict[str, Any]) -> str:
    if answer["error"]:
        return f"{answer['file']}: {answer['error']}"
    if answer["digit"] is None:
        return f"{answer['file']}: no digit, the picture holds no ink"
    return f"{answer['file']}: {answer['digit']} ({max(answer['probabilities']):.1%})"


def _start_of(path: Path) -> bytes:
    """The file's bytes, but no more than one past the limit, which then is noticed."""
    with path.open("rb") as file:
        return file.read(MAX_PICTURE_BYTES + 1)
