"""A visitor's choices on the Sweeps page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import streamlit as st

from core.config import TrainingConfig

_BASE = "sweep_base"
_SWEEP_TO_DELETE = "sweep_to_delete"


@dataclass(frozen=True)
class Base:
    """Settings from the Train page or from a trial, to search around; `title`: the settings' name in a list."""

    title: str
    config: TrainingConfig


def offered_base() -> Base | None:
    """Return the settings that the form of a new sweep starts from, or None for those of a preset."""
    return cast("Base | None", st.session_state.get(_BASE))


def offer_base(title: str, config: TrainingConfig) -> None:
    """Offer settings for a new sweep."""
    st.session_state[_BASE] = Base(title, config)


def forget_base() -> None:
    """Start the form of a new sweep from a preset again."""
    st.session_state.pop(_BASE, None)


def sweep_to_delete() -> str | None:
    """Return the id of the sweep whose deletion the visitor has to confirm, or None."""
    return cast("str | None", st.session_state.get(_SWEEP_TO_DELETE))


def mark_for_deletion(sweep_id: str) -> None:
    """Mark a sweep for deletion; the page asks for confirmation."""
    st.session_state[_SWEEP_TO_DELETE] = sweep_id


def unmark_sweep() -> None:
    """Keep the sweep that was marked for deletion."""
    st.session_state.pop(_SWEEP_TO_DELETE, None)
