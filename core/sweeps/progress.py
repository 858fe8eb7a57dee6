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
    own_choice: int | None = None,
) -> None:
    """Apply a change to the progress, add winners to the existing ones, and write the result; raises StorageError.

    `own_choice`: the trial number of the sweep's own winner, which comes first.
    """
    with workspace.locked():
        before = sweep.readable_progress()
        merged = {winner.trial: winner for winner in (*before.winners, *winners)}
        ordered = sorted(merged.values(), key=lambda winner: winner.trial != own_choice)
        after = change(before) if change else before
        sweep.write_progress(after.model_copy(update={"winners": tuple(ordered)}))
