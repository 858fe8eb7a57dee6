"""Calibrated, thread-safe predictions of a trained model, with a verdict; TensorFlow is not needed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from core.classifier.bundle import Bundle
from core.classifier.calibration import UNSURE_BELOW, apply_temperature
from core.classifier.network import Network, NetworkOutput
from core.classifier.novelty import load_detector
from core.ink.drawing import Drawing, prepare
from core.language import Message

Verdict = Literal["digit", "unsure", "not_a_digit", "blank", "error"]
"""`unsure`: a close call between two digits. `blank`: no ink. `error`: an error prevented the prediction."""


prediction_lock = threading.RLock()
"""Held by the thread that is predicting a drawing; only one thread in the process may do so at a time.

A prediction consists of many short steps that need Python's global interpreter lock. Threads that take turns predict
more drawings per second than threads that compete at every step. `Predictor.read` and `Predictor.read_drawing` acquire
this lock. The Draw page holds it for its complete response to a stroke, from decoding the canvas to encoding the
pictures.
"""

_TEST_IMAGE = np.linspace(0, 255, 28 * 28).astype(np.uint8).reshape(28, 28)


@dataclass(frozen=True)
class Reading:
    """A model's prediction for one drawing.

    `digit` is the predicted class, regardless of the verdict. `novelty` is the novelty score, or None if the model has
    no detector; a drawing with a score above 0 is rejected. `several` is True for several digits in one drawing, which
    together are not a digit. Without ink, `digit`, `probabilities` and `novelty` are None.
    """

    verdict: Verdict
    digit: int | None
    probabilities: np.ndarray | None
    drawing: Drawing
    novelty: float | None = None
    several: bool = False

    @property
    def confidence(self) -> float | None:
        """Calibrated probability of the predicted class, 0..1."""
        return None if self.probabilities is None else float(self.probabilities.max())

    @property
    def candidates(self) -> tuple[int, ...]:
        """The two most probable digits, the more probable one first; none without ink."""
        if self.probabilities is None:
            return ()
        first, second = np.argsort(-self.probabilities, kind="stable")[:2]
        return int(first), int(second)

    @property
    def shown_digits(self) -> tuple[int, ...]:
        """The digits to show: one, two for a close call, none for a rejected or blank drawing."""
        return self.candidates[: {"digit": 1, "unsure": 2}.get(self.verdict, 0)]

    def to_json(self) -> dict[str, Any]:
        """Return the prediction as JSON values, for the API."""
        return {
            "verdict": self.verdict,
            "several": self.several,
            "digit": self.digit,
            "candidates": list(self.candidates),
            "confidence": self.confidence,
            "novelty": self.novelty,
            "probabilities": None if self.probabilities is None else self.probabilities.tolist(),
        }

    @property
    def sentence(self) -> Message:
        """The verdict in words, without a full stop."""
        if self.confidence is None:
            return Message("No ink, no digit")
        if self.several:
            return Message("Several digits, not one")
        if self.verdict == "not_a_digit":
            return Message("Unlike any digit in the training data (nearest: {digit})", digit=self.digit)
        if self.verdict == "unsure":
            first, second = self.shown_digits
            return Message("Looks like a {first} or a {second}", first=first, second=second)
        return Message("{confidence} sure", confidence=format_confidence(self.confidence))


class Predictor:
    """A loaded model."""

    def __init__(self, bundle: Bundle) -> None:
        """Load a bundle; raises BundleError if a file is missing or damaged."""
        self.bundle = bundle
        card = bundle.card()
        self.version = f"{card.run_id} {card.created.isoformat()}"
        """Different for each training run, including a resumed one that has replaced this bundle."""
        self._network = Network(bundle.tflite_file, card.network_fingerprint)
        self._temperature = card.calibration.temperature if card.calibration else 1.0
        self._unsure_below = card.calibration.unsure_below if card.calibration else UNSURE_BELOW
        # Models from earlier versions have no detector.
        self._detector = load_detector(bundle.novelty_file, self._network.feature_count or 0) if card.novelty else None
        # Some damaged files load without an error and fail only at the first prediction.
        self._predict(_TEST_IMAGE)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities float32 (n, 10) for images uint8 (n, 28, 28)."""
        return apply_temperature(self._network(images).probabilities, self._temperature)

    def novelty(self, images: np.ndarray) -> np.ndarray | None:
        """Return novelty scores float32 (n,) for images uint8 (n, 28, 28), or None if there is no detector."""
        return self.scores(images)[1]

    def scores(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the results of `probabilities` and `novelty` from a single batch."""
        outputs = self._network(images)
        novelty = None if self._detector is None else self._detector(images, outputs)
        return apply_temperature(outputs.probabilities, self._temperature), novelty

    def read(self, ink: np.ndarray) -> Reading:
        """Predict one drawing: uint8 ink (h, w), white (255) on black (0), at any size and position."""
        with prediction_lock:
            return self.read_drawing(prepare(ink))

    def read_drawing(self, drawing: Drawing, *, several: bool = False) -> Reading:
        """Predict a drawing that has already been prepared, no matter how.

        `several`: True if the drawing is known to be several digits, which together are not a digit.
        """
        if drawing.image is None:
            return Reading("blank", None, None, drawing)
        with prediction_lock:
            probabilities, novelty = self._predict(drawing.image)
        verdict = "not_a_digit" if several else self._verdict(probabilities, novelty)
        return Reading(verdict, int(probabilities.argmax()), probabilities, drawing, novelty, several)

    def with_probabilities(self, reading: Reading, probabilities: np.ndarray) -> Reading:
        """Return a reading with other calibrated probabilities (10,); what was not a digit stays rejected."""
        verdict = "not_a_digit" if reading.several else self._verdict(probabilities, reading.novelty)
        return replace(reading, verdict=verdict, digit=int(probabilities.argmax()), probabilities=probabilities)

    def judge(self, images: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, list[Verdict]]:
        """Return calibrated probabilities and verdicts for the output of another copy of this network.

        `probabilities`: that copy's output for the images, float32 (n, 10), before calibration. Novelty scores also
        need features, which only the LiteRT model returns.
        """
        calibrated = apply_temperature(probabilities, self._temperature)
        if self._detector is None:
            return calibrated, [self._verdict(row, None) for row in calibrated]
        novelty = self._detector(images, NetworkOutput(probabilities, self._network(images).features))
        return calibrated, [self._verdict(row, float(score)) for row, score in zip(calibrated, novelty, strict=True)]

    def _predict(self, image: np.ndarray) -> tuple[np.ndarray, float | None]:
        """Return calibrated probabilities float32 (10,) and the novelty score of an image (28, 28)."""
        probabilities, novelty = self.scores(image[np.newaxis])
        return probabilities[0], None if novelty is None else float(novelty[0])

    def _verdict(self, probabilities: np.ndarray, novelty: float | None) -> Verdict:
        if novelty is not None and novelty > 0:
            return "not_a_digit"
        return "unsure" if probabilities.max() < self._unsure_below else "digit"


def format_confidence(confidence: float) -> Message:
    """Format a confidence, 0..1, as a percentage; 99.95% and above becomes >99.9%, because no network is certain."""
    if confidence >= 0.9995:
        return Message(">{confidence:.1%}", confidence=0.999)
    return Message("{confidence:.1%}", confidence=confidence)
