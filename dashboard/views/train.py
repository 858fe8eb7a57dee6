"""The Train page: settings, one button, and the current run, live."""

from pathlib import Path

import streamlit as st

from core.config import TrainingConfig, preset, teacher_configs
from core.data.datasets import TITLES, Dataset
from core.data.pen_digits import pen_digits_found
from core.errors import BundleError, RunError, TrazoError
from core.language import Message, ntr, number, tr
from core.launcher import queue
from core.launcher.prepared_worker import prepare_worker
from core.launcher.teachers import missing_teachers, pending_teachers
from core.runs.label import display_name
from core.runs.own_drawing import OwnDrawing
from core.runs.run import Run
from core.runs.snapshot import Snapshot
from core.runs.status import Status
from core.runs.summary import Summary
from dashboard.data.banner import show_data_banner
from dashboard.explain.subject import last_drawing
from dashboard.parts.badges import state_badge
from dashboard.parts.empty_state import empty_drawing
from dashboard.parts.headings import heading
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, accuracy_tiles, brief_fit_note, metric_tile, training_time_tile
from dashboard.parts.units import in_epochs
from dashboard.runs import actions, run_cache
from dashboard.runs.also_training import show_also_training
from dashboard.runs.refresh import draw_and_refresh
from dashboard.runs.run_cache import Listing, run_of
from dashboard.session import cache, state
from dashboard.session.markdown import plain
from dashboard.session.permission import (
    attempt,
    hide_paths,
    log_change,
    may_change,
    permission_note,
    require_permission,
    safe_text,
)
from dashboard.session.sweeps import offer_base
from dashboard.training.form import changed_labels, settings_form
from dashboard.training.live_curves import show_live_curves
from dashboard.training.preset_cards import choose_preset
from dashboard.training.progress import show_outcome, show_progress
from dashboard.training.template import load_template_from_url

POLL_SECONDS = 1.0
STYLE = Path(__file__).parent.parent / "assets" / "train.css"

# Names of the waiting runs, each with the settings of its teachers.
WaitingRuns = list[tuple[str, list[TrainingConfig]]]


def show_start_form(data: Dataset) -> None:
    """Show the presets, the Train button, and all settings."""
    chosen, template = choose_preset(run_cache.listing().rows, data.id)
    summary = st.container(gap="xsmall")
    button = st.container()
    with st.expander(tr("More settings"), icon=":material/tune:", expanded=template is not None, key="train_settings"):
        defaults = template.config if template else preset(chosen, data.id)
        datasets = list(dict.fromkeys([data.id, "digits"]))
        if defaults.dataset in datasets:  # MNIST may have been deleted since that run
            datasets = list(dict.fromkeys([defaults.dataset, *datasets]))
        config = settings_form(defaults, datasets, template.form_key if template else None)
    if button.button(tr("Train"), type="primary", icon=":material/play_arrow:", key="train", width="stretch"):
        submit(config)
    if button.button(
        tr("Search around this"),
        icon=":material/travel_explore:",
        type="tertiary",
        key="search_around",
        help=tr("Trains these settings many times with small changes, to find out which changes help."),
    ):
        title = template.title if template else Message("the preset {preset}", preset=chosen)
        changed = changed_labels(defaults, config)
        offer_base(Message("{title}, changed", title=title) if changed else title, config)
        st.switch_page("views/sweeps.py")
    with summary:  # filled after `submit`, because that may have queued the teachers
        if template:
            source = plain(tr(template.source))
            st.caption(tr("These settings are from {source}. Change any you like.", source=source))
        show_description(config)
        if settings := ", ".join(changed_labels(defaults, config)):
            st.caption(
                tr("Changed from {title}: {settings}.", title=plain(tr(template.title)), settings=settings)
                if template
                else tr("Changed from the preset: {settings}.", settings=settings)
            )


def show_description(config: TrainingConfig) -> None:
    """Describe the run that Train would start."""
    data = tr(TITLES[config.dataset])
    if config.patience:
        sentences = [
            ntr("Up to {count:,} epoch on {data}.", "Up to {count:,} epochs on {data}.", config.epochs, data=data),
            ntr(
                "Training ends early after {count:,} epoch without an improvement in validation accuracy; the model "
                "from the best epoch is kept.",
                "Training ends early after {count:,} epochs without an improvement in validation accuracy; the model "
                "from the best epoch is kept.",
                config.patience,
            ),
        ]
    else:
        sentences = [
            ntr("{count:,} epoch on {data}.", "{count:,} epochs on {data}.", config.epochs, data=data),
            tr("The model from the last epoch is kept."),
        ]
    if config.teachers:
        sentences.append(describe_teachers(config))
    if config.pen_digits and not pen_digits_found(state.workspace()):
        sentences.append(
            tr("The pen digits are not on this machine, so it trains without them; you can get them on the Data page.")
        )
    st.caption(" ".join(sentences))


def describe_teachers(config: TrainingConfig) -> str:
    """Return a sentence with the number of teachers and the number that must be trained first."""
    missing = len(missing_teachers(Snapshot.of(state.workspace()), config))
    if not missing:
        return ntr(
            'Learns from a teacher with the "large" preset: already trained or queued.',
            'Learns from {count} teachers with the "large" preset: already trained or queued.',
            config.teachers,
        )
    if missing < config.teachers:
        return tr(
            'Learns from {teachers} teachers with the "large" preset: {missing} must be trained first.',
            teachers=config.teachers,
            missing=missing,
        )
    return ntr(
        'Learns from a teacher with the "large" preset: to be trained first.',
        'Learns from {count} teachers with the "large" preset: to be trained first.',
        config.teachers,
    )


def submit(config: TrainingConfig) -> None:
    """Queue a run; show a message if it has to wait."""
    try:
        require_permission()
        run = queue.submit(state.workspace(), config, own_drawing())
        log_change("submit", [run.id])
        state_of_run, name = run.status().state, plain(display_name(run))
        if state_of_run == "running":
            # On a phone, the run is below the screen's edge.
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
    waiting_runs = waiting_runs_with_teachers(listing)
    show_run(listing.latest, waiting_runs)
    show_also_training(listing.also_running)
    show_queue(listing.waiting, waiting_runs)


def show_run(row: Summary, waiting_runs: WaitingRuns) -> None:
    """Show a run's state, metrics and curves, and the waiting runs that will learn from this run."""
    run = run_of(row)
    try:
        status, config = run.status(), run.config()
        with st.container(horizontal=True, vertical_alignment="center", key="run_header"):
            st.subheader(plain(row.name), anchor=False, width="content")
            state_badge(run, status)
            subtitle = f"{plain(config.preset)}, {tr(TITLES[config.dataset])}"
            st.caption(with_students(subtitle, config, waiting_runs), width="content")
            st.space("stretch")
            if not status.over and may_change():
                actions.stop_button(run)
        with st.container(key="train_figures"):
            if status.over:
                show_ended_run(row, status)
            else:
                show_progress(run, status)
        show_live_curves(run, row.name, status, config)
    except (RunError, BundleError) as error:
        st.error(safe_text(error), icon=":material/error:")
    with st.expander(tr("Log"), icon=":material/description:", key="train_log", on_change="rerun") as log:
        if log.open:
            st.code(hide_paths(run.log_tail()) or tr("No log output yet."), language=None, height=320)


def show_ended_run(row: Summary, status: Status) -> None:
    """Show the run's outcome, its results, and the next steps."""
    run = run_of(row)
    show_outcome(status)
    if queue.resumable(run, status) and may_change():
        actions.resume_button(run)
    if not run.bundle.complete:
        return
    card = cache.card(run.bundle)
    with st.grid(4, min_column_width=MIN_TILE_WIDTH):
        accuracy_tiles(card)
        training_time_tile(card)
        metric_tile(tr("Parameters"), number(card.parameters, ","), tr("weights and biases"))
    brief_fit_note(card)
    show_next_steps(row)


def show_next_steps(row: Summary) -> None:
    """Show a button to promote the model, or a link to draw with the active model, and a link to evaluate it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if row.promoted:
            st.badge(tr("Active model"), icon=":material/check:", color="green")
            st.page_link("views/draw.py", label=tr("Draw with it"), icon=":material/draw:", width="content")
        elif may_change():
            actions.promote_button(run_of(row))
        st.page_link(
            "views/evaluate.py",
            label=tr("Evaluate"),
            icon=":material/fact_check:",
            query_params={"model": row.id},
            width="content",
            help=tr("See which digits the model classifies correctly and which ones it confuses."),
        )
        st.page_link("views/runs.py", label=tr("All runs"), icon=":material/table_rows:", width="content")


def show_queue(waiting: tuple[Summary, ...], waiting_runs: WaitingRuns) -> None:
    """Show the queued runs, the next one first."""
    if not waiting:
        return
    st.subheader(tr("Waiting"), anchor=False)
    for row in waiting:
        with st.container(horizontal=True, vertical_alignment="center", border=True, key=f"waiting_{row.id}"):
            st.markdown(f"**{plain(row.name)}**", width="content")
            if row.config:
                epochs = (
                    ntr("up to {count:,} epoch", "up to {count:,} epochs", row.config.epochs)
                    if row.config.patience
                    else in_epochs(row.config.epochs)
                )
                settings = f"{plain(row.config.preset)}, {tr(TITLES[row.config.dataset])}, {epochs}"
                st.caption(with_students(settings, row.config, waiting_runs), width="content")
            elif row.problem:
                st.caption(safe_text(row.problem))
            if may_change():
                show_remove_button(run_of(row))


def waiting_runs_with_teachers(listing: Listing) -> WaitingRuns:
    """Return the names of the waiting runs, each with the settings of its teachers."""
    return [(plain(row.name), teacher_configs(row.config)) for row in listing.waiting if row.config]


def with_students(settings: str, config: TrainingConfig, waiting_runs: WaitingRuns) -> str:
    """Return the settings of a run in a few words, and the waiting runs that will learn from it, if any."""
    names = ", ".join(name for name, teachers in waiting_runs if config in teachers)
    return tr("{settings}; teaches {runs}", settings=settings, runs=names) if names else settings


def show_remove_button(run: Run) -> None:
    """Show the button that removes the run from the queue."""
    st.space("stretch")
    st.button(
        tr("Remove"),
        icon=":material/close:",
        key=f"remove_{run.id}",
        on_click=attempt,
        args=(queue.remove_from_queue, state.workspace(), run),
    )


if may_change():
    subtitle = tr(
        "Train a network to read digits and watch the learning curves update. Training continues after you close this "
        "page."
    )
else:
    subtitle = tr("Watch a network learn to read digits. The learning curves update during training.")
st.html(STYLE)
heading(Message("Train"), subtitle)
data, problem = cache.usable_dataset()
show_data_banner(problem)
permission_note("train")
if may_change():
    load_template_from_url(data.id)
    form, live = st.columns([5, 9], gap="medium")
    with form:
        show_start_form(data)
else:
    live = st.container()
with live:
    draw_and_refresh(show_live_section, lambda listing: listing.busy, POLL_SECONDS)
