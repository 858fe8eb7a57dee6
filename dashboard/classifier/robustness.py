"""The accuracies on drawings and altered digits, and the effect of disputed labels on the test accuracy."""

from __future__ import annotations

import streamlit as st

from core.classifier.bundle import Card, Robustness
from core.classifier.disputed import DisputedLabels
from core.language import Message, ntr, number, tr
from dashboard.parts import charts
from dashboard.parts.chart_text import listed
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH
from dashboard.parts.show_chart import show_chart
from dashboard.parts.theme import text_colour

REDRAWN_KINDS = {
    "canvas": (
        Message("Typical"),
        Message("40% to 80% of the canvas, anywhere on it, with the brushes of the Draw page."),
    ),
    "tiny": (Message("Tiny"), Message("8% to 15% of the canvas, with a thin pen.")),
    "thin_pen": (Message("Thin pen"), Message("A brush of 4 to 7 pixels on the Draw page's canvas.")),
    "fat_pen": (Message("Thick pen"), Message("A brush of 30 to 40 pixels on the Draw page's canvas.")),
    "turned": (Message("Rotated by 20°"), Message("Half of the digits to the left, half to the right.")),
}
ALTERED_KINDS = {
    "shifted": (Message("Shifted by 4 px"), Message("Up, down, left or right, without centring them again.")),
    "shrunk": (Message("Shrunk to 70%"), Message("Without scaling them back to full size.")),
    "noisy": (
        Message("Noise"),
        Message("Gaussian noise on each pixel, with a standard deviation of 30% of full ink."),
    ),
    "blurred": (Message("Blurred"), Message("Gaussian blur with a standard deviation of one pixel.")),
    "faded": (Message("Half the contrast"), Message("Every pixel has half its value.")),
}


NOT_MEASURED = Message("Not measured: this model was fine-tuned, or an earlier version of Trazo trained it.")


def robustness_section(card: Card) -> None:
    """Chart how often the model misreads drawings and altered images, with all figures in an expander."""
    st.subheader(tr("Drawings"), anchor=False)
    robustness = card.robustness
    if robustness is None:
        st.caption(tr(NOT_MEASURED))
        return
    st.markdown(
        tr(
            "Of 100 digits, how many does it misread? Up to {images:,} test images were traced and **drawn again on a "
            "canvas**, as you would. On average, {misread:.1f} of 100 were misread.",
            images=robustness.images,
            misread=_misread(robustness.drawings),
        )
    )
    _show_chart(robustness, REDRAWN_KINDS)
    if robustness.pen_strokes is not None:
        st.markdown(
            tr(
                "**Real handwriting**: digits that people wrote with a pen; no model has learned from these people. "
                "Accuracy: **{accuracy:.1%}**, so {misread:.1f} of 100 are misread.",
                accuracy=robustness.pen_strokes,
                misread=_misread(robustness.pen_strokes),
            )
        )
    st.subheader(tr("Altered images"), anchor=False)
    st.markdown(
        tr(
            "The same images, altered and passed **directly to the network**, without the centring and scaling that "
            "drawings get: the mistakes per 100 show what would confuse it."
        )
    )
    _show_chart(robustness, ALTERED_KINDS)
    with st.expander(tr("All figures"), icon=":material/query_stats:", key="robustness_figures"):
        st.markdown(tr("The accuracy on each kind of image: the fraction of images that the model reads correctly."))
        _show_accuracies(robustness, REDRAWN_KINDS)
        _show_accuracies(robustness, ALTERED_KINDS)


def _misread(accuracy: float) -> float:
    """Return the number of mistakes per 100 digits."""
    return (1 - accuracy) * 100


def _show_chart(robustness: Robustness, kinds: dict[str, tuple[Message, Message]]) -> None:
    rows = [
        (tr(label), tr(explanation), accuracy)
        for name, (label, explanation) in kinds.items()
        if (accuracy := getattr(robustness, name)) is not None
    ]
    numbers = listed({label: number(_misread(accuracy), ".1f") for label, _, accuracy in rows})
    show_chart(
        charts.mistakes_per_hundred(rows, text_colour()),
        alt=tr("Mistakes in 100 digits, by kind: {numbers}.", numbers=numbers),
    )


def _show_accuracies(robustness: Robustness, kinds: dict[str, tuple[Message, Message]]) -> None:
    accuracies = {name: getattr(robustness, name) for name in kinds}
    with st.grid(len(kinds), min_column_width=MIN_TILE_WIDTH):
        for name, (label, explanation) in kinds.items():
            if accuracies[name] is not None:
                st.metric(tr(label), number(accuracies[name], ".1%"), help=tr(explanation))


def disputed_note(disputed: DisputedLabels | None, accuracy: float) -> None:
    """Show the effect of disputed labels on the accuracy; show nothing for datasets other than MNIST."""
    if disputed is None:
        return
    count = len(disputed.mistakes)
    sentences = [
        tr(
            "Reviewers found the labels of {count} of these test images wrong or ambiguous "
            "([Northcutt et al., 2021](https://labelerrors.com)).",
            count=len(disputed.indices),
        ),
        ntr("One of them is among this model's mistakes.", "{count} of them are among this model's mistakes.", count)
        if count
        else tr("None of them is among this model's mistakes."),
        tr(
            "Accuracy with them: {accuracy:.2%}, without them: {without:.2%}.",
            accuracy=accuracy,
            without=disputed.accuracy_without,
        ),
    ]
    st.caption(" ".join(sentences))
