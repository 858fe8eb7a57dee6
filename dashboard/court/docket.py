"""The images that the label court asks about, in order, and what the page shows about each after the verdict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.classifier.evaluation import Evaluation
from core.court.cases import Cases, cases_of_test_set, cases_of_training_set
from core.court.out_of_fold import OutOfFold, split_and_index
from core.court.verdicts import Choice
from core.court.votes import Votes, published_votes
from core.data.datasets import Dataset
from core.language import Message, tr
from dashboard.court import ledger
from dashboard.parts.image_links import image_name

_TITLES = {
    "train": Message("training image {index:,}"),
    "validation": Message("validation image {index:,}"),
    "test": Message("test image {index:,}"),
}


@dataclass(frozen=True)
class Case:
    """An image to judge. `probabilities`: float (10,), by a network that has not learned from this label."""

    split: str
    index: int
    image: np.ndarray
    label: int
    probabilities: np.ndarray
    votes: Votes | None

    @property
    def name(self) -> str:
        """The name in the URL of the Inside page, such as "test-947"."""
        return image_name(self.split, self.index)

    @property
    def title(self) -> str:
        """The image in words, such as "test image 947"."""
        return tr(_TITLES[self.split], index=self.index)

    @property
    def prediction(self) -> int:
        return int(self.probabilities.argmax())


@dataclass(frozen=True)
class Docket:
    """Images to judge, numbered by row of `probabilities`, float (n, 10). `votes`: the published ones, by number."""

    dataset: Dataset
    probabilities: np.ndarray
    cases: Cases
    votes: dict[int, Votes]
    is_test_set: bool

    def place(self, number: int) -> tuple[str, int]:
        """Return the split and the index of an image."""
        return ("test", number) if self.is_test_set else split_and_index(self.dataset, number)

    def case(self, number: int) -> Case:
        """Return one image."""
        name, index = self.place(number)
        split = self.dataset.split(name)
        row = self.probabilities[number]
        return Case(name, index, split.images[index], int(split.labels[index]), row, self.votes.get(number))

    def find(self, name: str | None) -> int | None:
        """Return the number of the image with this name, or None if it is not among the images to judge."""
        return next((number for number in self.cases.order if image_name(*self.place(number)) == name), None)

    def label(self, number: int) -> int:
        """Return the label of an image."""
        split, index = self.place(number)
        return int(self.dataset.split(split).labels[index])

    def verdicts(self) -> dict[int, Choice]:
        """Return the visitor's verdicts on these images, by number."""
        splits = ("test",) if self.is_test_set else ("train", "validation")
        choices = {split: ledger.choices(self.dataset.fingerprint, split) for split in splits}
        places = {number: self.place(number) for number in self.cases.order}
        return {number: choices[split][index] for number, (split, index) in places.items() if index in choices[split]}


def docket_of_test_set(dataset: Dataset, evaluation: Evaluation) -> Docket:
    """Return the test images: the model's mistakes, the disputed labels, and ordinary images mixed in."""
    cases = cases_of_test_set(evaluation, dataset.fingerprint)
    votes = published_votes(dataset.fingerprint, len(evaluation.labels))
    return Docket(dataset, evaluation.probabilities, cases, votes, is_test_set=True)


def docket_of_training_set(dataset: Dataset, result: OutOfFold) -> Docket:
    """Return the training images with suspicious labels, and ordinary images mixed in."""
    return Docket(dataset, result.probabilities, cases_of_training_set(result), {}, is_test_set=False)
