"""A feature map, enlarged, in which a click, an arrow key or a sliding window chooses one value."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.ink.drawing import Pixels
from core.language import tr
from dashboard.parts.component import component
from dashboard.parts.png import png_data_uri

Place = tuple[int, int]
"""Row and column of a value in its feature map."""

_component = component(
    "value_map",
    '<div class="map" role="application" tabindex="0"><img><span class="mark"></span></div>'
    '<div class="readout" aria-live="polite"></div><button type="button" class="slide"></button>',
)


def chosen_place(key: str, values: np.ndarray) -> Place:
    """Return the most recently chosen place in the map `key`.

    If there is none, or if it lies outside `values` (h, w), return the place of the largest absolute value.
    """
    chosen: Place | None = st.session_state.get(_place_key(key))
    if chosen is not None and chosen[0] < values.shape[0] and chosen[1] < values.shape[1]:
        return chosen
    row, column = np.unravel_index(np.abs(values).argmax(), values.shape)
    return int(row), int(column)


def show_value_map(values: np.ndarray, picture: Pixels, place: Place, *, key: str, title: str) -> None:
    """Show a map of `values` (h, w), coloured as in `picture` (h, w, 3), with the chosen place."""

    def store_place() -> None:
        chosen = st.session_state[key]["chosen"]
        if chosen is not None:
            st.session_state[_place_key(key)] = (int(chosen[0]), int(chosen[1]))

    _component(
        key=key,
        data={
            "source": png_data_uri(picture),
            "values": np.round(values.astype(float), 3).tolist(),
            "selected": place,
            "title": tr("{title}. The arrow keys choose a value.", title=title),
            "words": {
                "value": tr("Row {row}, column {column}: {value}"),
                "slide": tr("Slide the window"),
                "stop": tr("Stop"),
            },
        },
        on_chosen_change=store_place,
    )


def _place_key(key: str) -> str:
    return f"{key}_place"
