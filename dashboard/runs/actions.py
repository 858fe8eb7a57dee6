"""Actions on runs, as buttons and as the dialog that confirms a deletion."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.errors import RunError
from core.launcher import control, queue
from core.runs.active import SHIPPED, promote
from core.runs.label import name_of
from core.runs.registry import list_runs
from core.runs.run import Run
from dashboard.session import state
from dashboard.session.markdown import plain
from dashboard.session.permission import attempt


def use(run: Run | None) -> None:
    """Make a run's model the one in use; None stands for the shipped model."""
    attempt(promote, state.workspace(), run, runs=[] if run else [SHIPPED])


def promote_button(run: Run | None, *, disabled: bool = False, primary: bool = True) -> None:
    """Make the run's model the one in use; the button is disabled without a run that has a model."""
    st.button(
        "Promote",
        icon=":material/rocket_launch:",
        type="primary" if primary else "secondary",
        key="promote",
        disabled=disabled or run is None,
        help="Use this model on every page, in the Gradio demo and in the API, starting now."
        if run
        else "Select one run that has a model.",
        on_click=use,
        args=(run,),
    )


def stop_button(run: Run) -> None:
    """Ask the run to stop; training ends within a second or two, then the model is saved."""
    st.button(
        "Stopping…" if run.stopping else "Stop",
        icon=":material/stop:",
        key="stop",
        disabled=run.stopping,
        help="Ends the training and keeps the model as it is then. With synthetic digits, saving takes a few minutes.",
        on_click=stop,
        args=([run],),
    )


def stop(runs: Sequence[Run]) -> None:
    """Ask these runs to stop; they keep their models."""
    for run in runs:
        attempt(control.request_stop, state.workspace(), run)


def resume_button(run: Run) -> None:
    """Resume the run after its last complete epoch."""
    st.button(
        "Resume",
        icon=":material/resume:",
        key="resume",
        help="Continues after the last complete epoch, with the same settings.",
        on_click=resume,
        args=([run],),
    )


def resume(runs: Sequence[Run]) -> None:
    """Resume these runs."""
    for run in runs:
        attempt(queue.resume, state.workspace(), run)


def can_resume(run: Run) -> bool:
    """Whether the run can be resumed."""
    try:
        return queue.resumable(run, run.status())
    except RunError:  # deleted meanwhile, or damaged
        return False


@st.dialog("Delete permanently?", icon=":material/delete:", on_dismiss=state.unmark_runs)
def confirm_deletion(run_ids: Sequence[str], leave: bool = False) -> None:
    """Ask before these runs are deleted; `leave` opens the Runs page afterwards."""
    st.markdown("This deletes the following runs and their models. It cannot be undone. Running trainings end.")
    for run in list_runs(state.workspace()):
        if run.id in run_ids:
            st.markdown(f"- **{plain(name_of(run))}** {plain(run.id)}")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep", key="keep"):
            state.unmark_runs()
            st.rerun()
        if st.button("Delete", type="primary", key="confirm_delete"):
            state.unmark_runs()
            for run_id in run_ids:  # one that was deleted meanwhile is reported
                attempt(control.delete, state.workspace(), Run(state.workspace().runs / run_id))
            if leave:
                st.switch_page("views/runs.py")
            st.rerun()
