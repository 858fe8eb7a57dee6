"""A finished fine-tuning run, made without a worker."""

from __future__ import annotations

from core.classifier.bundle import Bundle, copy_bundle
from core.runs.fine_tuning import FineTuning, fine_tuned_config
from core.runs.registry import create_run
from core.runs.run import Run
from core.runs.status import Status
from core.workspace import SHIPPED_BUNDLE, Workspace


def fine_tuned_run(workspace: Workspace, hand: str) -> Run:
    """Return a run with the shipped model, as if it had been fine-tuned to the hand with this id, or to CLASS."""
    shipped = Bundle(SHIPPED_BUNDLE)
    fine_tuning = FineTuning(hand=hand, base="shipped", digits=10)
    run = create_run(workspace, fine_tuned_config(shipped.card().config), fine_tuning=fine_tuning)
    copy_bundle(shipped, run.bundle.folder)
    run.write_status(Status(state="finished", phase="done", message="Finished."))
    return run
