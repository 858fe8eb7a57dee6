"""The verdicts: in the workspace, shared by everyone who may make changes, or in the session of other visitors."""

from __future__ import annotations

from core.court.verdicts import WITHDRAWN, Choice, Verdict, append_verdict, new_verdict
from core.court.verdicts import choices as latest_choices
from dashboard.parts.image_links import image_name
from dashboard.session import cache, state
from dashboard.session.client import client
from dashboard.session.permission import attempt, may_change


def choices(fingerprint: str, split: str) -> dict[int, Choice]:
    """Return the latest verdict on each image of a split, by index; raise StorageError if they cannot be read."""
    return latest_choices(cache.verdicts() if may_change() else state.session_verdicts(), fingerprint, split)


def give(fingerprint: str, split: str, index: int, choice: Choice, model: str) -> None:
    """Record a verdict, and show the image with its label."""
    _add(new_verdict(fingerprint, split, index, choice, model, client()))
    state.show_judged_image(image_name(split, index))


def withdraw(fingerprint: str, split: str, index: int, model: str) -> None:
    """Withdraw the verdict on an image."""
    _add(new_verdict(fingerprint, split, index, WITHDRAWN, model, client()))


def _add(verdict: Verdict) -> None:
    if may_change():
        attempt(append_verdict, state.workspace(), verdict)
    else:
        state.add_session_verdict(verdict)
