"""Other probabilities of the network for a picture, shown like the picture's prediction."""

from __future__ import annotations

import numpy as np

from core.classifier.predictor import Predictor, Reading
from dashboard.parts.prediction import show_prediction


def show_probabilities(predictor: Predictor, reading: Reading, probabilities: np.ndarray, key: str) -> None:
    """Show probabilities (10,) with the verdict that they have if the novelty is that of the picture's `reading`."""
    show_prediction(predictor.with_probabilities(reading, probabilities), "", key=key)
