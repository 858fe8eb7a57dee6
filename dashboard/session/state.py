"""Every session-state key, behind typed accessors, and the workspace that all pages show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import streamlit as st

from core.config import TrainingConfig
from core.workspace import Workspace

_SHARED_MODEL = "shared_model"
_SKETCH = "sketch"
_SELECTED_RUNS = "selected_runs"
_DOOMED_RUNS = "doomed_runs"
_LISTED_RUNS = "listed_runs"
_UNKNOWN_RUNS = "unknown_runs"
_BASELINE = "baseline_run"
_TEMPLATE = "training_template"

TRAIN_PRESET = "train_preset"
"""Key of the box on the Train page in which a preset is chosen."""
AGAIN = "again"
"""What stands there for the settings of a run."""


def workspace() -> Workspace:
    """The workspace that this dashboard serves."""
    return Workspace.from_environment()


def chosen_model() -> str | None:
    """The model that the person looked at last on Evaluate or Model; None before the first choice."""
    return cast("str | None", st.session_state.get(_SHARED_MODEL))


def choose_model(name: str) -> None:
    """Remember the model that the person looks at, across pages."""
    st.session_state[_SHARED_MODEL] = name


@dataclass(frozen=True)
class Sketch:
    """A drawing as the browser sends it.

    `strokes`: each with its `width` and its `points`. `cleared`: the strokes that the last Clear removed.
    `picture`: the canvas as a PNG data URL, None if it is empty.
    """

    strokes: list[dict[str, Any]] = field(default_factory=list)
    cleared: list[dict[str, Any]] = field(default_factory=list)
    picture: str | None = None


def sketch() -> Sketch:
    """The drawing that the browser sent last."""
    return cast("Sketch", st.session_state.get(_SKETCH, Sketch()))


def keep_sketch(sketch: Sketch) -> None:
    """Remember the drawing, so that it survives a visit to another page."""
    st.session_state[_SKETCH] = sketch


def selected_runs() -> list[str] | None:
    """Ids of the runs ticked on the Runs page; None before the first choice."""
    return cast("list[str] | None", st.session_state.get(_SELECTED_RUNS))


def select_runs(run_ids: list[str]) -> None:
    """Remember which runs are ticked: the table is built anew when runs come or go."""
    st.session_state[_SELECTED_RUNS] = run_ids


def table_number(run_ids: tuple[str, ...]) -> int:
    """Which table of runs this is: another one, with a number of its own, whenever other runs are listed."""
    number, before = cast("tuple[int, tuple[str, ...]]", st.session_state.get(_LISTED_RUNS, (0, ())))
    if run_ids != before:
        number += 1
        st.session_state[_LISTED_RUNS] = (number, run_ids)
    return number


def unknown_runs() -> list[str]:
    """What the address named as runs, and there are no such runs."""
    return cast("list[str]", st.session_state.get(_UNKNOWN_RUNS, []))


def remember_unknown_runs(names: list[str]) -> None:
    """Remember what the address named in vain, until other runs are ticked."""
    st.session_state[_UNKNOWN_RUNS] = names


def baseline() -> str | None:
    """Id of the run that all others are compared with; None where there is none."""
    return cast("str | None", st.session_state.get(_BASELINE))


def choose_baseline(run_id: str | None) -> None:
    """Pin a run as the one that all others are compared with."""
    st.session_state[_BASELINE] = run_id


@dataclass(frozen=True)
class Template:
    """A run's settings, to train again with changes; `title` is what the run is called, `form` names its form."""

    title: str
    config: TrainingConfig
    form: str


def template() -> Template | None:
    """The settings that the Train page offers beside the presets."""
    return cast("Template | None", st.session_state.get(_TEMPLATE))


def keep_template(title: str, config: TrainingConfig) -> None:
    """Offer a run's settings on the Train page, chosen already and as they were."""
    before = template()
    count = int(before.form.removeprefix(AGAIN)) + 1 if before else 1
    st.session_state[_TEMPLATE] = Template(title, config, f"{AGAIN}{count}")
    st.session_state[TRAIN_PRESET] = AGAIN


def doomed_runs() -> list[str]:
    """Ids of the runs that the person is being asked about: delete them?"""
    return cast("list[str]", st.session_state.get(_DOOMED_RUNS, []))


def doom_runs(run_ids: list[str]) -> None:
    """Ask the person whether these runs may be deleted."""
    st.session_state[_DOOMED_RUNS] = run_ids


def spare_runs() -> None:
    """The question is answered."""
    st.session_state.pop(_DOOMED_RUNS, None)
