"""A prediction on the page: the digit or the verdict in large type, and a bar for each of the ten probabilities."""

from __future__ import annotations

from collections.abc import Sequence

from core.classifier.predictor import Reading, format_confidence
from core.language import tr
from dashboard.parts.component import text_component

_answer = text_component("answer")


def show_prediction(reading: Reading | None, prompt: str, key: str = "answer", model: str | None = None) -> None:
    """Show the digit, both digits if the model is unsure, or "Not a digit", with the ten probabilities.

    Without a reading, show `prompt` at the same height. The verdict must not be "blank". `model`: a name to show above
    the probabilities.
    """
    rejected = reading is not None and reading.verdict == "not_a_digit"
    rejection, sentence = tr("Not a digit"), tr(reading.sentence) if reading else ""
    if reading and reading.several:
        rejection, sentence = tr("Several digits"), tr("Read them as a number, or draw only one")
    _answer(
        key=key,
        data={
            "digit": joined_digits(reading.shown_digits) if reading and not rejected else None,
            "prompt": rejection if rejected else prompt,
            "verdict": reading.verdict if reading else None,
            "sentence": sentence,
            "bars": bars(reading),
            "title": bars_title(reading) if model is None else model,
        },
    )


def joined_digits(digits: Sequence[int]) -> str:
    """Return the digit, both digits of a close call, or an empty string."""
    if len(digits) != 2:
        return "".join(map(str, digits))
    if digits[1] == 8:  # Spanish has another word for "or" before an 8
        return tr("{first} or 8", first=digits[0])
    return tr("{first} or {second}", first=digits[0], second=digits[1])


def bars_title(reading: Reading | None) -> str:
    """Return the title of a reading's bars."""
    rejected = reading is not None and reading.verdict == "not_a_digit"
    return tr("If it were a digit") if rejected else tr("Probability of each digit")


def bars(reading: Reading | None) -> list[dict[str, object]]:
    """Return the data for a reading's ten bars."""
    if reading is None or reading.probabilities is None:
        return [{"digit": str(digit), "probability": 0.0, "value": "", "best": False} for digit in range(10)]
    shown_digits = reading.shown_digits
    return [
        {
            "digit": str(digit),
            "probability": float(probability),
            "value": tr(format_confidence(probability)),
            "best": digit in shown_digits,
        }
        for digit, probability in enumerate(reading.probabilities)
    ]
