"""Clicks on pictures in AppTest, which cannot click inside components."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.parts import digit_grid

GRID = f"{digit_grid.__name__}._component"


@contextmanager
def click_on_picture(key: str, index: int, component: str = GRID) -> Iterator[None]:
    """Click a picture of the component with this key; a page that runs inside the `with` block gets the click."""
    module, _, name = component.rpartition(".")
    with pytest.MonkeyPatch.context() as patch:
        draw = getattr(import_module(module), name)

        def draw_and_click(**arguments: Any) -> Any:
            result = draw(**arguments)
            return SimpleNamespace(clicked=index) if arguments["key"] == key else result

        patch.setattr(component, draw_and_click)
        yield


def panel_title(page: AppTest) -> str:
    """Return the title of the open panel, or an empty string if none is open."""
    dialogs = [block.proto.dialog.title for block in page._tree.children[2].children.values() if block.type == "dialog"]
    return dialogs[0] if dialogs else ""


def link_labels(page: AppTest) -> list[str]:
    """Return the labels of all links to pages."""
    return [link.proto.label for link in page.get("page_link")]
