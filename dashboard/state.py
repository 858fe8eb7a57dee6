"""Every session-state key, behind typed accessors, and the workspace that all pages show."""

from __future__ import annotations

from typing import cast

import streamlit as st

from core.workspace import Workspace

_SHARED_MODEL = "shared_model"


def workspace() -> Workspace:
    """The workspace that this dashboard serves."""
    return Workspace.from_environment()


def chosen_model() -> str | None:
    """The model that the person looked at last on Evaluate or Model; None before the first choice."""
    return cast("str | None", st.session_state.get(_SHARED_MODEL))


def choose_model(name: str) -> None:
    """Remember the model that the person looks at, across pages."""
    st.session_state[_SHARED_MODEL] = name
