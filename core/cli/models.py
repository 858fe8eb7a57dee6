"""Commands `evaluate`, `predict` and `map`: a model's test metrics, its predictions for pictures, and its map."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.classifier.bundle import Bundle
from core.classifier.evaluation import ClassMetrics, class_metrics, confusion_matrix, mistakes
from core.classifier.number_reader import NumberReading, read_digit, read_number
from core.classifier.predictor import Predictor, Reading, Verdict
from core.cli.card import print_card, print_reliability
from core.errors import TrazoError
from core.explain.map_worker import write_new_map
from core.ink.photo import ink_from_picture
from core.ink.picture_file import MAX_PICTURE_BYTES
from core.language import Message, number, tr
from core.runs.active import SHIPPED, active_model
from core.runs.registry import find_run
from core.storage import system_reason
from core.workspace import SHIPPED_BUNDLE, Workspace


def evaluate(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print the test metrics of a model and its confusion matrix."""
    bundle = find_bundle(options.model, workspace)
    card, evaluation = bundle.card(), bundle.evaluation()
    print_card(card)
    print_reliability(card, evaluation)
    matrix = confusion_matrix(evaluation)
    print()
    print(tr("confusion matrix (rows: true digit, columns: predicted digit)"))
    print("     " + "".join(f"{digit:>6}" for digit in range(10)))
    for digit, row in enumerate(matrix):
        print(f"{digit:>5}" + "".join(f"{count:>6}" for count in row))
    print()
    _print_class_metrics(class_metrics(matrix))
    print()
    if worst := ", ".join(str(index) for index in mistakes(evaluation)[:10]):
        print(tr("worst mistakes (test index): {indices}", indices=worst))
    else:
        print(tr("worst mistakes (test index): none"))
    return 0


def _print_class_metrics(rows: Sequence[ClassMetrics]) -> None:
    titles = [tr("digit"), tr("precision"), tr("recall"), tr("F1"), tr("support")]
    widths = [max(6, len(title)) for title in titles]
    table = [
        [str(row.digit), *(number(value, ".4f") for value in (row.precision, row.recall, row.f1)), str(row.support)]
        for row in rows
    ]
    for cells in (titles, *table):
        print("  ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True)))


def predict(options: argparse.Namespace, workspace: Workspace) -> int:
    """Print a line for each picture; return 1 if any picture cannot be read."""
    predictor = Predictor(find_bundle(options.model, workspace))
    read = read_number if options.number else read_digit
    all_read = True
    for name in options.files:
        reading: Reading | NumberReading | None = None
        error: Message | TrazoError | None = None
        try:
            reading = read(predictor, ink_from_picture(read_limited(Path(name))))
        except OSError as problem:
            error = Message("The file {file} cannot be read: {reason}.", file=name, reason=system_reason(problem))
        except TrazoError as problem:
            error = problem
        all_read = all_read and error is None
        if options.json:
            fields = _digit_to_json(name, reading, None if error is None else str(error))
            print(json.dumps(fields | _number_to_json(reading) if options.number else fields), flush=True)
        else:
            print(f"{name}: {_reading_to_text(reading) if error is None else tr(error)}", flush=True)
    return 0 if all_read else 1


def compute_map(options: argparse.Namespace, workspace: Workspace) -> int:
    """Compute the map that the Data and Inside pages show."""
    bundle = find_bundle(options.model, workspace)
    path = write_new_map(workspace, bundle, bundle.card().config.dataset)
    print(tr("The map is in {path}", path=path))
    return 0


def find_bundle(name: str | None, workspace: Workspace) -> Bundle:
    """Return the bundle of a run, a folder or the shipped model; without a name, return the active model's bundle."""
    if name is None:
        return active_model(workspace).bundle
    if name and Path(name).is_dir():  # Path("") is the current folder
        return Bundle(Path(name))
    return Bundle(SHIPPED_BUNDLE) if name == SHIPPED else find_run(workspace, name).bundle


def _digit_to_json(name: str, result: Reading | NumberReading | None, error: str | None) -> dict[str, Any]:
    """Return the JSON object that --json prints for a picture; `confidence` is the largest probability."""
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
        return tr("no digit, the picture contains no ink")
    if isinstance(reading, NumberReading):
        digits = "; ".join(f"{digit.reading.digit}: {_clause(digit.reading)}" for digit in reading.digits)
        return f"{reading.number or tr('not a number')}, {digits}"
    if reading.several:
        return tr("not a digit, several digits (read them with --number)")
    prediction = tr("not a digit") if reading.verdict == "not_a_digit" else str(reading.digit)
    return f"{prediction}, {_clause(reading)}"


def _clause(reading: Reading) -> str:
    """Return the verdict in words, to put after the predicted digit."""
    sentence = tr(reading.sentence)
    return f"{sentence[0].lower()}{sentence[1:]}"


def read_limited(path: Path) -> bytes:
    """Read a file, but at most one byte more than the limit: enough to detect that it is too large."""
    with path.open("rb") as file:
        return file.read(MAX_PICTURE_BYTES + 1)
