"""The comparison of two models on the same test images."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.classifier.bundle import Bundle, Card
from core.classifier.comparison import Comparison, compare
from core.classifier.evaluation import Evaluation
from core.classifier.predictor import format_confidence
from core.errors import BundleError
from core.language import Message, ntr, number, tr
from core.runs.active import SHIPPED, active_model
from dashboard.classifier.model_picker import model_title
from dashboard.parts.glossary import term, text_with_terms
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, metric_tile
from dashboard.parts.sample_grid import Samples, sample_grid
from dashboard.runs import run_cache
from dashboard.session import address, cache, state
from dashboard.session.markdown import plain

MAX_SHOWN = 48
SIGNIFICANCE_LEVEL = 0.05
"""The conventional threshold for p-values."""

_ONLY_A, _ONLY_B, _NEITHER = Message("Only A is right"), Message("Only B is right"), Message("Both are wrong")


def comparison_section(name: str, card: Card, evaluation: Evaluation, test: Samples | None) -> None:
    """Compare the model `name` (A) with a model that the visitor chooses (B); `test` holds their test images."""
    st.subheader(tr("Comparison with another model"), anchor=False)
    candidates = _candidates(name, card, evaluation)
    if not candidates:
        st.info(
            tr(
                "No other model has been tested on {data}. Train another one to compare the two.",
                data=plain(tr(card.data.title)),
            ),
            icon=":material/balance:",
        )
        return
    display_names = run_cache.display_names([name, *candidates])
    other_name = _choose_other_model(candidates, display_names)
    other = cache.evaluation(candidates[other_name])
    comparison = compare(evaluation, other)
    shipped = tr("the shipped model")
    a, b = (shipped if each == SHIPPED else plain(display_names[each]) for each in (name, other_name))
    st.markdown(
        tr(
            "**A** is {first}, **B** is {second}. Both were tested on the same {count:,} images.",
            first=a,
            second=b,
            count=len(other.labels),
        )
    )
    _metrics(comparison, evaluation, other)
    _verdict(comparison)
    _statistics(comparison)
    if test is not None:
        _image_grid(comparison, evaluation, other, test)


def _candidates(name: str, card: Card, evaluation: Evaluation) -> dict[str, Bundle]:
    """Return all other models that were tested on the same images, the active model first."""
    active = active_model(state.workspace()).name
    bundles = cache.models()
    return {
        other: bundles[other]
        for other in sorted(bundles, key=lambda other: other != active)
        if other != name and _tested_on_same_images(bundles[other], card, evaluation)
    }


def _tested_on_same_images(bundle: Bundle, card: Card, evaluation: Evaluation) -> bool:
    try:
        same_data = cache.card(bundle).data.fingerprint == card.data.fingerprint
        return same_data and np.array_equal(cache.evaluation(bundle).labels, evaluation.labels)
    except BundleError:  # reported when the visitor chooses this model
        return False


def _choose_other_model(candidates: dict[str, Bundle], display_names: dict[str, str]) -> str:
    """Let the visitor choose B; the choice is written to the page's URL."""
    names = list(candidates)
    requested = address.value("against")
    if requested and requested not in names and "against" not in st.session_state:
        st.info(
            tr("The second model in this link was deleted or was tested on different images, so another one is shown."),
            icon=":material/link_off:",
        )
    chosen = st.selectbox(
        tr("Compare with"),
        names,
        index=names.index(requested) if requested in names else 0,
        format_func=lambda other: model_title(display_names[other], cache.card(candidates[other])),
        key="against",
    )
    address.keep(against=chosen)
    return chosen


def _metrics(comparison: Comparison, first: Evaluation, second: Evaluation) -> None:
    low, high = comparison.interval
    with st.grid(2, min_column_width=MIN_TILE_WIDTH):
        metric_tile(
            tr("Accuracy of A"), number(first.accuracy, ".2%"), tr("B: {accuracy:.2%}", accuracy=second.accuracy)
        )
        metric_tile(
            tr("A − B (points)"),
            number(comparison.difference * 100, "+.2f"),
            tr("95%: {low:+.2f} to {high:+.2f}", low=low * 100, high=high * 100),
            tr(
                "Difference in percentage points. The range shown is the 95% confidence interval for the difference of "
                "paired proportions (Agresti and Min, 2005)."
            ),
        )


def _statistics(comparison: Comparison) -> None:
    """Show the p-value in a collapsed expander."""
    with st.expander(tr("Statistics for experts"), icon=":material/query_stats:", key="comparison_statistics"):
        text_with_terms(
            tr(
                "The {p_value} of {test} says how likely it is that two equally good models differ this much by "
                "chance. Below {level}, the difference is called significant.",
                p_value=term("p-value"),
                test=term("McNemar's test"),
                level=SIGNIFICANCE_LEVEL,
            )
        )
        metric_tile(
            tr("p-value"),
            _p_value(comparison.p_value),
            tr("McNemar, exact") if comparison.uses_exact_test else tr("McNemar, corrected"),
            tr(
                "Probability that two equally good models would differ at least this much on such images (McNemar's "
                "test, 1947: exact if the models disagree on only a few images, otherwise chi-squared with continuity "
                "correction). Among many comparisons, some will have a small p-value by chance."
            ),
        )


def _p_value(value: float) -> str:
    return f"< {number(0.001)}" if value < 0.001 else number(value, ".3f")


def _verdict(comparison: Comparison) -> None:
    if not len(comparison.only_first) + len(comparison.only_second):
        st.info(tr("A and B get exactly the same images right and wrong."), icon=":material/equal:")
    elif comparison.p_value < SIGNIFICANCE_LEVEL:
        better = "A" if comparison.difference > 0 else "B"
        st.success(tr("{model} is significantly better on these images.", model=better), icon=":material/balance:")
    else:
        st.info(
            tr("The difference is not significant: it might be reversed on other test images."),
            icon=":material/balance:",
        )


@st.fragment
def _image_grid(comparison: Comparison, first: Evaluation, second: Evaluation, test: Samples) -> None:
    """Show the images of the chosen group, with both predictions."""
    groups = {
        _ONLY_A: comparison.only_first,
        _ONLY_B: comparison.only_second,
        _NEITHER: comparison.neither,
    }
    group = st.segmented_control(
        tr("Images"),
        list(groups),
        default=_ONLY_A,
        format_func=tr,
        required=True,
        key="compared",
        label_visibility="collapsed",
    )
    members = _most_confident_mistakes_first(groups[group], first, second)
    if len(members) > MAX_SHOWN:
        st.caption(
            tr(
                "{count:,} images. The {shown} most confident mistakes:",
                count=len(members),
                shown=MAX_SHOWN,
            )
        )
    else:
        st.caption(ntr("{count:,} image.", "{count:,} images.", len(members)))
    shown = members[:MAX_SHOWN]
    if len(shown):
        sample_grid(
            test,
            shown,
            key=f"compared_{group}",
            captions=[
                tr(
                    "label {label}\nA: {first}\nB: {second}",
                    label=first.labels[index],
                    first=_prediction(first, index),
                    second=_prediction(second, index),
                )
                for index in shown
            ],
            titles=[tr("test image {index}", index=index) for index in shown],
            tile=88,
        )


def _most_confident_mistakes_first(members: np.ndarray, first: Evaluation, second: Evaluation) -> np.ndarray:
    """Return the images sorted by the confidence of their wrong predictions, highest first."""
    wrong_confidences = [
        np.where(model.predictions[members] == model.labels[members], 0, model.confidences[members])
        for model in (first, second)
    ]
    return members[np.argsort(-np.maximum(*wrong_confidences), kind="stable")]


def _prediction(evaluation: Evaluation, index: int) -> str:
    return f"{evaluation.predictions[index]}, {tr(format_confidence(evaluation.confidences[index]))}"
