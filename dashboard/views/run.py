"""The page of one run; its URL, /run?id=..., can be shared."""

import streamlit as st

from core.classifier.bundle import Card
from core.config import TrainingConfig
from core.data.datasets import TITLES
from core.errors import BundleError, RunError, TrazoError
from core.language import ntr, tr
from core.launcher.queue import resumable
from core.runs.active import active_model
from core.runs.fine_tuning import CLASS, read_fine_tuning
from core.runs.label import MAX_NAME_CHARACTERS, MAX_NOTE_CHARACTERS, Label, display_name, read_label, write_label
from core.runs.registry import find_run
from core.runs.run import Run
from core.runs.status import Status
from core.runs.trial import read_trial_mark, read_trial_result
from dashboard.classifier import time_machine
from dashboard.classifier.headline import show_metrics
from dashboard.classifier.robustness import robustness_section
from dashboard.parts.badges import state_badge
from dashboard.runs import actions, run_cache, side_by_side
from dashboard.runs.files import log_and_files
from dashboard.runs.refresh import draw_and_refresh
from dashboard.runs.run_cache import Listing
from dashboard.session import address, cache, state
from dashboard.session.classroom import is_teacher
from dashboard.session.markdown import plain
from dashboard.session.permission import attempt, hide_paths, may_change, permission_note, safe_text
from dashboard.training import curves
from dashboard.training.epochs_table import epochs_table
from dashboard.training.progress import machine_and_versions, show_outcome, show_progress, start_and_end
from dashboard.training.settings import all_settings, differences_from_preset
from dashboard.training.watched import show_watched

POLL_SECONDS = 2.0


def show_page(run_id: str) -> None:
    """Draw the run, from its state to its files."""
    try:
        run = find_run(state.workspace(), run_id)
    except TrazoError as error:
        show_not_found(hide_paths(error))
        return
    label = read_label(run)
    try:
        status, config = run.status(), run.config()
    except RunError as error:
        show_head(run, label)
        st.warning(safe_text(error), icon=":material/warning:")
        show_actions(run, label, None, None)
        log_and_files(run)
        return
    show_head(run, label, status, config)
    show_actions(run, label, status, config)
    show_trial(run)
    if status.has_ended:
        show_outcome(status)
    else:
        show_progress(run, status)
    show_results(run, status, config)


def show_results(run: Run, status: Status, config: TrainingConfig) -> None:
    """Draw the metrics, curves, settings and files."""
    card = readable_card(run)
    if card:
        show_metrics(card)
    if config.fine_tuned:
        show_fine_tuning(run)
    else:
        show_learning_curves(run, status)
    if not status.has_ended:  # loading the images takes seconds, and the time machine shows all of them
        show_watched(run, config)
    time_machine.expander(run, config.dataset)
    st.subheader(tr("Settings"), anchor=False)
    differences_from_preset(config)
    all_settings(config)
    if card:
        robustness_section(card)
        machine_and_versions(card)
    log_and_files(run)


def show_not_found(message: str) -> None:
    """Show a message instead of a run, and a link to all runs."""
    st.title(tr("Run"), anchor=False)
    st.warning(plain(message), icon=":material/search_off:")
    st.page_link("views/runs.py", label=tr("All runs"), icon=":material/table_rows:", width="content")


def show_head(run: Run, label: Label, status: Status | None = None, config: TrainingConfig | None = None) -> None:
    """Draw the name, the state and the note."""
    st.page_link("views/runs.py", label=tr("All runs"), icon=":material/arrow_back:", width="content")
    with st.container(horizontal=True, vertical_alignment="center", key="run_title"):
        st.title(plain(label.name or run.title), anchor=False, width="content")
        if status:
            state_badge(run, status)
        # The Promote button already shows this to people who may promote; on a phone, a badge would move the button.
        if active_model(state.workspace()).run_id == run.id and not may_change():
            st.badge(tr("Active model"), icon=":material/check:", color="primary")
    facts = []
    if config:
        facts += [
            tr("fine-tuned") if config.fine_tuned else tr("preset {preset}", preset=plain(config.preset)),
            tr(TITLES[config.dataset]),
        ]
    if status:
        facts += start_and_end(status)
    if facts:
        st.caption(" · ".join(facts))
    if label.note:
        st.markdown(plain(label.note).replace("\n", "  \n"))


def show_trial(run: Run) -> None:
    """Say which sweep and trial the run belongs to, if any."""
    try:
        mark = read_trial_mark(run.trial_file)
        result = read_trial_result(run.trial_result_file)
    except RunError as error:
        st.warning(safe_text(error), icon=":material/warning:")
        return
    if mark is None:
        return
    st.page_link(
        "views/sweep.py",
        label=tr("Its sweep"),
        icon=":material/travel_explore:",
        query_params={"id": mark.sweep},
        width="content",
    )
    names = {"trial": mark.trial, "sweep": plain(mark.sweep)}
    if mark.winner:
        st.markdown(
            tr("Trains again with another seed and the settings of trial {trial} of the sweep {sweep}.", **names),
            width="content",
        )
        return
    sentences = [tr("Part of trial {trial} of the sweep {sweep}.", **names)]
    if result:
        sentences.append(tr("Validation accuracy {accuracy:.2%}.", accuracy=result.validation_accuracy))
    sentences.append(tr("Its test accuracy is not measured, so that no choice depends on the test set."))
    st.markdown(" ".join(sentences), width="content")


def show_label_form(run: Run, label: Label) -> None:
    """Show a form to edit the name and the note."""
    # A new key resets the form when the page shows another run or another tab has saved a label.
    key = hash((run.id, label))
    with st.form("label_form", border=False):
        name = st.text_input(
            tr("Name"), label.name, max_chars=MAX_NAME_CHARACTERS, placeholder=run.title, key=f"name_{key}"
        )
        note = st.text_area(tr("Note"), label.note, max_chars=MAX_NOTE_CHARACTERS, height=110, key=f"note_{key}")
        if st.form_submit_button(tr("Save"), icon=":material/save:", key="label_save"):
            attempt(write_label, state.workspace(), run, name or "", note or "")
            st.rerun()


def show_actions(run: Run, label: Label, status: Status | None, config: TrainingConfig | None) -> None:
    """Draw the buttons that change the run, and links to pages about it."""
    with st.container(horizontal=True, vertical_alignment="center", key="run_actions"):
        if may_change():
            with st.popover(tr("Name and note"), icon=":material/edit_note:", key="label"):
                show_label_form(run, label)
            show_change_buttons(run, status)
        if may_change() and config and not config.fine_tuned:
            link_to_run("train", "again", run, tr("Train again with changes"), ":material/tune:")
        if run.bundle.complete:
            link_to_run("evaluate", "model", run, tr("Evaluate"), ":material/fact_check:")
            link_to_run("model", "model", run, tr("Model"), ":material/account_tree:")
    permission_note("run")


def show_change_buttons(run: Run, status: Status | None) -> None:
    """Draw the buttons to stop, resume, promote and delete the run."""
    if status and not status.has_ended:
        actions.stop_button(run)
    if status and resumable(run, status):
        actions.resume_button(run)
    if run.bundle.complete:
        actions.promote_button(run)
    if st.button(tr("Delete"), icon=":material/delete:", key="delete"):
        state.mark_for_deletion([run.id])
        st.rerun()


def link_to_run(page: str, parameter: str, run: Run, label: str, icon: str) -> None:
    """Link to another page about this run; a button that calls `st.switch_page` would change the URL of this page."""
    st.page_link(f"views/{page}.py", label=label, icon=icon, query_params={parameter: run.id}, width="content")


def readable_card(run: Run) -> Card | None:
    """Return the card of the run's model, or None if there is no model. Show a warning if the card is damaged."""
    if not run.bundle.complete:
        return None
    try:
        return cache.card(run.bundle)
    except BundleError as error:
        st.warning(safe_text(error), icon=":material/warning:")
        return None


def show_fine_tuning(run: Run) -> None:
    """Say which model the run was fine-tuned from, and with how many digits."""
    try:
        fine_tuning = read_fine_tuning(run.fine_tuning_file)
    except RunError as error:
        st.warning(safe_text(error), icon=":material/warning:")
        return
    if fine_tuning is None:
        return
    base = plain(run_cache.model_name(fine_tuning.base))
    if fine_tuning.hand != CLASS:
        sentence = ntr(
            "Fine-tuned from **{base}** with {count:,} digit written by one person.",
            "Fine-tuned from **{base}** with {count:,} digits written by one person.",
            fine_tuning.digits,
            base=base,
        )
        st.markdown(sentence, width="content")
        st.page_link("views/hand.py", label=tr("Its proof"), icon=":material/front_hand:", width="content")
        return
    sentence = ntr(
        "Fine-tuned from **{base}** with {count:,} digit written by a class.",
        "Fine-tuned from **{base}** with {count:,} digits written by a class.",
        fine_tuning.digits,
        base=base,
    )
    st.markdown(sentence, width="content")
    if is_teacher():
        st.page_link("views/classroom.py", label=tr("Its proof"), icon=":material/school:", width="content")


def show_learning_curves(run: Run, status: Status) -> None:
    """Draw loss and accuracy, training and validation."""
    st.subheader(tr("Curves"), anchor=False)
    options = side_by_side.choose_chart_options([run])
    try:
        points = run_cache.curve(run, display_name(run), options.smoothing)
    except RunError as error:
        st.warning(safe_text(error), icon=":material/warning:")
        return
    if points.empty:
        st.caption(tr("Nothing was recorded.") if status.has_ended else tr("Nothing has been recorded yet."))
        return
    legend = tr("Thin lines: every few steps. Dots: completed epochs.")
    side_by_side.legend_row(legend, points, options, run.id)
    side_by_side.draw_curves(points, options, curves.run_curve)
    epochs_table(run)


def is_active(listing: Listing, run_id: str) -> bool:
    """Return True if the run is in progress or queued; `run_id` may be the last two words of its id."""
    return any(run_id in (row.id, row.title) and row.state in ("queued", "running") for row in listing.rows)


run_id = address.value("id") or ""
if run_id:
    runs_to_delete = state.runs_to_delete()
    draw_and_refresh(
        lambda _: show_page(run_id),
        lambda listing: is_active(listing, run_id),
        POLL_SECONDS,
        paused=bool(runs_to_delete),
    )
    if runs_to_delete:
        actions.confirm_deletion(runs_to_delete, leave=True)
else:
    show_not_found(tr("This link does not specify a run. Choose one under All runs."))
