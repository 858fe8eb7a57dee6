"""Actions on runs, for the Runs page and a run's own page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.errors import RunError
from core.runs.active import SHIPPED, promote
from core.runs.label import name_of
from core.runs.registry import find_run, list_runs
from core.runs.run import Run
from core.training import control, queue
from dashboard.session import state
from dashboard.session.markdown import plain
from dashboard.session.permission import attempt


def resume(runs: Sequence[Run]) -> None:
    """Resume these runs."""
    for run in runs:
        attempt(queue.resume, state.workspace(), run)


def stop(runs: Sequence[Run]) -> None:
    """Ask these runs to stop and keep what they learned."""
    for run in runs:
        attempt(control.request_stop, state.workspace(), run)


def use(run: Run | None) -> None:
    """Make a run's model, or the shipped one, the model in use."""
    attempt(promote, state.workspace(), run, runs=() if run else [SHIPPED])


def stop_button(run: Run) -> None:
    """Draw the button that asks the worker to stop; it stops within a second or two, and then saves."""
    st.button(
        "Stopping…" if run.stopping else "Stop",
        icon=":material/stop:",
        key="stop",
        disabled=run.stopping,
        help="Ends the training and keeps what was learned. Saving takes a few minutes if there were drawn digits.",
        on_click=stop,
        args=([run],),
    )


def resume_button(run: Run) -> None:
    """Draw the button that resumes the run."""
    st.button(
        "Resume",
        icon=":material/resume:",
        key="resume",
        help="Goes on after the last whole epoch, with the same settings.",
        on_click=resume,
        args=([run],),
    )


def can_go_on(run: Run) -> bool:
    """Return True if the run can be resumed."""
    try:
        return queue.resumable(run, run.status())
    except RunError:  # deleted a moment ago, or damaged
        return False


@st.dialog("Delete for good?", icon=":material/delete:", on_dismiss=state.spare_runs)
def confirm_deletion(run_ids: Sequence[str], leave: bool = False) -> None:
    """Ask for confirmation; a deleted run cannot be brought back. `leave`: go to the Runs page afterwards."""
    st.markdown(
        "These runs and their models will be gone; there is no way to bring them back. One at work ends at once:"
    )
    for run in list_runs(state.workspace()):
        if run.id in run_ids:
            st.markdown(f"- **{plain(name_of(run))}** {plain(run.id)}")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep", key="keep"):
            state.spare_runs()
            st.rerun()
        if st.button("Delete", type="primary", key="confirm_delete"):
            state.spare_runs()
            for run_id in run_ids:
                attempt(_delete, run_id, runs=[run_id])
            if leave:
                st.switch_page("views/runs.py")
            st.rerun()


def _delete(run_id: str) -> None:
    control.delete(state.workspace(), find_run(state.workspace(), run_id))
