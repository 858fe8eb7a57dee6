"""Style sheets, all of which are loaded on every page."""

from __future__ import annotations

import re
from functools import cache

import pytest

from core.workspace import PROJECT

DASHBOARD = PROJECT / "dashboard"
STYLES = ("draw", "inside", "learn", "train")
"""The style sheets of single pages; pages.css is for all pages."""


def selectors(style: str) -> set[tuple[str, str]]:
    """Return the keys that a style sheet selects, each with "." for one key or "*=" for all that begin with it."""
    css = (DASHBOARD / "assets" / f"{style}.css").read_text(encoding="utf-8")
    return {(key, operator) for operator, key in re.findall(r'(\.|\*=)"?st-key-(\w+)', css)}


def unscoped(style: str) -> list[str]:
    """Return the selectors that name neither a key nor a class, so that their rules apply to every page."""
    css = (DASHBOARD / "assets" / f"{style}.css").read_text(encoding="utf-8")
    found, scopes = [], [False]
    for text, end in re.findall(r"([^{};]*)([{};])", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)):
        if end == "{":
            names = [name for name in text.strip().split(",\n") if not re.search(r"\.[a-z]|st-key-", name)]
            scopes.append(scopes[-1] or not names)
            found += [] if scopes[-1] or text.strip().startswith("@") else names
        elif end == "}":
            scopes.pop()
    return found


@cache
def keys_by_room() -> set[tuple[str, str]]:
    """Return the room and the key of every element; of a key with a placeholder, the part before it."""
    rooms = [(module.parent.name, module.read_text(encoding="utf-8")) for module in DASHBOARD.rglob("*.py")]
    return {(room, key) for room, code in rooms for key in re.findall(r'\bkey=f?"(\w+)', code)}


@pytest.mark.parametrize("style", STYLES)
def test_style_sheet_of_a_page_applies_to_no_other_page(style: str) -> None:
    assert unscoped(style) == []

    of_others = set[tuple[str, str]]().union(*(selectors(other) for other in STYLES if other != style))
    assert not selectors(style) & of_others

    for selected, operator in selectors(style):
        rooms = {
            room for room, key in keys_by_room() if key == selected or (operator != "." and key.startswith(selected))
        }
        # A page consists of its view and the elements of one room.
        assert len(rooms - {"views"}) <= 1, f"{selected} in {style}.css"
