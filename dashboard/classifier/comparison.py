"""The comparison of two models on the same test images."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.classifier.bundle import Bundle, Card
from core.classifier.comparison import Comparison, compare
from core.classifier.evaluation import Evaluation
from core.classifier.predictor import sureness
from core.data.datasets import Split
from core.errors import BundleError
from core.runs.active import SHIPPED, active_model
from dashboard.classifier.model_picker import model_title, names_of_models
from dashboard.parts.digit_grid import digit_grid
from dashboard.parts.figures import FIGURE_WIDTH, figure
from dashboard.session import address, cache, state
from dashboard.session.markdown import plain

SHOWN = 48
SIGNIFICANCE = 0.05
"""The usual significance level."""


def comparison_section(name: str, card: Card, evaluation: Evaluation, test: Split | None) -> None:
    """Compare the model `name` (A) with another one (B) that the visitor chooses; `test` holds their test images."""
    st.subheader("Comparison with another model", anchor=False)
    rivals = _rivals(name, card, evaluation)
    if not rivals:
        st.info(
            f"No other model was tested on {plain(card.data.title)}. Train one to compare it with this one.",
            icon=":material/balance:",
        )
        return
    called = names_of_models([name, *rivals])
    rival = _choose(rivals, called)
    other = cache.evaluation(rivals[rival])
    comparison = compare(evaluation, other)
    a, b = ("the shipped model" if one == SHIPPED else plain(called[one]) for one in (name, rival))
    st.markdown(f"**A** is {a}, **B** is {b}. Both were tested on the same {len(other.labels):,} images.")
    _figures(comparison, evaluation, other)
    _verdict(comparison)
    if test is not None:
        _pictures(comparison, evaluation, other, test)


def _rivals(name: str, card: Card, evaluation: Evaluation) -> dict[str, Bundle]:
    """Return all other models that were tested on the same images, the one in use first."""
    in_use = active_model(state.workspace()).name
    bundles = cache.models()
    return {
        other: bundles[other]
        for other in sorted(bundles, key=lambda other: other != in_use)
        if other != name and _same_images(bundles[other], card, evaluation)
    }


def _same_images(bundle: Bundle, card: Card, evaluation: Evaluation) -> bool:
    try:
        same_data = cache.card(bundle).data.fingerprint == card.data.fingerprint
        return same_data and np.array_equal(cache.evaluation(bundle).labels, evaluation.labels)
    except BundleError:  # reported when this model is chosen
        return False


def _choose(rivals: dict[str, Bundle], called: dict[str, str]) -> str:
    """Let the visitor choose B; the page's address keeps the choice."""
    names = list(rivals)
    asked = address.value("against")
    if asked and asked not in names and "against" not in st.session_state:
        st.info(
            "The second model in this address was deleted, or was tested on other images. Another one is shown.",
            icon=":material/link_off:",
        )
    chosen = st.selectbox(
        "Compared with",
        names,
        index=names.index(asked) if asked in names else 0,
        format_func=lambda other: model_title(called[other], cache.card(rivals[other])),
        key="against",
    )
    address.keep(against=chosen)
    return chosen


def _figures(comparison: Comparison, first: Evaluation, second: Evaluation) -> None:
    low, high = (f"{end * 100:+.2f}" for end in comparison.interval)
    method = "exact" if comparison.exact else "corrected"
    with st.grid(3, min_column_width=FIGURE_WIDTH):
        for label, value, note, explanation in (
            ("Accuracy of A", f"{first.accuracy:.2%}", f"B: {second.accuracy:.2%}", None),
            (
                "A minus B, points",
                f"{comparison.difference * 100:+.2f}",
                f"95%: {low} to {high}",
                "In percentage points. The note is the 95% interval for paired proportions (Agresti and Min, 2005).",
            ),
            (
                "p-value",
                _p_value(comparison.p_value),
                f"McNemar, {method}",
                "Probability that two equally good models differ at least this much on such images (McNemar's test, "
                "1947: exact if few images tell them apart, otherwise chi-squared with continuity correction). "
                "Among many comparisons, some have a small p-value by chance.",
            ),
        ):
            figure(label, value, note, explanation)


def _p_value(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _verdict(comparison: Comparison) -> None:
    if not len(comparison.only_first) + len(comparison.only_second):
        st.info("A and B are right and wrong on the same images.", icon=":material/equal:")
    elif comparison.p_value < SIGNIFICANCE:
        better = "A" if comparison.difference > 0 else "B"
        st.success(f"{better} is significantly better on these images.", icon=":material/balance:")
    else:
        st.info(
            "The difference is not significant: other test images might reverse it.",
            icon=":material/balance:",
        )


@st.fragment
def _pictures(comparison: Comparison, first: Evaluation, second: Evaluation, test: Split) -> None:
    """The images of one group, with both predictions."""
    groups = {
        "Only A is right": comparison.only_first,
        "Only B is right": comparison.only_second,
        "Both are wrong": comparison.neither,
    }
    group = st.segmented_control(
        "Images", list(groups), default="Only A is right", required=True, key="compared", label_visibility="collapsed"
    )
    members = _surest_mistakes_first(groups[group], first, second)
    count = f"{len(members):,} image{'' if len(members) == 1 else 's'}"
    st.caption(f"{count}. The {SHOWN} worst mistakes:" if len(members) > SHOWN else f"{count}.")
    shown = members[:SHOWN]
    if len(shown):
        digit_grid(
            test.images[shown],
            key=f"compared_{group}",
            captions=[
                f"label {test.labels[index]}\nA: {_answer(first, index)}\nB: {_answer(second, index)}"
                for index in shown
            ],
            titles=[f"test image {index}" for index in shown],
            tile=88,
            clickable=False,
        )


def _surest_mistakes_first(members: np.ndarray, first: Evaluation, second: Evaluation) -> np.ndarray:
    """Sort images by the highest confidence of a wrong prediction."""
    sureness = [
        np.where(model.predictions[members] == model.labels[members], 0, model.confidences[members])
        for model in (first, second)
    ]
    return members[np.argsort(-np.maximum(*sureness), kind="stable")]


def _answer(evaluation: Evaluation, index: int) -> str:
    return f"{evaluation.predictions[index]}, {sureness(evaluation.confidences[index])}"
