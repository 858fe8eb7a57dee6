"""Fine-tuning on the Your hand page, and the proof that the new model reads the hand better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.classifier.bundle import Bundle
from core.errors import HandError, TrazoError
from core.language import Message, ntr, tr
from core.launcher import queue
from core.launcher.prepared_worker import prepare_worker
from core.personal.exam import Exam
from core.personal.hand import Hand, use_model, use_previous_model
from core.personal.proof import compare_results, exams_for
from core.personal.result import ExamResult, join_results
from core.personal.taught import taught
from core.personal.tuning import MAX_ACCURACY_LOSS, keeps_accuracy
from core.runs.active import original_model
from core.runs.fine_tuning import CLASS, FineTuning, fine_tuned_config, read_fine_tuning
from core.runs.label import display_name
from core.runs.run import Run
from dashboard.hands.exam import exam_result
from dashboard.hands.proof import proof_sentence, proof_tiles, show_changes
from dashboard.runs import run_cache
from dashboard.runs.actions import promote_run
from dashboard.runs.run_cache import Listing, run_of
from dashboard.session import cache
from dashboard.session.markdown import plain
from dashboard.session.permission import attempt, safe_text
from dashboard.session.state import workspace

POLL_SECONDS = 1.0


def show_tuning(hand: Hand | None) -> None:
    """Show the button that fine-tunes a model to the hand, the fine-tuning run, and its proof."""
    if hand is None:
        _show_nothing_taught()
        return
    _show_current_model(hand)
    digits = [written for written in taught(hand).values() if written.label is not None]
    listing = run_cache.listing()
    runs = runs_of(hand.id, listing)
    if digits:
        show_start_button(hand.id, len(digits), again=bool(runs), busy=listing.busy)
    else:
        _show_nothing_taught()
    if runs and has_model_or_show_status(runs[0]):
        _show_proof(hand, runs[0])


def _show_nothing_taught() -> None:
    st.info(tr("Teach some digits first: about 50 are enough."), icon=":material/edit:")


def _show_current_model(hand: Hand) -> None:
    """If the hand has its own model, name that model and show a button that goes back to the previous one."""
    record = hand.record()
    if record.model is None:
        return
    names = run_cache.model_name
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(
            tr("{name} is read by {model}", name=plain(record.name), model=plain(names(record.model))),
            icon=":material/check:",
            color="primary",
        )
        st.page_link("views/draw.py", label=tr("Draw with it"), icon=":material/draw:", width="content")
        if record.previous:
            back = tr("Back to {model}", model=plain(names(record.previous)))
        else:
            back = tr("Back to the active model")
        st.button(
            back,
            icon=":material/undo:",
            key="back",
            on_click=attempt,
            args=(use_previous_model, workspace(), hand),
        )


def show_start_button(hand: str, digits: int, *, again: bool, busy: bool) -> None:
    """Show the button that fine-tunes a model, and prepare a worker for it.

    `hand`: a hand's id, or CLASS. `digits`: the number of digits to learn. `again`: True if a model has already
    been fine-tuned. `busy`: True if another run is in progress or queued.
    """
    base = base_model()
    st.markdown(
        f"{_describe_fine_tuning(hand, base, digits)} {tr('Nothing changes until you choose to use the new model.')}"
    )
    st.button(
        tr("Fine-tune again") if again else tr("Fine-tune"),
        type="secondary" if again else "primary",
        icon=":material/tune:",
        key="fine_tune",
        disabled=busy or not digits,
        help=tr("Another run is in progress; wait until it ends.") if busy else None,
        on_click=attempt,
        args=(start_fine_tuning, hand, base, digits),
    )
    if digits and not busy:
        prepare_worker(workspace())


def _describe_fine_tuning(hand: str, base: str, digits: int) -> str:
    """Describe what fine-tuning does."""
    model = plain(run_cache.model_name(base))
    if hand == CLASS:
        return ntr(
            "Fine-tuning makes a new model from **{model}** that has also learned the class's {count:,} digit. It "
            "takes a few seconds.",
            "Fine-tuning makes a new model from **{model}** that has also learned the class's {count:,} digits. It "
            "takes a few seconds.",
            digits,
            model=model,
        )
    return ntr(
        "Fine-tuning makes a new model from **{model}** that has also learned your {count:,} digit. It takes a few "
        "seconds.",
        "Fine-tuning makes a new model from **{model}** that has also learned your {count:,} digits. It takes a few "
        "seconds.",
        digits,
        model=model,
    )


def has_model_or_show_status(run: Run) -> bool:
    """Return True if the run has a model; otherwise, show its progress, or the reason why it has no model."""
    status = run.status()
    if not status.has_ended:
        st.fragment(_show_progress, run_every=POLL_SECONDS)(run)
        return False
    if not run.bundle.complete:
        st.error(safe_text(status.message), icon=":material/error:")
        return False
    return True


def run_link(run: Run) -> None:
    """Link to the page of a run."""
    st.page_link(
        "views/run.py",
        label=plain(display_name(run)),
        icon=":material/table_rows:",
        query_params={"id": run.id},
        width="content",
    )


def base_model() -> str:
    """Return the name of the model to fine-tune: the active model, or the model that it was fine-tuned from."""
    active = cache.predictor().current()[0].name
    trained = original_model(workspace(), active)
    return trained if trained in cache.models() else active


def runs_of(hand: str, listing: Listing) -> list[Run]:
    """Return the runs that were fine-tuned to the hand with this id, or to CLASS, the newest first."""
    runs = [run_of(row) for row in listing.rows if row.config and row.config.fine_tuned]
    records = [(run, read_fine_tuning(run.fine_tuning_file)) for run in runs]
    return [run for run, fine_tuning in records if fine_tuning and fine_tuning.hand == hand]


def start_fine_tuning(hand: str, base: str, digits: int) -> None:
    """Queue a run that learns the hand with this id, or CLASS; raises HandError if the base model was deleted."""
    bundle = cache.models().get(base)
    if bundle is None:
        raise HandError(Message("This model was deleted in the meantime. Reload the page to fine-tune another one."))
    config = fine_tuned_config(bundle.card().config)
    queue.submit(workspace(), config, fine_tuning=FineTuning(hand=hand, base=base, digits=digits))


def _show_progress(run: Run) -> None:
    """Show what the run is doing, and redraw the page when it is over."""
    status = run.status()
    if status.has_ended:
        st.rerun()
    is_queued = status.state == "queued"
    text = tr("Waiting for another run to end.") if is_queued else plain(tr(status.message))
    st.status(text, state="running", expanded=False)


def _show_proof(hand: Hand, run: Run) -> None:
    """Show what the exams say about the new model, and the buttons for using it."""
    st.subheader(tr("Proof"), anchor=False)
    fine_tuning = read_fine_tuning(run.fine_tuning_file)
    assert fine_tuning is not None
    models = cache.models()
    try:
        if fine_tuning.base not in models:
            raise HandError(Message("The base model of this run was deleted, so there is nothing to compare with."))
        old_card, card = cache.card(models[fine_tuning.base]), cache.card(run.bundle)
        exams = exams_for(hand, run.id)
        before, after = (_result(hand, exams, name, models) for name in (fine_tuning.base, run.id))
    except TrazoError as error:
        st.info(safe_text(error), icon=":material/edit_note:")
        return
    proof = compare_results(before, after)
    accuracy_is_kept = keeps_accuracy(old_card.metrics.validation_accuracy, card.metrics.validation_accuracy)
    change = card.metrics.validation_accuracy - old_card.metrics.validation_accuracy
    proof_tiles(proof, before, after, (fine_tuning.base, run.id), change)
    current = hand.record().model
    if current in models and current not in (run.id, fine_tuning.base):
        right = int(_result(hand, exams, current, models).right.sum())
        st.markdown(
            tr(
                "**{model}**, which reads your hand now, reads {right} of these digits correctly.",
                model=plain(run_cache.model_name(current)),
                right=right,
            )
        )
    st.markdown(proof_sentence(proof, hand.id))
    show_changes(proof, before, after, [written for exam in exams for written in exam.written], run.id)
    if not accuracy_is_kept:
        st.warning(
            tr(
                "The new model's accuracy on other people's digits fell by more than {points:g} points, so it is not "
                "offered. Teach more digits, the same number of each, and fine-tune again.",
                points=100 * MAX_ACCURACY_LOSS,
            ),
            icon=":material/warning:",
        )
    elif not proof.shown or proof.better:
        _show_use_buttons(hand, run, primary=proof.better)


def _result(hand: Hand, exams: Sequence[Exam], name: str, models: Mapping[str, Bundle]) -> ExamResult:
    """Return a model's combined result for these exams."""
    predictor = cache.bundle_predictor(models[name])
    return join_results([exam_result(hand, exam, predictor) for exam in exams])


def _show_use_buttons(hand: Hand, run: Run, *, primary: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if hand.record().model != run.id:
            st.button(
                tr("Use for this hand"),
                type="primary" if primary else "secondary",
                icon=":material/front_hand:",
                key="use_for_hand",
                on_click=attempt,
                args=(use_model, workspace(), hand, run.id),
            )
        st.button(
            tr("Use for everybody"), icon=":material/groups:", key="use_for_all", on_click=promote_run, args=(run,)
        )
        run_link(run)
