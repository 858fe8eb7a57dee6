"""The answer of the Gradio demo to a sketch: a verdict in Markdown, and the title of the bars below it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from core.classifier.predictor import Reading


class Answer(NamedTuple):
    """A verdict in Markdown and the title of the ten bars."""

    verdict: str
    title: str = "Probability of each digit"


NO_SKETCH = Answer("# Draw a digit\nThe answer appears when you press Submit.")

PENDING = Answer("# No answer yet\nIf none appears, press Submit again.")
"""The answer shown when Submit is pressed, so that an old answer never appears beside a new sketch."""


def answer_to(reading: Reading) -> Answer:
    """Return the answer that shows a reading."""
    if reading.verdict == "not_a_digit":
        return Answer(f"# Not a digit\n{reading.sentence}.", "If it were a digit")
    first, second = reading.candidates
    heading = f"{first} or {second}?" if reading.verdict == "unsure" else str(first)
    return Answer(f"# {heading}\n{reading.sentence}.")


def script_without_bars(answer: Answer) -> str:
    """Return JavaScript that shows an answer without bars in the browser, where a busy server cannot delay it."""
    bars = {"__type__": "update", "label": answer.title, "value": {}}
    return f"() => {json.dumps([answer.verdict, bars])}"
