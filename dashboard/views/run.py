"""A run's own page: everything about one training; its address, /run?id=..., can be kept and shared."""

import streamlit as st

from core.classifier.bundle import Card
from core.config import TrainingConfig
from core.data.datasets import TITLES
from core.errors import BundleError, RunError, RunNotFound, TrazoError
from core.runs.active import active_model
from core.runs.label import NAME_LENGTH, NOTE_LENGTH, Label, name_of, read_label, write_label
from core.runs.registry import find_run
from core.runs.run import Run
from core.runs.status import Status
from core.training import queue
from dashboard.classifier import time_machine
from dashboard.classifier.calibration import WHAT_TEMPERATURE_IS
from dashboard.classifier.robustness import robustness_block
from dashboard.parts.badges import state_badge
from dashboard.parts.figures import (
    FIGURE_WIDTH,
    WHAT_TEST_ACCURACY_IS,
    WHAT_VALIDATION_ACCURACY_IS,
    accuracy_interval,
    duration,
    figure,
)
from dashboard.runs import actions, run_cache, side_by_side
from dashboard.runs.files import log_and_files
from dashboard.runs.watching import watch_runs
from dashboard.session import cache, state
from dashboard.session.markdown import plain
from dashboard.session.permission import attempt, changes_note, for_visitor, may_change, sentence
from dashboard.training import curves
from dashboard.training.progress import at_work, ending, made_with, times
from dashboard.training.settings import all_settings, differences_from_preset

POLL_SECONDS = 2.0
WHAT_DRAWINGS_ARE = "Of test images traced and drawn again on a canvas, how many were read rightly; see below."
WHAT_REFUSED_ARE = (
    "Of the validation digits; as few as possible are good. Of letters, scribbles and other things, all should be."
)
WHAT_CLOSE_CALLS_ARE = (
    "Validation digits that it is not sure enough of: Draw names the second candidate, too. Many mistakes are among "
    "them. Evaluate has the same of the test digits."
)


def page(run_id: str, polling: bool) -> None:
    """The run from its state to its files; drawn again by itself while it waits or runs."""
    try:
        queue.advance(state.workspace())
    except TrazoError as error:
        st.error(sentence(error), icon=":material/error:")
    try:
        run = find_run(state.workspace(), run_id)
    except RunNotFound:
        lost(f"There is no run named {run_id[:60]}; it may have been deleted. The list has all runs that there are.")
        return
    except TrazoError as error:
        lost(for_visitor(str(error)))
        return
    label = read_label(run)
    try:
        status, config = run.status(), run.config()
    except RunError as error:
        head(run, label)
        st.warning(sentence(error), icon=":material/warning:")
        show_actions(run, label, None, None)
        log_and_files(run)
        return
    if (not status.over) != polling and not state.doomed_runs():
        st.rerun()
    head(run, label, status, config)
    show_actions(run, label, status, config)
    if status.over:
        ending(status)
    else:
        at_work(run, status)
    card = readable_card(run)
    if card:
        figures(card)
    learning_curves(run, status)
    time_machine.expander(run, config.dataset)
    settings(config)
    if card:
        robustness_block(card)
        made_with(card)
    log_and_files(run)


def lost(sentence: str) -> None:
    """There is no such run."""
    st.title("Run", anchor=False)
    st.warning(plain(sentence), icon=":material/search_off:")
    st.page_link("views/runs.py", label="All runs", icon=":material/table_rows:", width="content")


def head(run: Run, label: Label, status: Status | None = None, config: TrainingConfig | None = None) -> None:
    """What it is called, where it stands, and what a person noted about it."""
    st.page_link("views/runs.py", label="All runs", icon=":material/arrow_back:", width="content")
    with st.container(horizontal=True, vertical_alignment="center", key="run_title"):
        st.title(plain(label.name or run.title), anchor=False, width="content")
        if status:
            state_badge(run, status)
        if active_model(state.workspace()).run_id == run.id:
            st.badge("In use", icon=":material/check:", color="primary")
    facts = [plain(run.id)]
    if config:
        facts += [f"preset {plain(config.preset)}", TITLES[config.dataset]]
    if status:
        facts += times(status)
    st.caption(" · ".join(facts))
    if label.note:
        st.markdown(plain(label.note).replace("\n", "  \n"))


def label_form(run: Run, label: Label) -> None:
    """Call the run something, and note something about it."""
    # Another run, or a name given elsewhere, makes a new form.
    key = hash((run.id, label))
    with st.form("label_form", border=False):
        name = st.text_input("Name", label.name, max_chars=NAME_LENGTH, placeholder=run.title, key=f"name_{key}")
        note = st.text_area("Note", label.note, max_chars=NOTE_LENGTH, height=110, key=f"note_{key}")
        if st.form_submit_button("Save", icon=":material/save:", key="label_save"):
            attempt(write_label, state.workspace(), run, name or "", note or "")
            st.rerun()


def show_actions(run: Run, label: Label, status: Status | None, config: TrainingConfig | None) -> None:
    """What can be done with the run."""
    complete = run.bundle.complete
    with st.container(horizontal=True, vertical_alignment="center", key="run_actions"):
        if may_change():
            with st.popover("Name and note", icon=":material/edit_note:", key="label"):
                label_form(run, label)
            changes(run, label, status, config)
        if complete and st.button("Evaluate", icon=":material/fact_check:", key="evaluate"):
            state.choose_model(run.id)
            st.switch_page("views/evaluate.py")
        if complete and st.button("Model", icon=":material/account_tree:", key="look_inside"):
            state.choose_model(run.id)
            st.switch_page("views/model.py")
    changes_note("run")


def changes(run: Run, label: Label, status: Status | None, config: TrainingConfig | None) -> None:
    """Stop, resume, promote, train again, delete."""
    if status and not status.over:
        actions.stop_button(run)
    if status and queue.resumable(run, status):
        actions.resume_button(run)
    if run.bundle.complete and active_model(state.workspace()).run_id != run.id:
        st.button(
            "Promote",
            icon=":material/rocket_launch:",
            type="primary",
            key="promote",
            help="Use this model on every page, in the Gradio demo and in the API, at once.",
            on_click=actions.use,
            args=(run,),
        )
    if config and st.button(
        "Train again with changes",
        icon=":material/tune:",
        key="train_again",
        help="Opens the Train page with these settings in its form.",
    ):
        state.keep_template(label.name or run.title, config)
        st.switch_page("views/train.py")
    if st.button("Delete", icon=":material/delete:", key="delete"):
        state.doom_runs([run.id])
        st.rerun()


def readable_card(run: Run) -> Card | None:
    """The card of its model; None where there is none, with a sentence where it is damaged."""
    if not run.bundle.complete:
        return None
    try:
        return cache.card(run.bundle)
    except BundleError as error:
        st.warning(sentence(error), icon=":material/warning:")
        return None


def figures(card: Card) -> None:
    """The headline figures; earlier versions measured fewer of them."""
    metrics, novelty, calibration = card.metrics, card.novelty, card.calibration
    with st.grid(4, min_column_width=FIGURE_WIDTH):
        figure("Test accuracy", f"{metrics.test_accuracy:.2%}", accuracy_interval(metrics), WHAT_TEST_ACCURACY_IS)
        best = f"epoch {metrics.best_epoch} of {metrics.epochs}"
        figure("Validation accuracy", f"{metrics.validation_accuracy:.2%}", best, WHAT_VALIDATION_ACCURACY_IS)
        if card.robustness:
            figure("Drawings read", f"{card.robustness.drawings:.1%}", "mean of five kinds", WHAT_DRAWINGS_ARE)
        if novelty:
            refused = f"and {novelty.out_of_distribution_rejected:.0%} of non-digits"
            figure("Digits refused", f"{novelty.digits_rejected:.2%}", refused, WHAT_REFUSED_ARE)
        if calibration:
            caught = f"{calibration.errors_caught:.0%} of mistakes"
            figure("Close calls", f"{calibration.unsure_share:.2%}", caught, WHAT_CLOSE_CALLS_ARE)
            figure("Temperature", f"{calibration.temperature:.2f}", "fitted on validation", WHAT_TEMPERATURE_IS)
        figure("Parameters", f"{card.parameters:,}", "numbers learned", "The weights that training has set.")
        figure("Training time", duration(card.seconds), f"epochs: {metrics.epochs}")


def learning_curves(run: Run, status: Status) -> None:
    """Loss and accuracy, training and validation."""
    st.subheader("Curves", anchor=False)
    look = side_by_side.look_controls()
    try:
        points = run_cache.curve(run, name_of(run), look.smoothing)
    except RunError as error:
        st.warning(sentence(error), icon=":material/warning:")
        return
    if points.empty:
        st.caption("Nothing was recorded yet." if not status.over else "Nothing was recorded.")
        return
    side_by_side.legend_row("Thin lines: every few steps. Dots: each whole epoch.", points, look, run.id)
    side_by_side.draw_curves(points, look, curves.run_curve)


def settings(config: TrainingConfig) -> None:
    """In what it differs from its preset, and all settings."""
    st.subheader("Settings", anchor=False)
    differences_from_preset(config)
    all_settings(config)


def is_at_work(run_id: str) -> bool:
    """Whether the run waits or runs, and no question is open."""
    try:
        status = find_run(state.workspace(), run_id).status()
    except RunError:
        return False
    return not status.over and not state.doomed_runs()


run_id = st.query_params.get("id", "")
if run_id:
    seen, polling = run_cache.mark(), is_at_work(run_id)
    with st.container(key="refreshing"):
        st.fragment(page, run_every=POLL_SECONDS if polling else None)(run_id, polling)
    if doomed := state.doomed_runs():
        actions.confirm_deletion(doomed, leave=True)
    elif not polling:
        watch_runs(seen)
else:
    lost("This address names no run; choose one from the list of all runs.")
