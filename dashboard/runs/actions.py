"""Actions on runs: buttons, and the dialog that confirms a deletion."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.errors import RunError
from core.language import tr
from core.launcher import control, queue
from core.runs.active import SHIPPED, active_model, promote
from core.runs.label import display_name
from core.runs.registry import list_runs
from core.runs.run import Run
from dashboard.session import state
from dashboard.session.markdown import plain
from dashboard.session.permission import attempt

_PROMOTE_WIDTH = 124
"""Width of the Promote button in pixels."""


def promote_run(run: Run | None) -> None:
    """Make the run's model active, or the shipped model if `run` is None."""
    previous = active_model(state.workspace()).name
    attempt(promote, state.workspace(), run, runs=[] if run else [SHIPPED])
    current = active_model(state.workspace()).name
    if current != previous:
        state.remember_model_switch(previous, current)


def promote_button(run: Run | None, *, primary: bool = True) -> None:
    """Show the button that makes the run's model the active model; the button is disabled if `run` is None.

    If the model is already active, the button says so and is disabled; its width is fixed so that the layout does not
    shift.
    """
    in_use = run is not None and run.id == active_model(state.workspace()).run_id
    st.button(
        tr("In use") if in_use else tr("Promote"),
        icon=":material/check:" if in_use else ":material/rocket_launch:",
        width=_PROMOTE_WIDTH,
        type="primary" if primary else "secondary",
        key="promote",
        disabled=run is None or in_use,
        help=tr("Use this model on every page, in the Gradio demo and in the API, starting now.")
        if run
        else tr("Select one run that has a model."),
        on_click=promote_run,
        args=(run,),
    )


def stop_button(run: Run) -> None:
    """Show the button that stops the run: training ends within a second or two, and then the model is saved."""
    st.button(
        tr("Stopping…") if run.stop_requested else tr("Stop"),
        icon=":material/stop:",
        key="stop",
        disabled=run.stop_requested,
        help=tr("Stops training and keeps the model, which can be used a few seconds later."),
        on_click=stop,
        args=([run],),
    )


def stop(runs: Sequence[Run]) -> None:
    """Ask these runs to stop; each run keeps its model."""
    for run in runs:
        attempt(control.request_stop, state.workspace(), run)


def resume_button(run: Run) -> None:
    """Show the button that resumes the run after its last completed epoch."""
    st.button(
        tr("Resume"),
        icon=":material/resume:",
        key="resume",
        help=tr("Continues after the last completed epoch, with the same settings."),
        on_click=resume,
        args=([run],),
    )


def resume(runs: Sequence[Run]) -> None:
    """Resume these runs."""
    for run in runs:
        attempt(queue.resume, state.workspace(), run)


def can_resume(run: Run) -> bool:
    """Return True if the run can be resumed."""
    try:
        return queue.resumable(run, run.status())
    except RunError:  # deleted in the meantime, or damaged
        return False


def confirm_deletion(run_ids: Sequence[str], leave: bool = False) -> None:
    """Ask for confirmation, then delete these runs; `leave` opens the Runs page afterwards."""
    dialog = st.dialog(tr("Delete permanently?"), icon=":material/delete:", on_dismiss=state.unmark_runs)
    dialog(_confirm_deletion)(run_ids, leave)


def _confirm_deletion(run_ids: Sequence[str], leave: bool) -> None:
    """Show the contents of the dialog."""
    st.markdown(tr("These runs and their models will be deleted. Runs that are still training are stopped first."))
    for run in list_runs(state.workspace()):
        if run.id in run_ids:
            st.markdown(f"- **{plain(display_name(run))}** {plain(run.id)}")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(tr("Cancel"), key="keep"):
            state.unmark_runs()
            st.rerun()
        if st.button(tr("Delete"), type="primary", key="confirm_delete"):
            state.unmark_runs()
            for run_id in run_ids:  # `attempt` shows an error for a run that was deleted in the meantime
                attempt(control.delete, state.workspace(), Run(state.workspace().runs / run_id))
            if leave:
                st.switch_page("views/runs.py")
            st.rerun()
