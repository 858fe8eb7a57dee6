"""The selected runs and the baseline in the address of the Runs page, so that the view can be shared.

Widgets keep the filters, the order and the look of the curves there by themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dashboard.session import address, state

MOST_NAMES = 200
"""Most ids that are read from an address."""


def follow_link(known: Collection[str]) -> None:
    """Select the runs that the address names, once a session; `known` are the ids of all runs."""
    if state.selected_runs() is not None:
        return
    named = address.all_values("run")[:MOST_NAMES]
    baseline = address.value("baseline")
    if found := [run_id for run_id in dict.fromkeys(named) if run_id in known]:
        state.select_runs(found)
    if baseline in known:
        state.choose_baseline(baseline)
    asked = [*named, *([baseline] if baseline else [])]
    state.remember_unknown_runs([run_id for run_id in dict.fromkeys(asked) if run_id not in known])


def keep_link(selected: Sequence[str], baseline: str | None) -> None:
    """Write the selected runs and the baseline to the address."""
    address.keep(run=selected, baseline=baseline)


def unknown_sentence(names: Sequence[str]) -> str:
    """Return one sentence about ids in an address that belong to no run."""
    shown = ", ".join(name[:60] for name in names[:3])
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"The link names runs that are not here: {shown}{more}. They may have been deleted."
