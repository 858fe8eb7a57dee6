"""The Runs page's address keeps which runs are ticked and which is the baseline, so that the view can be shared.

What else is in the address (filter, order, axis, smoothing) its widgets keep there by themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import streamlit as st

from dashboard.session import state

TICKED, BASELINE = "run", "baseline"
MOST_NAMES = 200
"""More ids than these are not read from an address."""


def follow_link(known: Collection[str]) -> None:
    """Tick what the address names, at the start of a visit; ids are only compared with those of the runs there are."""
    if state.selected_runs() is not None:
        return
    named = st.query_params.get_all(TICKED)[:MOST_NAMES]
    baseline = st.query_params.get(BASELINE)
    if found := [run_id for run_id in dict.fromkeys(named) if run_id in known]:
        state.select_runs(found)
    if baseline in known:
        state.choose_baseline(baseline)
    asked = [*named, *([baseline] if baseline else [])]
    state.remember_unknown_runs([run_id for run_id in dict.fromkeys(asked) if run_id not in known])


def keep_link(ticked: Sequence[str], baseline: str | None) -> None:
    """Write what is ticked, and the baseline, into the address."""
    for name, values in ((TICKED, list(ticked)), (BASELINE, [baseline] if baseline else [])):
        if st.query_params.get_all(name) == values:
            continue
        if values:
            st.query_params[name] = values
        else:
            del st.query_params[name]


def unknown_sentence(names: Sequence[str]) -> str:
    """One sentence about what an address named in vain."""
    shown = ", ".join(name[:60] for name in names[:3])
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"The link names runs that are not here, or not any more: {shown}{more}."
