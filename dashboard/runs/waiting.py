"""The queue on the Train page: the waiting runs, and the runs that they will learn from."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.config import TrainingConfig, teacher_configs
from core.data.datasets import TITLES
from core.language import ntr, tr
from core.launcher.queue import remove_from_queue
from core.runs.run import Run
from core.runs.summary import Summary
from dashboard.parts.units import in_epochs
from dashboard.runs.run_cache import run_of
from dashboard.session.markdown import plain
from dashboard.session.permission import attempt, may_change, safe_text
from dashboard.session.state import workspace

WaitingRuns = list[tuple[str, list[TrainingConfig]]]
"""The names of the waiting runs, each with the settings of its teachers."""


def show_queue(waiting: Sequence[Summary], waiting_runs: WaitingRuns) -> None:
    """Show the queued runs, the next one first."""
    if not waiting:
        return
    st.subheader(tr("Waiting"), anchor=False)
    for row in waiting:
        with st.container(horizontal=True, vertical_alignment="center", border=True, key=f"waiting_{row.id}"):
            st.markdown(f"**{plain(row.name)}**", width="content")
            if row.config:
                st.caption(with_students(_settings(row.config), row.config, waiting_runs), width="content")
            elif row.problem:
                st.caption(safe_text(row.problem))
            if may_change():
                _show_remove_button(run_of(row))


def waiting_runs_with_teachers(waiting: Sequence[Summary]) -> WaitingRuns:
    """Return the names of the waiting runs, each with the settings of its teachers."""
    return [(plain(row.name), teacher_configs(row.config)) for row in waiting if row.config]


def with_students(settings: str, config: TrainingConfig, waiting_runs: WaitingRuns) -> str:
    """Return the settings of a run in a few words, and the waiting runs that will learn from it, if any."""
    names = ", ".join(name for name, teachers in waiting_runs if config in teachers)
    return tr("{settings}; teaches {runs}", settings=settings, runs=names) if names else settings


def _settings(config: TrainingConfig) -> str:
    """Return the preset, the data and the number of epochs of a run."""
    if config.patience:
        epochs = ntr("up to {count:,} epoch", "up to {count:,} epochs", config.epochs)
    else:
        epochs = in_epochs(config.epochs)
    return f"{plain(config.preset)}, {tr(TITLES[config.dataset])}, {epochs}"


def _show_remove_button(run: Run) -> None:
    """Show the button that removes the run from the queue."""
    st.space("stretch")
    st.button(
        tr("Remove"),
        icon=":material/close:",
        key=f"remove_{run.id}",
        on_click=attempt,
        args=(remove_from_queue, workspace(), run),
    )
