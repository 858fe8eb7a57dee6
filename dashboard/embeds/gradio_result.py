"""The result that the Gradio demo shows for a sketch: a verdict in Markdown, and the title of the bars below it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from core.classifier.predictor import Reading


class Result(NamedTuple):
    """A verdict in Markdown and the title of the ten bars."""

    verdict: str
    title: str = "Probability of each digit"


NO_SKETCH = Result("# Draw a digit\nThe prediction appears when you press Submit.")

PENDING = Result("# No prediction yet\nIf none appears, press Submit again.")
"""The result shown when Submit is pressed, so that an old prediction never appears beside a new sketch."""


def result_of(reading: Reading) -> Result:
    """Return the result to show for a prediction."""
    if reading.several:
        return Result("# Several digits\nClear the sketch and draw only one digit.", "If it were a digit")
    if reading.verdict == "not_a_digit":
        return Result(f"# Not a digit\n{reading.sentence}.", "If it were a digit")
    first, second = reading.candidates
    heading = f"{first} or {second}?" if reading.verdict == "unsure" else str(first)
    # Markdown would make a quotation of a line that begins with ">99.9%".
    return Result(f"# {heading}\n{reading.sentence.replace('>', '&gt;')}.")


def script_without_bars(result: Result) -> str:
    """Return JavaScript that shows a result without bars; it runs in the browser, so a busy server cannot delay it."""
    bars = {"__type__": "update", "label": result.title, "value": {}}
    return f"() => {json.dumps([result.verdict, bars])}"
