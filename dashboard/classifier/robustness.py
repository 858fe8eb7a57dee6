"""The accuracies on drawings and altered digits, and the effect of disputed labels on the test accuracy."""

from __future__ import annotations

import streamlit as st

from core.classifier.bundle import Card, Robustness
from core.classifier.disputed import DisputedLabels
from dashboard.parts import charts
from dashboard.parts.chart_text import listed
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH
from dashboard.parts.theme import text_colour

REDRAWN_KINDS = {
    "canvas": ("Typical", "40% to 80% of the canvas, anywhere on it, with the brushes of the Draw page."),
    "tiny": ("Tiny", "8% to 15% of the canvas, with a thin pen."),
    "thin_pen": ("Thin pen", "A brush of 4 to 7 pixels on the Draw page's canvas."),
    "fat_pen": ("Thick pen", "A brush of 30 to 40 pixels on the Draw page's canvas."),
    "turned": ("Rotated by 20°", "Half of the digits to the left, half to the right."),
}
ALTERED_KINDS = {
    "shifted": ("Shifted by 4 px", "Up, down, left or right, without centring them again."),
    "shrunk": ("Shrunk to 70%", "Without scaling them back to full size."),
    "noisy": ("Noise", "Gaussian noise on each pixel, with a standard deviation of 30% of full ink."),
    "blurred": ("Blurred", "Gaussian blur with a standard deviation of one pixel."),
    "faded": ("Half the contrast", "Every pixel has half its value."),
}


NOT_MEASURED = "Not measured: this model was fine-tuned, or an earlier version of Trazo trained it."


def robustness_section(card: Card) -> None:
    """Chart how often the model misreads drawings and altered images; the figures are folded away."""
    st.subheader("Drawings", anchor=False)
    robustness = card.robustness
    if robustness is None:
        st.caption(NOT_MEASURED)
        return
    st.markdown(
        f"Of 100 digits, how many does it misread? Up to {robustness.images:,} test images were traced and **drawn "
        f"again on a canvas**, as you would. On average, {_misread(robustness.drawings)} of 100 were misread."
    )
    _show_chart(robustness, REDRAWN_KINDS)
    if robustness.pen_strokes is not None:
        st.markdown(
            "**Real handwriting**: digits that people wrote with a pen; no model has learned from these people. "
            f"Accuracy: **{robustness.pen_strokes:.1%}**, so {_misread(robustness.pen_strokes)} of 100 are misread."
        )
    st.subheader("Altered images", anchor=False)
    st.markdown(
        "The same images, altered and passed **directly to the network**, without the centring and scaling that "
        "drawings get: the mistakes per 100 show what would confuse it."
    )
    _show_chart(robustness, ALTERED_KINDS)
    with st.expander("All figures", icon=":material/query_stats:", key="robustness_figures"):
        st.markdown("The accuracy on each kind of image: the fraction of images that the model reads correctly.")
        _show_accuracies(robustness, REDRAWN_KINDS)
        _show_accuracies(robustness, ALTERED_KINDS)


def _misread(accuracy: float) -> str:
    """Return the mistakes in 100 digits."""
    return f"{(1 - accuracy) * 100:.1f}"


def _show_chart(robustness: Robustness, kinds: dict[str, tuple[str, str]]) -> None:
    rows = [
        (label, explanation, accuracy)
        for name, (label, explanation) in kinds.items()
        if (accuracy := getattr(robustness, name)) is not None
    ]
    numbers = listed({label: _misread(accuracy) for label, _, accuracy in rows})
    st.altair_chart(
        charts.mistakes_per_hundred(rows, text_colour()),
        width="stretch",
        alt=f"Mistakes in 100 digits, by kind: {numbers}.",
    )


def _show_accuracies(robustness: Robustness, kinds: dict[str, tuple[str, str]]) -> None:
    accuracies = {name: getattr(robustness, name) for name in kinds}
    with st.grid(len(kinds), min_column_width=MIN_TILE_WIDTH):
        for name, (label, explanation) in kinds.items():
            if accuracies[name] is not None:
                st.metric(label, f"{accuracies[name]:.1%}", help=explanation)


def disputed_note(disputed: DisputedLabels | None, accuracy: float) -> None:
    """Show the effect of disputed labels on the accuracy; show nothing for datasets other than MNIST."""
    if disputed is None:
        return
    count = len(disputed.mistakes)
    subject = {0: "None of them is", 1: "One of them is"}.get(count, f"{count} of them are")
    st.caption(
        f"Reviewers found the labels of {len(disputed.indices)} of these test images wrong or ambiguous "
        f"([Northcutt et al., 2021](https://labelerrors.com)). {subject} among this model's mistakes. "
        f"Accuracy with them: {accuracy:.2%}, without them: {disputed.accuracy_without:.2%}."
    )
