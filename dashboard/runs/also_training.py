"""The runs in progress besides the one that the Train page shows in full."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.errors import RunError
from core.language import tr
from core.runs.run import Run
from core.runs.summary import Summary
from dashboard.runs import actions
from dashboard.runs.run_cache import run_of
from dashboard.session.markdown import plain
from dashboard.session.permission import may_change, safe_text
from dashboard.training.progress import position


def show_also_training(rows: Sequence[Summary]) -> None:
    """Show each of these runs on one line, with its position and a button that stops it."""
    if not rows:
        return
    st.subheader(tr("Also training"), anchor=False)
    for row in rows:
        with st.container(horizontal=True, vertical_alignment="center", border=True, key=f"training_{row.id}"):
            st.page_link("views/run.py", label=f"**{plain(row.name)}**", query_params={"id": row.id}, width="content")
            st.caption(_position(run_of(row)), width="content")
            if may_change():
                st.space("stretch")
                _show_stop_button(run_of(row))


def _position(run: Run) -> str:
    """Return the run's position, or its status message before the first step and after the last one."""
    try:
        status = run.status()
    except RunError as error:
        return safe_text(error)
    return position(status) if status.phase == "training" and status.epoch else safe_text(status.message)


def _show_stop_button(run: Run) -> None:
    st.button(
        tr("Stopping…") if run.stop_requested else tr("Stop"),
        icon=":material/stop:",
        key=f"stop_{run.id}",
        disabled=run.stop_requested,
        on_click=actions.stop,
        args=([run],),
    )
