"""Fine-tuning to one person's handwriting: the mistakes that it fixes, and those that it adds."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.mnist import share_mnist
from benchmarks.report import Figure
from core.classifier.bundle import Bundle
from core.classifier.number_reader import read_digit
from core.classifier.predictor import Predictor
from core.config import preset
from core.data.datasets import CLASSES, Dataset, load_dataset
from core.data.pen_digits import HELD_OUT_WRITERS, held_out_digits, pen_digits_found
from core.handwriting.pen_digits import PenDigit, replay
from core.launcher.queue import submit
from core.personal.result import answered_digit
from core.personal.tuning import Rehearsal, with_variations
from core.workspace import SHIPPED_BUNDLE, Workspace
from tests.support.workers import wait_for_end

TAUGHT = 50
"""Number of digits that each person teaches, the same number of each class."""
SEED = 1


@dataclass(frozen=True)
class Person:
    """One writer's result.

    `accuracy`: percentage of all the writer's digits that the original model reads correctly and does not reject.
    `digits`: number of digits in the exam. `mistakes`: the original network's mistakes in the exam. `fixed`, `broken`:
    digits that only the new or only the original network predicts correctly, whether or not the detector accepts them.
    `test_change`: change in accuracy on MNIST's test set, in points. `seconds`: duration of fine-tuning.
    """

    writer: int
    accuracy: float
    digits: int
    mistakes: int
    fixed: int
    broken: int
    test_change: float
    seconds: float


def hands() -> list[Figure]:
    """Fine-tune the shipped model and a new model trained with the preset `fast` to each held-out writer.

    Half of a writer's digits are the exam, and TAUGHT of the others are taught. Returns nothing without MNIST or the
    pen digits.
    """
    workspace = Workspace.from_environment()
    if not share_mnist() or not pen_digits_found(workspace):
        return []
    dataset, digits = load_dataset("mnist", workspace), held_out_digits(workspace)
    with tempfile.TemporaryDirectory() as folder:
        run = submit(Workspace(Path(folder)), preset("fast"))
        wait_for_end(run)
        figures: list[Figure] = []
        for title, bundle in {"shipped model": Bundle(SHIPPED_BUNDLE), "`fast`": run.bundle}.items():
            figures += _figures(title, _measure(bundle, dataset, digits))
    return figures


def _measure(bundle: Bundle, dataset: Dataset, digits: Sequence[PenDigit]) -> list[Person]:
    rehearsal = Rehearsal(bundle, dataset.train, dataset.validation, SEED)
    test_inputs, test_labels = rehearsal.last_inputs(dataset.test.images), dataset.test.labels
    test_accuracy = rehearsal.layer.accuracy(test_inputs, test_labels)
    predictor = Predictor(bundle)
    people = []
    for writer in HELD_OUT_WRITERS:
        rng = np.random.default_rng((SEED, writer))
        own_digits = [digit for digit in digits if digit.writer == writer]
        readings = [read_digit(predictor, replay(digit, rng)) for digit in own_digits]
        images = np.stack([reading.drawing.image for reading in readings])
        labels = np.array([digit.label for digit in own_digits])
        order = rng.permutation(len(own_digits))
        candidates, exam = order[: len(own_digits) // 2], order[len(own_digits) // 2 :]
        chosen_by_class = [candidates[labels[candidates] == digit][: TAUGHT // CLASSES] for digit in range(CLASSES)]
        taught = np.concatenate(chosen_by_class)
        start = time.perf_counter()
        tuned = rehearsal.tune(*with_variations(images[taught], [own_digits[index] for index in taught], SEED))
        seconds = time.perf_counter() - start
        inputs = rehearsal.last_inputs(images[exam])
        before = rehearsal.layer.probabilities(inputs).argmax(axis=1) == labels[exam]
        after = tuned.layer.probabilities(inputs).argmax(axis=1) == labels[exam]
        people.append(
            Person(
                writer,
                100 * float(np.mean([answered_digit(reading) for reading in readings] == labels)),
                len(exam),
                int((~before).sum()),
                int((~before & after).sum()),
                int((before & ~after).sum()),
                100 * (tuned.layer.accuracy(test_inputs, test_labels) - test_accuracy),
                seconds,
            )
        )
    return people


def _figures(title: str, people: Sequence[Person]) -> list[Figure]:
    digits, mistakes = sum(person.digits for person in people), sum(person.mistakes for person in people)
    changes = [person.test_change for person in people]
    worse = sum(person.broken > person.fixed for person in people)
    return [
        Figure(f"{title}: mistakes in {digits:,} digits before fine-tuning", mistakes, ""),
        Figure(f"{title}: of these, read correctly after fine-tuning", sum(person.fixed for person in people), ""),
        Figure(f"{title}: digits newly misread", sum(person.broken for person in people), ""),
        Figure(f"{title}: writers with more mistakes than before", worse, ""),
        Figure(f"{title}: accuracy on MNIST's test set, mean change", float(np.mean(changes)), "points"),
        Figure(f"{title}: accuracy on MNIST's test set, worst change", min(changes), "points"),
        Figure(f"{title}: time for one person, median", median(person.seconds for person in people), "s"),
        *(
            Figure(f"{title}, writer {person.writer}: read correctly before fine-tuning", person.accuracy, "%")
            for person in people
        ),
        *(
            Figure(
                f"{title}, writer {person.writer}: mistakes fixed",
                person.fixed,
                f"of {person.mistakes}; {person.broken} newly misread",
            )
            for person in people
        ),
    ]
