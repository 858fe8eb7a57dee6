"""The images that the label court asks about, in an order that does not reveal why an image was chosen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from core.classifier.evaluation import Evaluation, mistakes
from core.court.out_of_fold import OutOfFold
from core.court.votes import published_votes, reviewed_choices

SEED = 20261129
"""Fixed seed, so that the court continues with the same images after a restart."""

PART_SIZE = 10
"""Suspicious labels per part: few, so that the worst come early, yet enough to be mixed with ordinary images."""


@dataclass(frozen=True)
class Cases:
    """Images to judge, each once: their indices in the order in which the court asks, and the ordinary ones among them.

    The ordinary images are controls: a person who rejects their labels as often as those of the doubtful images is
    guessing.
    """

    order: list[int]
    ordinary: frozenset[int]


def cases_of_test_set(evaluation: Evaluation, fingerprint: str, seed: int = SEED) -> Cases:
    """Return the cases of the test set, by index.

    First come the model's mistakes and the disputed labels, then the other images with published votes; each part is
    mixed with as many ordinary images. `fingerprint`: identifies the model's dataset; only MNIST has published votes.
    """
    count = len(evaluation.labels)
    first = [*mistakes(evaluation).tolist(), *reviewed_choices(fingerprint, count)]
    return _mixed([first, published_votes(fingerprint, count)], count, seed)


def cases_of_training_set(result: OutOfFold, seed: int = SEED) -> Cases:
    """Return the cases of the training data, by index in `labelled_images`.

    The most suspicious labels come first, PART_SIZE at a time, each part mixed with as many ordinary images.
    """
    suspicious = result.suspicious.tolist()
    parts = [suspicious[start : start + PART_SIZE] for start in range(0, len(suspicious), PART_SIZE)]
    return _mixed(parts, len(result.labels), seed)


def _mixed(doubtful: Sequence[Collection[int]], count: int, seed: int) -> Cases:
    order = blind_order(doubtful, count, seed)
    return Cases(order, frozenset(order).difference(*doubtful))


def blind_order(doubtful: Sequence[Collection[int]], count: int, seed: int) -> list[int]:
    """Return the doubtful indices part by part, each shuffled with as many others from 0..count-1, while they last.

    An index in several parts belongs to the first of them.
    """
    rng = np.random.default_rng(seed)
    taken: set[int] = set()
    parts = []
    for part in doubtful:
        parts.append(sorted(set(part) - taken))
        taken |= set(part)
    ordinary = rng.permutation(np.setdiff1d(np.arange(count), sorted(taken))).tolist()
    order: list[int] = []
    for part in parts:
        order += rng.permutation([*part, *ordinary[: len(part)]]).astype(int).tolist()
        del ordinary[: len(part)]
    return order
