"""The summary of a run: one row of a list or table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.config import TrainingConfig
from core.errors import BundleError, RunError
from core.language import Message, message_of
from core.runs.active import ActiveModel, active_model
from core.runs.creation import created_at
from core.runs.label import UNNAMED, Label, read_label
from core.runs.snapshot import RunSnapshot, Snapshot
from core.runs.status import State
from core.runs.trial import read_trial_result
from core.storage import is_gone
from core.workspace import Workspace


@dataclass(frozen=True)
class Summary:
    """A run in one row: times in seconds, accuracies in 0..1.

    `drawings`: accuracy on redrawn digits, from `robustness` in the run's card. `created` is in this machine's time
    zone. `is_search_run`: True for a measured search run of a sweep, which has no model. `problem`: why the run cannot
    be read, or None if it can.
    """

    id: str
    title: str
    state: State | None
    created: datetime
    preset: str | None = None
    dataset: str | None = None
    accuracy: float | None = None
    validation_accuracy: float | None = None
    drawings: float | None = None
    parameters: int | None = None
    seconds: float | None = None
    has_model: bool = False
    is_search_run: bool = False
    promoted: bool = False
    problem: Message | None = None
    label: Label = UNNAMED
    config: TrainingConfig | None = None

    @property
    def name(self) -> str:
        """The name that a person gave the run, or else its title."""
        return self.label.name or self.title


def summarise(snapshot: RunSnapshot, active: ActiveModel) -> Summary:
    """Return the summary of a run; if the run is damaged, `problem` describes the damage."""
    run = snapshot.run
    created, label = created_at(run), read_label(run)
    try:
        status, config = snapshot.status(), snapshot.config()
        card = run.bundle.card() if run.bundle.complete else None
        result = read_trial_result(run.trial_result_file) if card is None else None
    except (RunError, BundleError) as error:
        return Summary(id=run.id, title=run.title, state=None, created=created, problem=message_of(error), label=label)
    metrics, record = card.metrics if card else result, card or result
    return Summary(
        id=run.id,
        title=run.title,
        state=status.state,
        created=created,
        preset=config.preset,
        dataset=config.dataset,
        accuracy=card.metrics.test_accuracy if card else None,
        validation_accuracy=metrics.validation_accuracy if metrics else None,
        drawings=card.robustness.drawings if card and card.robustness else None,
        parameters=record.parameters if record else None,
        seconds=card.seconds if card else status.seconds,
        has_model=card is not None,
        is_search_run=result is not None,
        promoted=active.run_id == run.id,
        label=label,
        config=config,
    )


def summaries(workspace: Workspace, snapshot: Snapshot | None = None) -> list[Summary]:
    """Return the summaries of all runs, newest first. A snapshot is taken now if none is given."""
    active = active_model(workspace)
    runs = (snapshot or Snapshot.of(workspace)).runs
    rows = ((entry.run, summarise(entry, active)) for entry in runs)
    # A run that was deleted after it was listed is not a damaged run.
    return [row for run, row in rows if row.problem is None or not is_gone(run.folder)]
