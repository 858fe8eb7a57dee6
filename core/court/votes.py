"""The published votes on 100 of MNIST's test images: how many of five people see the label or a network's guess.

Confident learning chose the images, and five people voted on each (Northcutt, Athalye and Mueller, 2021, "Pervasive
Label Errors in Test Sets Destabilize Machine Learning Benchmarks"). The numbers come from `mturk/mnist_mturk.json` in
https://github.com/cleanlab/label-errors, commit 5457895.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.court.verdicts import CANNOT_TELL, Choice
from core.data.sources import MNIST_FINGERPRINT

_MAJORITY = 3


@dataclass(frozen=True)
class Votes:
    """The votes of five people on one image.

    `guess`: the digit that they could choose instead of the label, or None if the network's guess was the label.
    """

    guess: int | None
    for_label: int
    for_guess: int
    for_neither: int

    @property
    def correction(self) -> Choice | None:
        """The majority's digit, "cannot tell" if there is no majority, or None if the majority chose the label."""
        if self.for_label >= _MAJORITY:
            return None
        if self.guess is not None and self.for_guess >= _MAJORITY:
            return self.guess
        return CANNOT_TELL


def published_votes(fingerprint: str, images: int) -> dict[int, Votes]:
    """Return the votes by index in a test set with this number of `images`; none for a dataset other than MNIST."""
    if fingerprint != MNIST_FINGERPRINT:
        return {}
    return {
        index: Votes(guess, for_label, for_guess, for_neither)
        for index, guess, for_label, for_guess, for_neither in _MNIST_VOTES
        if index < images
    }


def reviewed_choices(fingerprint: str, images: int) -> dict[int, Choice]:
    """Return the corrections by the reviewers' majority, keyed by index: MNIST's disputed labels."""
    votes = published_votes(fingerprint, images)
    return {index: each.correction for index, each in votes.items() if each.correction is not None}


_MNIST_VOTES: tuple[tuple[int, int | None, int, int, int], ...] = (
    (247, 6, 5, 0, 0),
    (259, 0, 5, 0, 0),
    (321, 7, 5, 0, 0),
    (340, 3, 5, 0, 0),
    (445, 0, 5, 0, 0),
    (449, 5, 4, 1, 0),
    (582, 2, 5, 0, 0),
    (619, 8, 5, 0, 0),
    (717, 6, 4, 0, 1),
    (720, None, 5, 0, 0),
    (726, 5, 5, 0, 0),
    (740, 9, 4, 1, 0),
    (810, 2, 5, 0, 0),
    (938, None, 5, 0, 0),
    (947, 9, 0, 5, 0),
    (1014, 5, 5, 0, 0),
    (1033, 1, 5, 0, 0),
    (1039, 3, 5, 0, 0),
    (1112, 6, 5, 0, 0),
    (1119, None, 5, 0, 0),
    (1226, 2, 4, 1, 0),
    (1232, 4, 3, 2, 0),
    (1299, 7, 5, 0, 0),
    (1364, None, 5, 0, 0),
    (1393, 3, 3, 0, 2),
    (1530, 7, 5, 0, 0),
    (1621, 6, 2, 3, 0),
    (1681, 7, 4, 1, 0),
    (1709, 3, 5, 0, 0),
    (1901, 4, 2, 3, 0),
    (2035, 3, 3, 2, 0),
    (2043, 8, 5, 0, 0),
    (2109, 7, 5, 0, 0),
    (2130, 9, 2, 2, 1),
    (2135, 1, 5, 0, 0),
    (2182, 3, 5, 0, 0),
    (2293, 0, 4, 1, 0),
    (2380, None, 4, 0, 1),
    (2406, 4, 5, 0, 0),
    (2447, None, 5, 0, 0),
    (2454, None, 4, 0, 1),
    (2462, 0, 0, 4, 1),
    (2597, 3, 0, 4, 1),
    (2654, 1, 0, 2, 3),
    (2836, None, 4, 0, 1),
    (2896, 0, 5, 0, 0),
    (2921, 2, 5, 0, 0),
    (2927, 7, 5, 0, 0),
    (2939, 5, 5, 0, 0),
    (3060, 7, 5, 0, 0),
    (3073, 2, 5, 0, 0),
    (3206, 3, 5, 0, 0),
    (3422, 0, 3, 2, 0),
    (3503, None, 5, 0, 0),
    (3520, 4, 2, 0, 3),
    (3558, 0, 1, 4, 0),
    (3597, 3, 5, 0, 0),
    (3767, 2, 5, 0, 0),
    (3778, 0, 5, 0, 0),
    (3850, 4, 5, 0, 0),
    (3869, 4, 4, 1, 0),
    (3906, 3, 5, 0, 0),
    (4007, 9, 4, 0, 1),
    (4176, None, 5, 0, 0),
    (4201, 7, 3, 2, 0),
    (4207, 2, 5, 0, 0),
    (4224, 7, 5, 0, 0),
    (4497, 7, 4, 1, 0),
    (4639, 9, 5, 0, 0),
    (4783, 9, 5, 0, 0),
    (4823, 4, 3, 2, 0),
    (4860, 9, 5, 0, 0),
    (4874, 0, 4, 0, 1),
    (4876, None, 5, 0, 0),
    (4880, 8, 5, 0, 0),
    (4956, 4, 3, 0, 2),
    (4978, 9, 5, 0, 0),
    (5887, 0, 5, 0, 0),
    (5937, 3, 1, 3, 1),
    (5955, 8, 4, 1, 0),
    (6505, 0, 5, 0, 0),
    (6572, 7, 4, 0, 1),
    (6576, 1, 4, 1, 0),
    (6597, 7, 5, 0, 0),
    (6625, 2, 5, 0, 0),
    (6651, 6, 0, 5, 0),
    (6783, 6, 2, 3, 0),
    (7434, 8, 5, 0, 0),
    (7842, None, 5, 0, 0),
    (8094, 8, 5, 0, 0),
    (8408, 5, 5, 0, 0),
    (8527, 9, 2, 2, 1),
    (9009, 2, 4, 1, 0),
    (9634, 1, 5, 0, 0),
    (9642, 7, 5, 0, 0),
    (9664, 7, 3, 2, 0),
    (9679, 3, 2, 0, 3),
    (9729, 6, 2, 3, 0),
    (9755, 5, 5, 0, 0),
    (9888, None, 5, 0, 0),
)
"""Index, guess, and the votes for the label, for the guess and for neither."""
