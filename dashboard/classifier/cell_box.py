"""A list for choosing a cell of a confusion matrix by keyboard; a click on the matrix chooses one, too."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from core.language import ntr, tr
from dashboard.parts.chart_text import sorted_cells

_Cell = tuple[int, int]


def choose_cell(event: Any, matrix: np.ndarray, key: str) -> _Cell | None:
    """Show the list of the cells with images, mistakes first; return the chosen cell (true, predicted), if any.

    `event`: the return value of the chart of the matrix (10, 10). A click on a cell chooses it in the list.
    """
    clicked = next(((int(cell["true"]), int(cell["predicted"])) for cell in event.selection.get("cell") or []), None)
    cells = sorted_cells(matrix)
    if clicked and clicked not in cells:
        cells.append(clicked)
    chosen: _Cell | None = st.selectbox(
        tr("Cell of the matrix"),
        cells,
        index=cells.index(clicked) if clicked else None,
        format_func=lambda cell: ntr(
            "{true} read as {read}: {count:,} image",
            "{true} read as {read}: {count:,} images",
            int(matrix[cell]),
            true=cell[0],
            read=cell[1],
        ),
        placeholder=tr("Choose a cell"),
        # A widget keeps its first value, so a new click needs a new widget.
        key=f"{key}_{clicked}",
    )
    return chosen
