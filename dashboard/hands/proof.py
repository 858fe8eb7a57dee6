"""The proof that a fine-tuned model reads a hand, or a class, better: numbers, a sentence, and the changed digits."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.language import number, tr
from core.personal.proof import Proof
from core.personal.result import ExamResult
from core.personal.written import WrittenDigit
from core.runs.fine_tuning import CLASS
from dashboard.hands.exam import answer_of, show_digits
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, metric_tile
from dashboard.runs import run_cache
from dashboard.session.markdown import plain


def proof_tiles(proof: Proof, before: ExamResult, after: ExamResult, models: tuple[str, str], change: float) -> None:
    """Show the numbers of a proof.

    `models`: the names of the base model and of the fine-tuned model. `change`: change in accuracy on MNIST's
    validation split, -1..1.
    """
    old, new = (plain(run_cache.model_name(name)) for name in models)
    with st.grid(4, min_column_width=MIN_TILE_WIDTH):
        for title, result, model in ((tr("Before"), before, old), (tr("After"), after, new)):
            metric_tile(title, tr("{right} of {count}", right=int(result.right.sum()), count=proof.digits), model)
        metric_tile(
            tr("Newly right and newly wrong"),
            tr("{fixed} and {broken}", fixed=len(proof.fixed), broken=len(proof.broken)),
            p_value_text(proof.p_value),
            tr("The p-value says how likely such a difference would be by chance (McNemar's test)."),
        )
        metric_tile(
            tr("Other people's digits"),
            number(100 * change, "+.2f") if change else tr("unchanged"),
            tr("points of accuracy"),
            tr("Change in accuracy on MNIST's validation images."),
        )


def p_value_text(value: float) -> str:
    """Return a p-value in a few characters; it is never 0."""
    return tr("p < {value:.3f}", value=0.001) if value < 0.001 else tr("p = {value:.3f}", value=value)


def show_changes(
    proof: Proof, before: ExamResult, after: ExamResult, written: Sequence[WrittenDigit], run_id: str
) -> None:
    """Show the digits that only one of the two models reads correctly."""
    changes = (("Newly right", tr("Newly right"), proof.fixed), ("Newly wrong", tr("Newly wrong"), proof.broken))
    for key, title, positions in changes:
        if len(positions):
            st.markdown(f"**{title}**")
            captions = [
                tr(
                    "a {digit}: before {before}, now {after}",
                    digit=after.labels[position],
                    before=answer_of(before, position),
                    after=answer_of(after, position),
                )
                for position in positions.tolist()
            ]
            show_digits([written[position] for position in positions], captions, f"{key}_{run_id}")


def proof_sentence(proof: Proof, hand: str) -> str:
    """Return what the proof shows, in words; `hand`: the id of the hand that the new model has learned, or CLASS."""
    if proof.better:
        if hand == CLASS:
            return tr("**Proven:** the new model reads the class's hands better; this is unlikely to be chance.")
        return tr("**Proven:** the new model reads your hand better; this is unlikely to be chance.")
    if proof.shown:
        if hand == CLASS:
            return tr(
                "**Worse:** the new model reads the class's hands worse than the previous one, so it is not offered."
            )
        return tr("**Worse:** the new model reads your hand worse than the previous one, so it is not offered.")
    more = proof.more_digits
    if more:
        return tr(
            "**Not proven yet:** this may be chance. If the trend continues, {count} more digits would be enough to "
            "prove it: take another exam, which then counts together with this one.",
            count=more,
        )
    return tr("**Not proven:** on these digits, the new model is not clearly better than the previous one.")
