"""The number that an explanation is about: one digit's logit, probability or log odds, with its gradient."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.special import logsumexp, softmax

Target = Literal["logit", "probability", "log_odds"]
"""`log_odds`: log(p / (1 - p)) in nats, which compares a digit with all others and does not saturate."""


def target_values(logits: np.ndarray, digit: int, target: Target, temperature: float) -> np.ndarray:
    """Return one digit's target, float64 (n,), from logits (n, 10) before temperature scaling."""
    if target == "logit":
        return logits[:, digit].astype(np.float64)
    scaled = logits.astype(np.float64) / temperature
    log_odds = scaled[:, digit] - logsumexp(np.delete(scaled, digit, axis=1), axis=1)
    return log_odds if target == "log_odds" else 1 / (1 + np.exp(-log_odds))


def target_gradient(logits: np.ndarray, digit: int, target: Target, temperature: float) -> np.ndarray:
    """Return the gradient float32 (n, 10) of one digit's target with respect to the logits (n, 10)."""
    gradient = np.zeros(logits.shape)
    if target == "logit":
        gradient[:, digit] = 1
        return gradient.astype(np.float32)
    scaled = logits.astype(np.float64) / temperature
    others = np.delete(np.arange(logits.shape[1]), digit)
    gradient[:, digit] = 1 / temperature
    gradient[:, others] = -softmax(scaled[:, others], axis=1) / temperature
    if target == "probability":
        # dp = p (1 - p) d(log odds)
        probability = target_values(logits, digit, target, temperature)[:, np.newaxis]
        gradient *= probability * (1 - probability)
    return gradient.astype(np.float32)
