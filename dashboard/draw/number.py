"""A number on the page: a bracket for each of its digits, the whole number, and a card for each digit."""

from __future__ import annotations

from core.classifier.number_reader import NumberReading, PlacedReading
from core.classifier.predictor import Reading
from core.ink.drawing import Pixels
from core.language import tr
from dashboard.parts.component import text_component
from dashboard.parts.png import png_data_uri
from dashboard.parts.prediction import bars, bars_title

_brackets, _number, _digit_cards = (
    text_component("brackets"),
    text_component("number"),
    text_component("digit_cards", "ol"),
)


def show_brackets(number: NumberReading | None, width: int, picture: Pixels | None) -> None:
    """Show a bracket and the predicted digit below each digit of a canvas that is `width` pixels wide.

    `picture`: ink to show above the brackets instead of the canvas.
    """
    _brackets(
        key="brackets",
        data={
            "picture": None if picture is None else png_data_uri(picture),
            "alt": tr("The ink in the picture"),
            "brackets": [_bracket(digit, width) for digit in number.digits] if number else [],
        },
    )


def _bracket(digit: PlacedReading, width: int) -> dict[str, object]:
    _, left, _, right = digit.box
    return {
        "text": _digit_text(digit.reading),
        "left": 100 * left / width,
        "width": 100 * (right - left) / width,
        "sure": digit.reading.verdict == "digit",
    }


def _digit_text(reading: Reading) -> str:
    return "?" if reading.verdict == "not_a_digit" else str(reading.digit)


def show_number(number: NumberReading | None, prompt: str) -> None:
    """Show the whole number, or `prompt` at the same height; the verdict must not be "blank"."""
    _number(
        key="number",
        data={
            "number": number.number if number else None,
            "prompt": tr("Not a number") if number else prompt,
            "sentence": tr(number.sentence) if number else "",
        },
    )


def show_digit_cards(number: NumberReading | None) -> None:
    """Show each digit's verdict, second-best digit and ten probabilities."""
    _digit_cards(key="digit_cards", data=[_card(digit.reading) for digit in number.digits] if number else [])


def _card(reading: Reading) -> dict[str, object]:
    return {
        "text": _digit_text(reading),
        "sure": reading.verdict == "digit",
        "sentence": tr(reading.sentence),
        "second": tr("Second best: {digit}", digit=reading.candidates[1]),
        "title": bars_title(reading),
        "bars": bars(reading),
    }
