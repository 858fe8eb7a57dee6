"""A run in one row, as lists and tables show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.config import TrainingConfig
from core.errors import BundleError, RunError
from core.runs.active import ActiveModel, active_model
from core.runs.label import UNNAMED, Label, read_label
from core.runs.registry import created_at, is_gone, list_runs
from core.runs.run import Run
from core.runs.status import State
from core.workspace import Workspace


@dataclass(frozen=True)
class Summary:
    """A run in one row: times in seconds, accuracies in 0..1, `drawings` being that of its card's `robustness`.

    `problem` is the sentence when the run can't be read.
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
    promoted: bool = False
    problem: str | None = None
    label: Label = UNNAMED
    config: TrainingConfig | None = None

    @property
    def name(self) -> str:
        """What a person calls it: the name that it was given, else its title."""
        return self.label.name or self.title


def summarise(workspace: Workspace, run: Run, active: ActiveModel | None = None) -> Summary:
    """The run in one row; a damaged run gets a row too, with its problem."""
    created, label = created_at(run), read_label(run)
    try:
        status, config = run.status(), run.config()
        card = run.bundle.card() if run.bundle.complete else None
    except (RunError, BundleError) as error:
        return Summary(id=run.id, title=run.title, state=None, created=created, problem=str(error), label=label)
    active = active or active_model(workspace)
    return Summary(
        id=run.id,
        title=run.title,
        state=status.state,
        created=created,
        preset=config.preset,
        dataset=config.dataset,
        accuracy=card.metrics.test_accuracy if card else None,
        validation_accuracy=card.metrics.validation_accuracy if card else None,
        drawings=card.robustness.drawings if card and card.robustness else None,
        parameters=card.parameters if card else None,
        seconds=card.seconds if card else status.seconds,
        has_model=card is not None,
        promoted=active.run_id == run.id,
        label=label,
        config=config,
    )


def summaries(workspace: Workspace) -> list[Summary]:
    """All runs in one row each, newest first."""
    active = active_model(workspace)
    rows = ((run, summarise(workspace, run, active)) for run in list_runs(workspace))
    # One that was deleted between the two looks is no damaged run.
    return [row for run, row in rows if row.problem is None or not is_gone(run.folder)]
