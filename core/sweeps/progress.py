"""Changes to a sweep's progress, which its process and the dashboard both make."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.sweeps.records import Progress, Winner
from core.sweeps.sweep import Sweep
from core.workspace import Workspace


def update_progress(
    workspace: Workspace,
    sweep: Sweep,
    change: Callable[[Progress], Progress] | None = None,
    winners: Sequence[Winner] = (),
    chosen_by_sweep: int | None = None,
) -> None:
    """Apply a change to the progress, add winners to the existing ones, and write the result; raises StorageError.

    `chosen_by_sweep`: the number of the trial that the sweep itself chose; it comes first.
    """
    with workspace.locked():
        before = sweep.readable_progress()
        merged = {winner.trial: winner for winner in (*before.winners, *winners)}
        ordered = sorted(merged.values(), key=lambda winner: winner.trial != chosen_by_sweep)
        after = change(before) if change else before
        sweep.write_progress(after.model_copy(update={"winners": tuple(ordered)}))
