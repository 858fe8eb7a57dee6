"""Fine-tuning on the page Your hand, and the proof that the new model reads the hand better."""

from __future__ import annotations

import streamlit as st

from core.errors import HandError, TrazoError
from core.launcher import queue
from core.launcher.prepared_worker import prepare_worker
from core.personal.hand import Hand
from core.personal.proof import Proof, compare_results, exam_for
from core.personal.result import ExamResult
from core.personal.taught import taught
from core.personal.tuning import MAX_ACCURACY_LOSS
from core.runs.active import SHIPPED, available_models
from core.runs.fine_tuning import FineTuning, fine_tuned_config, read_fine_tuning
from core.runs.label import display_name
from core.runs.registry import list_runs
from core.runs.run import Run
from dashboard.hands.exam import exam_result, show_digits
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, metric_tile
from dashboard.runs import run_cache
from dashboard.runs.actions import promote_run
from dashboard.session import cache
from dashboard.session.markdown import plain
from dashboard.session.permission import attempt, safe_text
from dashboard.session.state import workspace

POLL_SECONDS = 1.0


def show_tuning(hand: Hand | None) -> None:
    """Show the button that fine-tunes a model to the hand, the run that does it, and its proof."""
    if hand is None or not any(written.label is not None for written in taught(hand).values()):
        st.info("Teach some digits first: about 50 are enough.", icon=":material/edit:")
        return
    digits = [written for written in taught(hand).values() if written.label is not None]
    runs = runs_of(hand.id)
    base = base_model()
    busy = bool(runs) and not runs[0].status().over
    st.markdown(
        f"Fine-tuning makes a new model from **{plain(run_cache.model_name(base))}** that has also learned your "
        f"{len(digits)} digits. It takes a few seconds. Nothing changes until you choose to use the new model."
    )
    st.button(
        "Fine-tune" if not runs else "Fine-tune again",
        type="secondary" if runs else "primary",
        icon=":material/tune:",
        key="fine_tune",
        disabled=busy,
        on_click=attempt,
        args=(start_fine_tuning, hand.id, base, len(digits)),
    )
    if not busy:
        prepare_worker(workspace())
    if not runs:
        return
    if busy:
        st.fragment(show_progress, run_every=POLL_SECONDS)(runs[0])
    elif runs[0].bundle.complete:
        _show_proof(hand, runs[0])
    else:
        st.error(safe_text(runs[0].status().message), icon=":material/error:")


def runs_of(hand: str) -> list[Run]:
    """Return the runs that were fine-tuned to the hand with this id, or to CLASS, the newest first."""
    found = []
    for run in list_runs(workspace()):
        fine_tuning = read_fine_tuning(run.fine_tuning_file)
        if fine_tuning and fine_tuning.hand == hand:
            found.append(run)
    return found


def base_model() -> str:
    """Return the name of the model to fine-tune: the active one, or what it was itself fine-tuned from."""
    name = cache.predictor().current()[0].name
    while name != SHIPPED:
        run = next((run for run in list_runs(workspace()) if run.id == name), None)
        fine_tuning = read_fine_tuning(run.fine_tuning_file) if run else None
        if fine_tuning is None:
            break
        name = fine_tuning.base
    return name


def start_fine_tuning(hand: str, base: str, digits: int) -> None:
    """Queue a run that learns the hand with this id, or CLASS; raises HandError if its model was deleted."""
    bundle = available_models(workspace()).get(base)
    if bundle is None:
        raise HandError("This model was deleted in the meantime. Reload the page to fine-tune another one.")
    config = fine_tuned_config(bundle.card().config)
    queue.submit(workspace(), config, fine_tuning=FineTuning(hand=hand, base=base, digits=digits))


def show_progress(run: Run) -> None:
    """Show what the run is doing, and redraw the page when it is over."""
    status = run.status()
    if status.over:
        st.rerun()
    waits = status.state == "queued"
    st.status(
        "Waiting for another training to end." if waits else plain(status.message), state="running", expanded=False
    )


def _show_proof(hand: Hand, run: Run) -> None:
    """Show what the exam says about the new model, and the buttons that use it."""
    st.subheader("Proof", anchor=False)
    fine_tuning = read_fine_tuning(run.fine_tuning_file)
    assert fine_tuning is not None
    try:
        exam = exam_for(hand, run.id)
        base = available_models(workspace()).get(fine_tuning.base)
        if base is None:
            raise HandError("The model before the fine-tuning was deleted, so there is nothing to compare with.")
        before = exam_result(fine_tuning.base, exam.id, cache.bundle_predictor(base), exam)
        after = exam_result(run.id, exam.id, cache.bundle_predictor(run.bundle), exam)
        old_card, card = cache.card(base), cache.card(run.bundle)
    except TrazoError as error:
        st.info(safe_text(error), icon=":material/edit_note:")
        return
    proof = compare_results(before, after)
    change = card.metrics.validation_accuracy - old_card.metrics.validation_accuracy
    proof_tiles(proof, before, after, change)
    st.markdown(proof_sentence(proof))
    for title, positions, key in (("Fixed", proof.fixed, "fixed"), ("Broken", proof.broken, "broken")):
        if len(positions):
            st.markdown(f"**{title}**")
            captions = [f"{after.labels[i]}: {before.digits[i]} → {after.digits[i]}" for i in positions]
            show_digits(exam, positions, captions, f"{key}_{run.id}")
    if change < -MAX_ACCURACY_LOSS:
        st.warning(
            "The new model reads other people's digits clearly worse, so it is not offered. Teach more digits, as many "
            "of each, and fine-tune again.",
            icon=":material/warning:",
        )
        return
    _show_use(hand, run)


def proof_tiles(proof: Proof, before: ExamResult, after: ExamResult, change: float) -> None:
    """Show the numbers of a proof; `change`: of the accuracy on MNIST's validation split, -1..1."""
    with st.grid(4, min_column_width=MIN_TILE_WIDTH):
        metric_tile("Before", f"{int(before.right.sum())} of {proof.digits}", "read correctly")
        metric_tile("After", f"{int(after.right.sum())} of {proof.digits}", "read correctly")
        metric_tile(
            "Fixed and broken",
            f"{len(proof.fixed)} and {len(proof.broken)}",
            f"p = {proof.p_value:.3f}",
            "The p-value of McNemar's exact test: how likely so uneven a difference would be by chance.",
        )
        metric_tile(
            "MNIST",
            f"{100 * change:+.2f}",
            "points of accuracy",
            "Change of the accuracy on MNIST's validation images: are other people still read as well as before?",
        )


def proof_sentence(proof: Proof, whose: str = "your hand") -> str:
    """Return what the proof shows, in words; `whose`: what the new model has learned."""
    if proof.better:
        return f"**Shown:** the new model reads {whose} better; chance alone would hardly do this."
    if proof.shown:
        return f"**Worse:** the new model reads {whose} worse than the one before. Do not use it."
    more = proof.more_digits
    if more:
        return f"**Not shown yet:** this may be chance. If it goes on like this, {more} more digits would show it."
    return "**Not shown:** on these digits, the new model is not clearly better than the one before."


def _show_use(hand: Hand, run: Run) -> None:
    record = hand.record()
    with st.container(horizontal=True, vertical_alignment="center"):
        if record.model == run.id:
            st.badge(f"Reads {plain(record.name)}", icon=":material/check:", color="green")
            st.page_link("views/draw.py", label="Draw with it", icon=":material/draw:", width="content")
        else:
            st.button(
                "Use for this hand",
                type="primary",
                icon=":material/front_hand:",
                key="use_for_hand",
                on_click=attempt,
                args=(use_model, hand, run.id),
            )
        st.button("Use for everybody", icon=":material/groups:", key="use_for_all", on_click=promote_run, args=(run,))
        if record.model:
            st.button(
                "Back to the model before",
                icon=":material/undo:",
                key="back",
                on_click=attempt,
                args=(go_back, hand),
            )
        st.page_link(
            "views/run.py",
            label=plain(display_name(run)),
            icon=":material/table_rows:",
            query_params={"run": run.id},
            width="content",
        )


def use_model(hand: Hand, run_id: str) -> None:
    """Read this hand with a run's model from now on."""
    record = hand.record()
    hand.write_record(record.model_copy(update={"model": run_id, "previous": record.model}))


def go_back(hand: Hand) -> None:
    """Read this hand with the model before again."""
    record = hand.record()
    hand.write_record(record.model_copy(update={"model": record.previous, "previous": None}))
