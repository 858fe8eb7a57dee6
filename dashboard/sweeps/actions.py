"""Actions on sweeps: buttons, and the dialog that confirms a deletion."""

from __future__ import annotations

import streamlit as st

from core.errors import SweepError, TrazoError
from core.language import tr
from core.sweeps import control
from core.sweeps.records import SweepSettings, SweepStatus
from core.sweeps.sweep import Sweep
from dashboard.session import state, sweeps
from dashboard.session.markdown import plain
from dashboard.session.permission import attempt, log_change, may_change, require_permission, safe_text
from dashboard.sweeps import sweep_cache
from dashboard.sweeps.wording import sweep_title


def start_new(settings: SweepSettings) -> Sweep | None:
    """Create a sweep, start it and return it; show an error and return None if this fails."""
    try:
        require_permission()
        sweep = control.create_sweep(state.workspace(), settings)
        control.start(state.workspace(), sweep)
        log_change("start_sweep", [sweep.id])
    except TrazoError as error:
        st.error(safe_text(error), icon=":material/error:")
        return None
    return sweep


def state_buttons(sweep: Sweep, status: SweepStatus) -> None:
    """Show the button that stops or resumes a sweep, and the button that deletes it."""
    if status.state == "running":
        stopping = sweep.stop_file.exists()
        st.button(
            tr("Stopping…") if stopping else tr("Stop"),
            icon=":material/stop:",
            key="stop_sweep",
            disabled=stopping,
            help=tr("Stops the sweep and the trials that are training now. All finished trials are kept."),
            on_click=attempt,
            args=(control.stop, state.workspace(), sweep),
            kwargs={"runs": [sweep.id]},
        )
    elif status.state != "finished":
        st.button(
            tr("Resume"),
            icon=":material/resume:",
            key="resume_sweep",
            help=tr("Continues the sweep; finished trials are not trained again."),
            on_click=attempt,
            args=(control.resume, state.workspace(), sweep),
            kwargs={"runs": [sweep.id]},
        )
    delete_button(sweep.id)


def delete_button(sweep_id: str) -> None:
    """Show the button that deletes a sweep, if this visitor may delete it."""
    if may_change() and st.button(tr("Delete"), icon=":material/delete:", key="delete_sweep"):
        sweeps.mark_for_deletion(sweep_id)
        st.rerun()


def use_trial(sweep: Sweep, trial_number: int) -> None:
    """Train three runs with the settings of a trial, each with its own seed."""
    attempt(control.retrain, state.workspace(), sweep, trial_number, runs=[sweep.id])


def confirm_deletion(sweep_id: str) -> None:
    """Ask for confirmation, then delete a sweep and open the list of sweeps."""
    title = tr("Delete this sweep?")
    st.dialog(title, icon=":material/delete:", on_dismiss=sweeps.unmark_sweep)(_confirm_deletion)(sweep_id)


def _confirm_deletion(sweep_id: str) -> None:
    sweep = Sweep(state.workspace().sweeps / sweep_id)
    try:
        title = sweep_title(sweep_cache.trials(sweep).settings)
    except SweepError:  # damaged, or deleted in the meantime
        title = sweep_id
    st.markdown(
        tr(
            "The sweep **{title}** and its charts will be deleted. A sweep that is still running is stopped first. The "
            "runs of its trials stay on the Runs page.",
            title=plain(title),
        )
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(tr("Cancel"), key="keep_sweep"):
            sweeps.unmark_sweep()
            st.rerun()
        if st.button(tr("Delete"), type="primary", key="confirm_delete_sweep"):
            sweeps.unmark_sweep()
            attempt(control.delete, state.workspace(), sweep, runs=[sweep.id])
            st.switch_page("views/sweeps.py")
