"""The nine numbers of a filter, which the visitor can change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.language import tr
from core.lessons.filters import LIMIT, kernel_from
from dashboard.parts.component import component
from dashboard.session.lessons import WORK

_component = component("filter_numbers", '<div class="numbers"></div>')
_NUMBERS = f"{WORK}filter"
_KEY = "filter_numbers"


def set_numbers(numbers: Sequence[float]) -> None:
    """Replace the numbers with these, row by row."""
    _, version = st.session_state.get(_NUMBERS, (None, 0))
    st.session_state[_NUMBERS] = (tuple(numbers), version + 1)


def filter_numbers(start: Sequence[float]) -> np.ndarray:
    """Show the numbers, initially `start`, and return the filter, float64 (3, 3)."""
    numbers, version = st.session_state.get(_NUMBERS, (tuple(start), 0))
    _component(
        key=_KEY,
        data={
            "numbers": list(numbers),
            "version": version,
            "limit": LIMIT,
            "titles": [
                tr("Filter, row {row}, column {column}", row=row, column=column)
                for row in (1, 2, 3)
                for column in (1, 2, 3)
            ],
        },
        on_numbers_change=_keep,
    )
    return np.array(numbers, np.float64).reshape(3, 3)


def _keep() -> None:
    kernel = kernel_from(st.session_state[_KEY]["numbers"])
    if kernel is not None:
        _, version = st.session_state.get(_NUMBERS, (None, 0))
        st.session_state[_NUMBERS] = (tuple(kernel.ravel().tolist()), version)
