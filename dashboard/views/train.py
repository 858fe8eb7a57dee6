"""The Train page: settings, one button, and the current run, live."""

import streamlit as st

from core.config import TrainingConfig
from core.errors import TrazoError
from core.language import Message, tr
from core.launcher import queue
from core.launcher.prepared_worker import prepare_worker
from core.launcher.teachers import pending_teachers
from core.runs.label import display_name
from core.runs.own_drawing import OwnDrawing
from core.runs.snapshot import Snapshot
from dashboard.data.banner import show_data_banner
from dashboard.explain.subject import last_drawing
from dashboard.parts.empty_state import empty_drawing
from dashboard.parts.headings import heading
from dashboard.runs import run_cache
from dashboard.runs.also_training import show_also_training
from dashboard.runs.latest import show_run
from dashboard.runs.refresh import draw_and_refresh
from dashboard.runs.run_cache import Listing
from dashboard.runs.waiting import show_queue, waiting_runs_with_teachers
from dashboard.session import cache, state
from dashboard.session.markdown import plain
from dashboard.session.permission import log_change, may_change, permission_note, require_permission, safe_text
from dashboard.training.start_form import show_start_form
from dashboard.training.template import load_template_from_url

POLL_SECONDS = 1.0


def submit(config: TrainingConfig) -> None:
    """Queue a run; show a message if it has to wait."""
    try:
        require_permission()
        run = queue.submit(state.workspace(), config, own_drawing())
        log_change("submit", [run.id])
        state_of_run, name = run.status().state, plain(display_name(run))
        if state_of_run == "running":
            # On a phone, the run is below the visible part of the page.
            st.toast(tr("{run} has started.", run=name), icon=":material/play_arrow:")
        elif state_of_run == "queued":
            teachers = pending_teachers(Snapshot.of(state.workspace()), run, config)
            text = (
                tr("{run} will start when its teachers are trained.", run=name)
                if teachers
                else tr("{run} will start when its turn comes.", run=name)
            )
            st.toast(text, icon=":material/hourglass_empty:")
    except TrazoError as error:
        st.error(safe_text(error), icon=":material/error:")


def own_drawing() -> OwnDrawing | None:
    """Return the visitor's last drawing and the active model's prediction for it, or None if there is no digit."""
    try:
        subject = last_drawing()
        reading = subject.read(cache.predictor().current()[1]) if subject else None
    except TrazoError:  # the run does not need the drawing
        return None
    if reading is None or reading.drawing.image is None or not reading.shown_digits:
        return None
    return OwnDrawing(reading.drawing.image, reading.digit if reading.verdict == "digit" else None)


def show_live_section(listing: Listing) -> None:
    """Show the current or latest run and the queue. Both are read from disk, so all tabs show the same thing.

    Unless a run is in progress, a worker is prepared for the next one.
    """
    if may_change() and not listing.busy:
        prepare_worker(state.workspace())
    if listing.latest is None:
        text = tr("No training runs yet. Press Train to start one.") if may_change() else tr("No training runs yet.")
        st.info(text, icon=":material/school:")
        empty_drawing("curves")
        return
    waiting_runs = waiting_runs_with_teachers(listing.waiting)
    show_run(listing.latest, waiting_runs)
    show_also_training(listing.also_running)
    show_queue(listing.waiting, waiting_runs)


if may_change():
    subtitle = tr(
        "Train a network to read digits and watch the learning curves update. Training continues after you close this "
        "page."
    )
else:
    subtitle = tr("Watch a network learn to read digits. The learning curves update during training.")
heading(Message("Train"), subtitle)
data, problem = cache.usable_dataset()
show_data_banner(problem)
permission_note("train")
if may_change():
    load_template_from_url(data.id)
    form, live = st.columns([5, 9], gap="medium")
    with form:
        show_start_form(data.id, run_cache.listing().rows, submit)
else:
    live = st.container()
with live:
    draw_and_refresh(show_live_section, lambda listing: listing.busy, POLL_SECONDS)
