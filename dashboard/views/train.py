"""The Train page: settings, one button, and the training at work, live."""

import contextlib
import logging

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.config import DEFAULT_PRESET, PRESETS, TrainingConfig, preset, teachers_of
from core.data.datasets import TITLES, Dataset
from core.errors import BundleError, RunError, TrazoError
from core.runs.active import active_model, promote
from core.runs.label import name_of
from core.runs.run import Run
from core.runs.snapshot import Snapshot
from core.runs.status import Status
from core.training import queue
from core.training.overview import overview
from core.training.teachers import lacking_teachers, teachers_to_come
from dashboard.data.banner import data_banner
from dashboard.parts.badges import state_badge
from dashboard.parts.figures import (
    FIGURE_WIDTH,
    WHAT_TEST_ACCURACY_IS,
    WHAT_VALIDATION_ACCURACY_IS,
    accuracy_interval,
    duration,
    figure,
    in_epochs,
)
from dashboard.parts.headings import heading
from dashboard.runs import actions, run_cache
from dashboard.runs.watching import watch_runs
from dashboard.session import cache, state
from dashboard.session.markdown import plain
from dashboard.session.permission import attempt, changes_note, for_visitor, may_change, require_permission, sentence
from dashboard.training import curve_points, curves
from dashboard.training.form import changes, settings_form
from dashboard.training.progress import at_work, ending
from dashboard.training.wording import PRESETS_IN_WORDS

# Streamlit runs a page under another name than its module's.
_logger = logging.getLogger("dashboard.views.train")

POLL_SECONDS = 1.0

# The names of runs that learn from others, each with its teachers' settings.
Pupils = list[tuple[str, list[TrainingConfig]]]


def start(data: Dataset) -> None:
    """The preset, the Train button, and all settings behind it."""
    with st.container(border=True):
        row = st.container(horizontal=True, vertical_alignment="bottom")
        summary = st.container()
        chosen, template = choose_start(row)
        with st.expander("More settings", icon=":material/tune:", expanded=template is not None, key="train_settings"):
            given = template.config if template else preset(chosen, data.id)
            datasets = list(dict.fromkeys([data.id, "digits"]))
            datasets.sort(key=lambda one: template is not None and one != template.config.dataset)
            config = settings_form(given, datasets, template.form if template else None)
        if row.button("Train", type="primary", icon=":material/play_arrow:", key="train"):
            submit(config)
        with summary:  # of teachers it says what is so afterwards
            of_run = template and f"The settings of the run {plain(template.title)}, to be changed as you like."
            st.caption(of_run or PRESETS_IN_WORDS.get(chosen, ""))
            describe(given, config, plain(template.title) if template else "the preset")


def choose_start(row: DeltaGenerator) -> tuple[str, state.Template | None]:
    """The preset to start from, or the settings of a run that is to be trained again."""
    template = state.template()
    # The first is chosen before anybody chose.
    presets = sorted(PRESETS, key=lambda name: name != DEFAULT_PRESET)
    options = [*presets, *([state.AGAIN] if template else [])]
    chosen = row.selectbox(
        "Preset",
        options,
        format_func=lambda name: f"As {template.title}" if template and name == state.AGAIN else name,
        key=state.TRAIN_PRESET,
        help="A starting point: it fills in all settings.",
        width=260,
        persist_state="session",
    )
    return chosen, template if chosen == state.AGAIN else None


def describe(given: TrainingConfig, config: TrainingConfig, start: str) -> None:
    """What pressing Train will do, in a sentence or two, and what was changed from what was `given` by `start`."""
    data, epochs = TITLES[config.dataset], in_epochs(config.epochs)
    if config.patience:
        text = (
            f"Up to {epochs} on {data}; ends by itself once the validation accuracy has not "
            f"improved for {in_epochs(config.patience)}, and keeps the best."
        )
    else:
        text = f"{epochs} on {data}; keeps the network as it is after the last."
    if config.teachers:
        text += f" Learns from {in_teachers(config)}."
    st.caption(text)
    changed = changes(given, config)
    if changed:
        st.caption(f"Changed from {start}: {', '.join(changed)}.")


def in_teachers(config: TrainingConfig) -> str:
    """Whom a training learns from, and whether they are there."""
    number = config.teachers
    who = "a teacher, a network of" if number == 1 else f"{number} teachers, networks of"
    lacking = len(lacking_teachers(Snapshot.of(state.workspace()), config))
    if not lacking:
        return f"{who} the preset large, trained or in the queue already"
    which = f"{lacking} of them {'is' if lacking == 1 else 'are'}" if lacking < number else "to be"
    return f"{who} the preset large, {which} trained first, once"


def submit(config: TrainingConfig) -> None:
    """Queue the training; say so where it has to wait."""
    try:
        require_permission()
        run = queue.submit(state.workspace(), config)
        _logger.info("changed", extra={"action": "submit", "runs": [run.id]})
        if run.status().state == "queued":
            teachers = teachers_to_come(Snapshot.of(state.workspace()), run, config)
            before = "its teachers are trained" if teachers else "the training before it is over"
            st.toast(f"{plain(name_of(run))} waits until {before}.", icon=":material/hourglass_empty:")
    except TrazoError as error:
        st.error(sentence(error), icon=":material/error:")


def live(polling: bool) -> None:
    """The training at work, or the last one, and what waits. Everything is read from disk, so all tabs agree."""
    try:
        queue.advance(state.workspace())
    except TrazoError as error:
        st.error(sentence(error), icon=":material/error:")
    now = overview(state.workspace())
    if now.busy != polling:
        st.rerun()
    if now.latest is None:
        way = " Press Train: the curves grow here while the network learns." if may_change() else ""
        st.info(f"No training yet.{way}", icon=":material/school:")
        return
    pupils = pupils_among(now.waiting)
    show(now.latest, pupils)
    show_waiting(now.waiting, pupils)


def show(run: Run, pupils: Pupils) -> None:
    """One run: where it stands, its figures, its curves, and whom of those that wait it teaches."""
    st.space("small")
    try:
        status, config = run.status(), run.config()
        with st.container(horizontal=True, vertical_alignment="center", key="run_header"):
            st.subheader(plain(name_of(run)), anchor=False, width="content")
            state_badge(run, status)
            st.caption(f"{plain(config.preset)}, {TITLES[config.dataset]}{teaching(config, pupils)}", width="content")
            st.space("stretch")
            if not status.over and may_change():
                actions.stop_button(run)
        if status.over:
            ended(run, status)
        else:
            at_work(run, status)
        learning_curves(run, status, config)
    except (RunError, BundleError) as error:
        st.error(sentence(error), icon=":material/error:")
    with st.expander("Log", icon=":material/description:", key="train_log", on_change="rerun") as log:
        if log.open:
            st.code(for_visitor(run.log_tail()) or "The log is empty so far.", language=None, height=320)


def ended(run: Run, status: Status) -> None:
    """How it ended, its result, and where to go from here."""
    ending(status)
    if queue.resumable(run, status) and may_change():
        actions.resume_button(run)
    if not run.bundle.complete:
        return
    card = cache.card(run.bundle)
    metrics = card.metrics
    with st.grid(4, min_column_width=FIGURE_WIDTH):
        figure("Test accuracy", f"{metrics.test_accuracy:.2%}", accuracy_interval(metrics), WHAT_TEST_ACCURACY_IS)
        best = f"epoch {metrics.best_epoch} of {metrics.epochs}"
        figure("Validation accuracy", f"{metrics.validation_accuracy:.2%}", best, WHAT_VALIDATION_ACCURACY_IS)
        figure("Training time", duration(card.seconds), f"epochs: {metrics.epochs}")
        figure("Parameters", f"{card.parameters:,}", "numbers learned")
    next_steps(run)


def next_steps(run: Run) -> None:
    """From a finished model to its use."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if active_model(state.workspace()).run_id == run.id:
            st.badge("In use", icon=":material/check:", color="green")
            st.page_link("views/draw.py", label="Draw with it", icon=":material/draw:", width="content")
        elif may_change() and st.button(
            "Promote",
            icon=":material/rocket_launch:",
            type="primary",
            key="promote",
            help="Use this model on every page, in the Gradio demo and in the API, at once.",
        ):
            attempt(promote, state.workspace(), run)
            st.rerun()
        if st.button("Evaluate", icon=":material/fact_check:", key="evaluate", help="See where it is right and errs."):
            state.choose_model(run.id)
            st.switch_page("views/evaluate.py")
        st.page_link("views/runs.py", label="All runs", icon=":material/table_rows:", width="content")


def learning_curves(run: Run, status: Status, config: TrainingConfig) -> None:
    """Loss and accuracy, training and validation, side by side."""
    points = curve_points.curve_points(name_of(run), run.steps(), run.history(), status.steps)
    reached = float(points["epoch"].max()) if len(points) else 0.0
    last = None if status.over else curves.horizon(reached, config.epochs)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Thin lines: every few steps. Dots: each whole epoch.", width="content")
        skip = st.toggle(
            "Leave out the first epoch", True, key="train_skip", help="It changes so much that later ones look flat."
        )
    first = 1.0 if skip and reached > 1 else 0.0
    for column, measure in zip(st.columns(2), curves.MEASURES, strict=True):
        with column, st.container(key=f"curve_{measure}"):
            st.markdown(f"**{measure.capitalize()}**")
            st.vega_lite_chart(
                curves.training_curve(points, measure, first, last),
                width="stretch",
                alt=f"{measure} over the epochs, training and validation",
            )


def show_waiting(waiting: tuple[Run, ...], pupils: Pupils) -> None:
    """The trainings that wait, the next one first."""
    if not waiting:
        return
    st.subheader("Waiting", anchor=False)
    for run in waiting:
        with st.container(horizontal=True, vertical_alignment="center", border=True, key=f"waiting_{run.id}"):
            st.markdown(f"**{plain(name_of(run))}**", width="content")
            try:
                config = run.config()
                most = "at most " if config.patience else ""
                settings = f"{plain(config.preset)}, {TITLES[config.dataset]}, {most}{in_epochs(config.epochs)}"
                st.caption(settings + teaching(config, pupils), width="content")
            except RunError as error:
                st.caption(sentence(error))
            if may_change():
                remove_button(run)


def teaching(config: TrainingConfig, pupils: Pupils) -> str:
    """Who is to learn from a run with these settings, as the end of a sentence; empty where nobody is."""
    names = [name for name, teachers in pupils if config in teachers]
    return f"; teaches {', '.join(names)}" if names else ""


def pupils_among(waiting: tuple[Run, ...]) -> Pupils:
    """Those of the runs that wait which are to learn from others."""
    pupils = []
    for run in waiting:
        with contextlib.suppress(RunError):  # the list says what is wrong with it
            pupils.append((plain(name_of(run)), teachers_of(run.config())))
    return pupils


def remove_button(run: Run) -> None:
    """Take the training out of the queue."""
    st.space("stretch")
    st.button(
        "Remove",
        icon=":material/close:",
        key=f"remove_{run.id}",
        on_click=attempt,
        args=(queue.withdraw, state.workspace(), run),
    )


heading(
    "Train",
    "Teach a network to read digits: press Train and watch its curves grow. It goes on when you close this page."
    if may_change()
    else "Watch a network learn to read digits: its curves grow here while it is trained.",
)
data, problem = cache.usable_dataset()
data_banner(problem)
changes_note("train")
if may_change():
    start(data)
seen, polling = run_cache.mark(), overview(state.workspace()).busy
with st.container(key="refreshing"):
    st.fragment(live, run_every=POLL_SECONDS if polling else None)(polling)
if not polling:
    watch_runs(seen)
