"""Links from a picture of a digit to the pages that explain it, find similar images, or let the visitor change it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.ink.drawing import Pixels
from core.language import Message, tr
from dashboard.parts.canvas_objects import enlarged, image_objects
from dashboard.session import drawings, state

_INSIDE = Message("Look inside"), ":material/frame_inspect:"
_SIMILAR = Message("Find similar"), ":material/image_search:"
_DRAW = Message("Open in Draw"), ":material/draw:"
_DATA_PAGE, _DRAW_PAGE = "data", ""
_TITLES = {
    "train": Message("Training image {index:,}, label {label}"),
    "validation": Message("Validation image {index:,}, label {label}"),
    "test": Message("Test image {index:,}, label {label}"),
}


def image_name(split: str, index: int) -> str:
    """Return the name of an image of a dataset in URLs, such as "test-947"."""
    return f"{split}-{index}"


def image_title(split: str, index: int, label: int) -> str:
    """Return the title of an image of a dataset."""
    return tr(_TITLES[split], index=index, label=label)


def look_inside_link(
    image: str | None = None, *, dataset: str = "mnist", model: str | None = None, disabled: bool = False
) -> None:
    """Link to the Inside page for an image, or for the last drawing if `image` is None."""
    _link("inside", _INSIDE, disabled=disabled, image=image, dataset=dataset, model=model)


def find_similar_link(image: str | None, *, dataset: str = "mnist", model: str | None = None) -> None:
    """Link to the images similar to an image, or to the drawing on the canvas if `image` is None.

    On the Data page itself, a button shows the images similar to an image.
    """
    if image is not None and state.current_page() == _DATA_PAGE:
        # A link to the page's own URL would leave the choices on the page unchanged.
        _button(_SIMILAR, f"similar_to_{image}", state.find_similar, image, dataset)
    else:
        _link("data", _SIMILAR, view=state.SIMILAR, image=image, dataset=dataset, model=model)


def open_in_draw_link(image: str, picture: Pixels, *, dataset: str = "mnist") -> None:
    """Link to the Draw page with a picture (28, 28) on its canvas: an image of a dataset, or `drawings.OFFERED`.

    On the Draw page itself, a button puts the picture on the canvas.
    """
    if state.current_page() == _DRAW_PAGE:
        _button(_DRAW, f"draw_{image}", drawings.put_on_canvas, image_objects(picture), enlarged(picture))
    else:
        _link("draw", _DRAW, image=image, dataset=dataset)


def image_links(image: str, picture: Pixels, *, dataset: str = "mnist", model: str | None = None) -> None:
    """Link to everything that can be done with an image of a dataset; `picture`: its pixels, uint8 (28, 28)."""
    with st.container(horizontal=True, vertical_alignment="center"):
        look_inside_link(image, dataset=dataset, model=model)
        find_similar_link(image, dataset=dataset, model=model)
        open_in_draw_link(image, picture, dataset=dataset)


def _link(
    page: str, text: tuple[Message, str], *, dataset: str, disabled: bool = False, **parameters: str | None
) -> None:
    """Link to a page; `parameters`: its URL parameters, of which those that are None are left out."""
    label, icon = text
    parameters["dataset"] = None if dataset == "mnist" else dataset
    st.page_link(
        f"views/{page}.py",
        label=tr(label),
        icon=icon,
        query_params={name: value for name, value in parameters.items() if value},
        disabled=disabled,
        width="content",
    )


def _button(text: tuple[Message, str], key: str, action: Callable[..., None], *arguments: object) -> None:
    """Show a button that looks like a link, and redraw the whole page after its action."""
    label, icon = text
    if st.button(tr(label), icon=icon, type="tertiary", key=key, on_click=action, args=arguments):
        st.rerun()
