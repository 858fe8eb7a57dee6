"""The network's probabilities for an image, shown like a prediction without a verdict."""

from __future__ import annotations

import numpy as np

from core.classifier.predictor import Reading
from core.ink.drawing import Drawing, Pixels
from dashboard.parts.prediction import show_prediction


def show_probabilities(probabilities: np.ndarray, image: Pixels, key: str) -> None:
    """Show the most probable digit and the probabilities (10,) for an image (28, 28)."""
    show_prediction(Reading("digit", int(probabilities.argmax()), probabilities, Drawing.of_image(image)), "", key=key)
