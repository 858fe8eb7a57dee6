"""The result that the Gradio demo shows for a sketch: a verdict in Markdown, and the ten bars below it in HTML."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

    from core.classifier.predictor import Reading

STYLE = """
#verdict { min-height: 5.5rem; text-align: center }
#verdict h1 { margin: 0; font-size: 2.25rem; line-height: 1.3 }
#verdict p { margin: 0.25rem 0 0 }
#bars { min-height: 23.75rem }
#bars p { margin: 0 0 0.5rem; font-size: 0.875rem; color: var(--body-text-color); opacity: 0.75 }
#bars ol { margin: 0; padding: 0; list-style: none }
#bars li {
  display: grid; grid-template-columns: 1rem minmax(0, 1fr) 3.5rem; gap: 0.75rem; align-items: center;
  line-height: 1.875rem; color: var(--body-text-color); font-variant-numeric: tabular-nums
}
#bars li:first-child { font-weight: 600 }
#bars .track { height: 0.75rem; border-radius: 0.375rem; overflow: hidden; background: var(--neutral-200) }
.dark #bars .track { background: var(--neutral-700) }
#bars .fill { display: block; height: 100%; background: var(--primary-600) }
#bars .value { text-align: right }
.gradio-container .app { max-width: 60rem !important; padding-inline: 0.25rem }
#sketchpad button[aria-label="Color"], footer .divider { display: none }
@media (forced-colors: active) { #bars .fill { forced-color-adjust: none; background: CanvasText } }
#sketchpad .icon-button { min-width: 24px; min-height: 24px }
"""
"""Minimum heights, so that the layout does not shift when a result appears; the demo still fits on a laptop screen.

The demo is as wide as the page around it, up to a limit. The brush has one colour, so there is none to choose.
The footer has one link, so a divider would stand alone. Gradio's small buttons are too small a target for WCAG 2.2.
"""

_TITLE = "Probability of each digit"
_REJECTED_TITLE = "If it were a digit"


class Result(NamedTuple):
    """A verdict in Markdown, and the ten bars with their title in HTML."""

    verdict: str
    bars: str


def _bars(title: str, probabilities: np.ndarray | None = None) -> str:
    """Return the bars of probabilities (10,) as HTML, the highest first, or only their title.

    Gradio's own component, Label, rounds to whole percentages, so it would show 100% where the pages show >99.9%.
    """
    if probabilities is None:
        return f"<p>{title}</p>"
    rows = "".join(_bar(int(digit), float(probabilities[digit])) for digit in (-probabilities).argsort(kind="stable"))
    return f'<p>{title}</p><ol aria-label="{title}">{rows}</ol>'


def _bar(digit: int, probability: float) -> str:
    # Imported here, so that the port opens before large libraries are loaded.
    from core.classifier.predictor import format_confidence

    fill = f'<span class="track"><span class="fill" style="width: {probability:.1%}"></span></span>'
    return f'<li><span>{digit}</span>{fill}<span class="value">{escape(format_confidence(probability))}</span></li>'


NO_SKETCH = Result("# Draw a digit\nThe prediction appears when you press Submit.", _bars(_TITLE))

PENDING = Result("# No prediction yet\nIf none appears, press Submit again.", _bars(_TITLE))
"""The result shown when Submit is pressed, so that an old prediction never appears beside a new sketch."""


def result_of(reading: Reading) -> Result:
    """Return the result to show for a prediction."""
    if reading.several:
        verdict = "# Several digits\nClear the sketch and draw only one digit."
        return Result(verdict, _bars(_REJECTED_TITLE, reading.probabilities))
    if reading.verdict == "not_a_digit":
        return Result(f"# Not a digit\n{reading.sentence}.", _bars(_REJECTED_TITLE, reading.probabilities))
    first, second = reading.candidates
    heading = f"{first} or {second}?" if reading.verdict == "unsure" else str(first)
    # Markdown would make a quotation of a line that begins with ">99.9%".
    return Result(f"# {heading}\n{escape(reading.sentence)}.", _bars(_TITLE, reading.probabilities))


def script_showing(result: Result) -> str:
    """Return JavaScript that shows a result; it runs in the browser, so a busy server cannot delay it."""
    return f"() => {json.dumps(list(result))}"
