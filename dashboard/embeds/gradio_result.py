"""The result that the Gradio demo shows for a sketch: a verdict in Markdown, and the ten bars below it in HTML."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from core.language import Message, in_language, languages, tr

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

_TITLE = Message("Probability of each digit")
_REJECTED_TITLE = Message("If it were a digit")


class Result(NamedTuple):
    """A verdict in Markdown, and the ten bars with their title in HTML."""

    verdict: str
    bars: str


class PageTexts(NamedTuple):
    """The texts of the page before a sketch is submitted."""

    title: str
    sketchpad: str
    clear: str
    submit: str
    verdict: str
    bars: str


def page_texts(language: str) -> PageTexts:
    """Return the texts of the page in a language."""
    with in_language(language):
        return PageTexts(tr("Handwritten digits"), tr("Draw a digit"), tr("Clear"), tr("Submit"), *no_sketch())


def no_sketch() -> Result:
    """Return the result to show before a sketch is submitted, and for an empty one."""
    return _result(tr("Draw a digit"), tr("The prediction appears when you press Submit."), _bars(_TITLE))


def pending() -> Result:
    """Return the result to show when Submit is pressed, so that no old prediction appears beside a new sketch."""
    return _result(tr("No prediction yet"), tr("If none appears, press Submit again."), _bars(_TITLE))


def _result(heading: str, sentence: str, bars: str) -> Result:
    return Result(f"# {heading}\n{sentence}", bars)


def _bars(title: str, probabilities: np.ndarray | None = None) -> str:
    """Return the bars of probabilities (10,) as HTML, the highest first, or only their title.

    Gradio's own component, Label, rounds to whole percentages, so it would show 100% where the pages show >99.9%.
    """
    title = tr(title)
    if probabilities is None:
        return f"<p>{title}</p>"
    rows = "".join(_bar(int(digit), float(probabilities[digit])) for digit in (-probabilities).argsort(kind="stable"))
    return f'<p>{title}</p><ol aria-label="{title}">{rows}</ol>'


def _bar(digit: int, probability: float) -> str:
    # Imported here, so that the port opens before large libraries are loaded.
    from core.classifier.predictor import format_confidence

    fill = f'<span class="track"><span class="fill" style="width: {probability:.1%}"></span></span>'
    return f'<li><span>{digit}</span>{fill}<span class="value">{escape(tr(format_confidence(probability)))}</span></li>'


def result_of(reading: Reading) -> Result:
    """Return the result to show for a prediction."""
    # Markdown would turn a line that begins with ">99.9%" into a quotation.
    sentence = f"{escape(tr(reading.sentence))}."
    if reading.several or reading.verdict == "not_a_digit":
        bars = _bars(_REJECTED_TITLE, reading.probabilities)
        if reading.several:
            return _result(tr("Several digits"), tr("Clear the sketch and draw only one digit."), bars)
        return _result(tr("Not a digit"), sentence, bars)
    first, second = reading.candidates
    unsure = reading.verdict == "unsure"
    heading = tr("{first} or {second}?", first=first, second=second) if unsure else str(first)
    return _result(heading, sentence, _bars(_TITLE, reading.probabilities))


def script_showing(result: Callable[[], Result]) -> str:
    """Return JavaScript that shows a result; it runs in the browser, so a busy server cannot delay it."""
    results = {}
    for code in languages():
        with in_language(code):
            results[code] = result()
    return f"() => ({json.dumps(results)})[document.documentElement.lang]"
