"""The list of all sweeps."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.errors import SweepError, SweepNotFound
from core.language import ntr, tr
from core.sweeps.records import SweepStatus
from core.sweeps.sweep import Sweep
from dashboard.parts.badges import STATE_COLOURS, STATE_TITLES
from dashboard.parts.dates import date_text
from dashboard.session.markdown import plain
from dashboard.session.permission import safe_text
from dashboard.sweeps import sweep_cache
from dashboard.sweeps.trials import Trials, accuracy
from dashboard.sweeps.wording import OBJECTIVE_NOUNS, objective_text, sweep_title


def any_running(sweeps: Sequence[Sweep]) -> bool:
    """Return True if one of these sweeps is running; an unreadable sweep counts as not running."""
    return any(sweep.running for sweep in sweeps)


def show_sweeps(sweeps: Sequence[Sweep]) -> None:
    """Show a row for each sweep, with a link to its page."""
    for sweep in sweeps:
        with st.container(horizontal=True, vertical_alignment="center", border=True, key=f"sweep_{sweep.id}"):
            try:
                status, trials = sweep.status(), sweep_cache.trials(sweep)
            except SweepNotFound:  # deleted in the meantime
                continue
            except SweepError as error:
                _link(sweep, sweep.id)
                st.badge(tr("Damaged"), color="red")
                st.caption(safe_text(error), width="content")
                continue
            _link(sweep, sweep_title(trials.settings))
            sweep_badge(sweep, status)
            st.caption(" · ".join(facts(trials)), width="content")


def facts(trials: Trials) -> list[str]:
    """Return the preset, the number of trials and the best result of a sweep, in a few words each."""
    settings = trials.settings
    texts = [tr("preset {preset}", preset=plain(settings.base.preset)), trials_text(trials)]
    if trials.best:
        objective = settings.objectives[0]
        value = objective_text(objective, accuracy(trials.best))
        texts.append(tr("best {value} {objective}", value=value, objective=OBJECTIVE_NOUNS[objective]))
    return [*texts, date_text(settings.created.astimezone())]


def trials_text(trials: Trials) -> str:
    """Return the number of trials that have ended, and the planned number if there is one."""
    if trials.settings.trials is None:
        return ntr("{count:,} trial", "{count:,} trials", trials.ended)
    return ntr(
        "{ended:,} of {count:,} trial", "{ended:,} of {count:,} trials", trials.settings.trials, ended=trials.ended
    )


def sweep_badge(sweep: Sweep, status: SweepStatus) -> None:
    """Show the state of a sweep as a coloured word."""
    if status.state == "running" and sweep.stop_file.exists():
        st.badge(tr("Stopping…"), color="orange")
        return
    st.badge(tr(STATE_TITLES[status.state]), color=STATE_COLOURS[status.state])


def _link(sweep: Sweep, title: str) -> None:
    st.page_link("views/sweep.py", label=f"**{plain(title)}**", query_params={"id": sweep.id}, width="content")
