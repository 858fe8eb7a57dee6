"""Links from a picture of a digit to the pages that explain it, find similar images, or let the visitor change it.

The name of an image of a dataset is its split and its index, such as "test-947".
"""

from __future__ import annotations

import streamlit as st

from core.ink.drawing import Pixels
from dashboard.parts.canvas_objects import enlarged, image_objects
from dashboard.session import drawings, state

ICON = ":material/frame_inspect:"
LABEL = "Look inside"
SIMILAR_ICON = ":material/image_search:"
SIMILAR_LABEL = "Find similar"
DRAW_ICON = ":material/draw:"
DRAW_LABEL = "Open in Draw"
_DATA_PAGE, _DRAW_PAGE = "data", ""


def look_inside_link(
    image: str | None = None, *, dataset: str = "mnist", model: str | None = None, disabled: bool = False
) -> None:
    """Link to the Inside page of an image, or of the last drawing if it is None."""
    st.page_link(
        "views/inside.py",
        label=LABEL,
        icon=ICON,
        query_params=_parameters(image=image, dataset=dataset, model=model),
        disabled=disabled,
        width="content",
    )


def find_similar_link(image: str | None, *, dataset: str = "mnist", model: str | None = None) -> None:
    """Link to the images similar to an image, or to the drawing on the canvas if it is None.

    On the Data page itself, a button shows the images similar to an image.
    """
    if image is not None and state.current_page() == _DATA_PAGE:
        # A link to the page's own URL would leave the choices on the page as they are.
        if st.button(
            SIMILAR_LABEL,
            icon=SIMILAR_ICON,
            type="tertiary",
            key=f"similar_to_{image}",
            on_click=state.find_similar,
            args=(image, dataset),
        ):
            st.rerun()
        return
    st.page_link(
        "views/data.py",
        label=SIMILAR_LABEL,
        icon=SIMILAR_ICON,
        query_params=_parameters(view=state.SIMILAR, image=image, dataset=dataset, model=model),
        width="content",
    )


def open_in_draw_link(image: str, picture: Pixels, *, dataset: str = "mnist") -> None:
    """Link to the Draw page with a picture (28, 28) on its canvas: an image of a dataset, or `drawings.OFFERED`.

    On the Draw page itself, a button puts the picture on the canvas.
    """
    if state.current_page() == _DRAW_PAGE:
        if st.button(
            DRAW_LABEL,
            icon=DRAW_ICON,
            type="tertiary",
            key=f"draw_{image}",
            on_click=drawings.put_on_canvas,
            args=(image_objects(picture), enlarged(picture)),
        ):
            st.rerun()
        return
    st.page_link(
        "views/draw.py",
        label=DRAW_LABEL,
        icon=DRAW_ICON,
        query_params=_parameters(image=image, dataset=dataset),
        width="content",
    )


def image_links(image: str, picture: Pixels, *, dataset: str = "mnist", model: str | None = None) -> None:
    """Link to everything that can be done with an image of a dataset; `picture`: its pixels, uint8 (28, 28)."""
    with st.container(horizontal=True, vertical_alignment="center"):
        look_inside_link(image, dataset=dataset, model=model)
        find_similar_link(image, dataset=dataset, model=model)
        open_in_draw_link(image, picture, dataset=dataset)


def _parameters(*, dataset: str, **others: str | None) -> dict[str, str]:
    parameters = others | {"dataset": None if dataset == "mnist" else dataset}
    return {name: value for name, value in parameters.items() if value}
