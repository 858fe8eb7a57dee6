"""How well a model reads what people draw: the block that Evaluate shows."""

from __future__ import annotations

import streamlit as st

from core.classifier.bundle import Card, Robustness
from core.classifier.disputed import Disputed
from dashboard.parts.figures import FIGURE_WIDTH

DRAWINGS = {
    "canvas": ("Usual drawings", "40% to 80% of the canvas, anywhere on it, with the brushes of the Draw page."),
    "tiny": ("Tiny", "8% to 15% of the canvas, with a thin pen."),
    "thin_pen": ("Thin pen", "A brush of 4 to 7 pixels on the Draw page's canvas."),
    "fat_pen": ("Fat pen", "A brush of 30 to 40 pixels on the Draw page's canvas."),
    "turned": ("Turned by 20°", "Half of them to the left, half to the right."),
}
RAW = {
    "shifted": ("Shifted by 4 px", "Up, down, left or right, without being put back in the middle."),
    "shrunk": ("Shrunk to 70%", "Without being scaled up again."),
    "noisy": ("Noise", "Each pixel changed at random, by 30% of full ink (standard deviation)."),
    "blurred": ("Blurred", "By one pixel of the 28."),
    "faded": ("Half the contrast", "With half of the ink."),
}


def robustness_block(card: Card) -> None:
    """The accuracies of the model's card on changed images; a sentence where they were not measured."""
    st.subheader("How it reads drawings", anchor=False)
    measured = card.robustness
    if measured is None:
        st.caption("Not measured: this model was trained by an earlier version. Train it again to see these figures.")
        return
    st.markdown(
        f"Up to {measured.images:,} test images, traced and **drawn again on a canvas**, then read like any drawing; "
        f"on average **{measured.drawings:.1%}** were read rightly."
    )
    _row(measured, DRAWINGS)
    if measured.pen_strokes is not None:
        st.markdown(
            f"Of digits that other people really drew with a pen, it read **{measured.pen_strokes:.1%}** rightly."
        )
    st.markdown("The same images changed and given **to the network as they are**, which a drawing never is:")
    _row(measured, RAW)


def _row(measured: Robustness, kinds: dict[str, tuple[str, str]]) -> None:
    shares = {name: getattr(measured, name) for name in kinds}
    with st.grid(len(kinds), min_column_width=FIGURE_WIDTH):
        for name, (label, sentence) in kinds.items():
            if shares[name] is not None:
                st.metric(label, f"{shares[name]:.1%}", border=True, help=sentence)


def disputed_note(disputed: Disputed | None, accuracy: float) -> None:
    """What the labels that reviewers dispute mean for the accuracy; nothing for other data than MNIST."""
    if disputed is None:
        return
    count = len(disputed.mistakes)
    among = "None of them is" if count == 0 else "One of them is" if count == 1 else f"{count} of them are"
    st.caption(
        f"Reviewers found the labels of {len(disputed.indices)} of these test images wrong or undecidable "
        f"([Northcutt et al., 2021](https://labelerrors.com)). {among} among this model's mistakes. "
        f"Accuracy with them: {accuracy:.2%}, without: {disputed.accuracy_without:.2%}."
    )
