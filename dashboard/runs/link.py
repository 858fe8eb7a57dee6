"""The selected runs and the baseline in the URL of the Runs page, so that a link opens the same view.

The URL parameters of the filters, the sort order and the chart options are written where those are drawn.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from core.language import tr
from dashboard.session import address, state

MAX_RUN_IDS = 200
"""Maximum number of run ids to read from a URL."""


def select_runs_from_url(known: Collection[str]) -> None:
    """Select the runs given in the URL, once per session; `known` holds the ids of all runs."""
    if state.selected_runs() is not None:
        return
    run_ids = address.all_values("run")[:MAX_RUN_IDS]
    baseline = address.value("baseline")
    if found := [run_id for run_id in dict.fromkeys(run_ids) if run_id in known]:
        state.select_runs(found)
    if baseline in known:
        state.choose_baseline(baseline)
    requested = [*run_ids, baseline] if baseline else run_ids
    state.remember_unknown_runs([run_id for run_id in dict.fromkeys(requested) if run_id not in known])


def write_to_url(selected: Sequence[str], baseline: str | None) -> None:
    """Write the selected runs and the baseline to the URL."""
    address.keep(run=selected, baseline=baseline)


def unknown_runs_message(run_ids: Sequence[str]) -> str:
    """Return a message about run ids from a URL for which there is no run."""
    shown = ", ".join(run_id[:60] for run_id in run_ids[:3])
    if len(run_ids) <= 3:
        return tr("This link refers to runs that do not exist here: {runs}. They may have been deleted.", runs=shown)
    return tr(
        "This link refers to runs that do not exist here: {runs} and {count} more. They may have been deleted.",
        runs=shown,
        count=len(run_ids) - 3,
    )
