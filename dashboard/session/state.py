"""Session-state keys with typed accessors, except those of drawings, and the workspace that all pages show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import streamlit as st

from core.config import TrainingConfig
from core.court.verdicts import Verdict
from core.workspace import Workspace
from dashboard.session import sweeps

_SHARED_MODEL = "shared_model"
_CHOSEN_TILES = "chosen_tiles"
_JUDGED_IMAGE = "court_judged"
_SESSION_VERDICTS = "court_verdicts"
_SELECTED_RUNS = "selected_runs"
_RUNS_TO_DELETE = "runs_to_delete"
_LISTED_RUNS = "listed_runs"
_UNKNOWN_RUNS = "unknown_runs"
_BASELINE = "baseline_run"
_TEMPLATE = "training_template"
_PAGE = "page"
_REFRESHES = "page_refreshes"
_REQUESTED_PANEL = "requested_panel"
_URL_PARAMETERS = "address_parameters"
_JUST_OPENED = "just_opened"
_MODEL_SWITCH = "model_switch"
_REQUESTED_COMPUTATIONS = "requested_computations"

TRAIN_PRESET = "train_preset"
"""Key of the preset select box on the Train page."""

AGAIN = "again"
"""Option of the preset select box that fills in the form with the settings of a run."""


def workspace() -> Workspace:
    """Return the workspace that this dashboard serves."""
    return Workspace.from_environment()


@contextmanager
def script_run(page: str) -> Iterator[None]:
    """Record the page that this run of the script draws, and whether the visitor has just opened it."""
    is_new_page = st.session_state.get(_PAGE) != page
    st.session_state[_PAGE] = page
    st.session_state[_JUST_OPENED] = is_new_page
    st.session_state[_REFRESHES] = False
    if is_new_page:
        st.session_state[_URL_PARAMETERS] = {}
        # Back closes a dialog without dismissing it; on the next page, its question would be about something else.
        unmark_runs()
        sweeps.unmark_sweep()
    try:
        yield
    finally:  # Streamlit ends many script runs with an exception
        st.session_state[_JUST_OPENED] = False


def just_opened() -> bool:
    """Return True during the first run of the script after the visitor opened this page."""
    return bool(st.session_state.get(_JUST_OPENED, False))


def current_page() -> str:
    """Return the path of the current page; Draw's is empty."""
    return cast("str", st.session_state.get(_PAGE, ""))


def page_refreshes() -> bool:
    """Return True if the page is redrawn by a timer."""
    return bool(st.session_state.get(_REFRESHES, False))


def page_will_refresh() -> None:
    """Record that the page is redrawn by a timer."""
    st.session_state[_REFRESHES] = True


def request_panel(arguments: tuple[Any, ...]) -> None:
    """Remember the panel of a picture that the page is to open at its next redraw."""
    st.session_state[_REQUESTED_PANEL] = arguments


def take_requested_panel() -> tuple[Any, ...] | None:
    """Return the panel of a picture that the page is to open now, and forget it; None if there is none."""
    return cast("tuple[Any, ...] | None", st.session_state.pop(_REQUESTED_PANEL, None))


def kept_parameters() -> dict[str, list[str]]:
    """Return the parameters that this page has written to its URL since the visitor opened the page."""
    return cast("dict[str, list[str]]", st.session_state.get(_URL_PARAMETERS, {}))


def keep_parameters(parameters: dict[str, list[str]]) -> None:
    """Remember parameters that this page writes to its URL."""
    st.session_state[_URL_PARAMETERS] = kept_parameters() | parameters


def chosen_model() -> str | None:
    """Return the model last chosen on Evaluate or Model, or None before the first choice."""
    return cast("str | None", st.session_state.get(_SHARED_MODEL))


def choose_model(name: str) -> None:
    """Remember the chosen model across pages."""
    st.session_state[_SHARED_MODEL] = name


DATA_SET = "data_dataset"
"""Key of the switch between datasets on the Data page."""

DATA_VIEW = "data_view"
"""Key of the switch between the views of the Data page."""

SIMILAR = "similar"
"""Option of that switch that shows the images similar to a query."""

QUERY = "similar_query"
"""Key of the switch between an image and a drawing as the query."""

IMAGE_QUERY = "image"
DRAWING_QUERY = "drawing"
"""Options of that switch."""


def find_similar(image: str, dataset: str) -> None:
    """Make an image of a dataset, such as "test-947", the query on the Data page."""
    keep_parameters({"view": [SIMILAR], "image": [image], "dataset": [] if dataset == "mnist" else [dataset]})
    st.session_state[DATA_SET] = dataset
    st.session_state[DATA_VIEW] = SIMILAR
    st.session_state[QUERY] = IMAGE_QUERY


def chosen_tile(grid: str) -> int | None:
    """Return the number of the image that was last clicked in a grid, or None."""
    return cast("dict[str, int]", st.session_state.get(_CHOSEN_TILES, {})).get(grid)


def choose_tile(grid: str, number: int) -> None:
    """Remember the image that was clicked in a grid."""
    st.session_state[_CHOSEN_TILES] = {**st.session_state.get(_CHOSEN_TILES, {}), grid: number}


def judged_image() -> str | None:
    """Return the judged image that the label court shows, such as "test-947", or None while it asks for a verdict."""
    return cast("str | None", st.session_state.get(_JUDGED_IMAGE))


def show_judged_image(name: str | None) -> None:
    """Remember the image that was just judged; None means that the court asks about the next one."""
    st.session_state[_JUDGED_IMAGE] = name


def session_verdicts() -> list[Verdict]:
    """Return the verdicts of a visitor who may not save them."""
    return cast("list[Verdict]", st.session_state.get(_SESSION_VERDICTS, []))


def add_session_verdict(verdict: Verdict) -> None:
    """Keep a verdict until the visitor leaves."""
    st.session_state[_SESSION_VERDICTS] = [*session_verdicts(), verdict]


def selected_runs() -> list[str] | None:
    """Return the ids of the runs selected on the Runs page, or None before the first choice."""
    return cast("list[str] | None", st.session_state.get(_SELECTED_RUNS))


def select_runs(run_ids: list[str]) -> None:
    """Remember the selected runs, because a table whose rows have changed starts without a selection."""
    st.session_state[_SELECTED_RUNS] = run_ids


def table_version(run_ids: tuple[str, ...]) -> int:
    """Return a version number for the table of runs, which changes when the list of runs changes."""
    version, previous_ids = cast("tuple[int, tuple[str, ...]]", st.session_state.get(_LISTED_RUNS, (0, ())))
    if run_ids != previous_ids:
        version += 1
        st.session_state[_LISTED_RUNS] = (version, run_ids)
    return version


def redraw_runs_table() -> None:
    """Make the next table of runs a new one, which starts with the remembered selection."""
    version, run_ids = cast("tuple[int, tuple[str, ...]]", st.session_state.get(_LISTED_RUNS, (0, ())))
    st.session_state[_LISTED_RUNS] = (version + 1, run_ids)


def unknown_runs() -> list[str]:
    """Return the run ids in the URL that do not exist."""
    return cast("list[str]", st.session_state.get(_UNKNOWN_RUNS, []))


def remember_unknown_runs(run_ids: list[str]) -> None:
    """Remember run ids that do not exist; the page forgets them when the visitor selects other runs."""
    st.session_state[_UNKNOWN_RUNS] = run_ids


def baseline() -> str | None:
    """Return the id of the run that all other runs are compared with, or None if there is none."""
    return cast("str | None", st.session_state.get(_BASELINE))


def choose_baseline(run_id: str | None) -> None:
    """Remember the run to compare all other runs with; None means no baseline."""
    st.session_state[_BASELINE] = run_id


@dataclass(frozen=True)
class Template:
    """The settings of a run to train again with changes.

    `id`: changes with the settings. `title`: the settings' name in a list. `source`: their origin, such as "the run
    quiet otter". `form_key`: prefix of the widget keys in the form with these settings.
    """

    id: str
    title: str
    source: str
    config: TrainingConfig
    form_key: str


def template() -> Template | None:
    """Return the run settings that the Train page offers besides the presets, or None."""
    return cast("Template | None", st.session_state.get(_TEMPLATE))


def offer_template(template_id: str, title: str, source: str, config: TrainingConfig) -> None:
    """Offer settings on the Train page; keep the visitor's changes if these settings were the last ones offered."""
    previous = template()
    if previous is None or previous.id != template_id:
        number = int(previous.form_key.removeprefix(AGAIN)) + 1 if previous else 1
        st.session_state[_TEMPLATE] = Template(template_id, title, source, config, f"{AGAIN}{number}")
    st.session_state[TRAIN_PRESET] = AGAIN


def runs_to_delete() -> list[str]:
    """Return the ids of the runs whose deletion the visitor has to confirm."""
    return cast("list[str]", st.session_state.get(_RUNS_TO_DELETE, []))


def mark_for_deletion(run_ids: list[str]) -> None:
    """Mark runs for deletion; the page asks for confirmation."""
    st.session_state[_RUNS_TO_DELETE] = run_ids


def unmark_runs() -> None:
    """Keep the runs that were marked for deletion."""
    st.session_state.pop(_RUNS_TO_DELETE, None)


def model_switch() -> tuple[str, str] | None:
    """Return the names of the former and the new active model after the visitor's last switch, or None."""
    return cast("tuple[str, str] | None", st.session_state.get(_MODEL_SWITCH))


def remember_model_switch(former: str, present: str) -> None:
    """Remember that the visitor has just switched the active model."""
    st.session_state[_MODEL_SWITCH] = (former, present)


def forget_model_switch() -> None:
    """Forget the last switch of the active model."""
    st.session_state.pop(_MODEL_SWITCH, None)


def computation_requested(name: str) -> bool:
    """Return True if this visitor has started this computation, such as a map."""
    return name in cast("set[str]", st.session_state.get(_REQUESTED_COMPUTATIONS, set()))


def request_computation(name: str) -> None:
    """Remember that this visitor has started a computation."""
    st.session_state[_REQUESTED_COMPUTATIONS] = {*st.session_state.get(_REQUESTED_COMPUTATIONS, set()), name}
