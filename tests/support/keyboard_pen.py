"""Digits as lines on the grid of the keyboard pen, and the keys that draw them."""

from __future__ import annotations

from collections.abc import Sequence

from playwright.sync_api import Page

Position = tuple[int, int]

START: Position = (3, 2)
"""The pen's first position (column, row), counted from 1."""

LINES: dict[int, list[list[Position]]] = {
    0: [[(5, 1), (3, 3), (3, 6), (5, 8), (7, 6), (7, 3), (5, 1)]],
    1: [[(5, 2), (5, 8)]],
    2: [[(3, 3), (4, 2), (6, 2), (7, 3), (7, 4), (3, 8), (7, 8)]],
    3: [[(3, 2), (7, 2), (5, 4), (7, 6), (6, 8), (3, 8)]],
    4: [[(3, 2), (3, 5), (7, 5)], [(6, 3), (6, 8)]],
    5: [[(7, 2), (3, 2), (3, 4), (6, 4), (7, 6), (6, 8), (3, 8)]],
    6: [[(6, 1), (4, 3), (3, 6), (4, 8), (6, 8), (7, 6), (6, 5), (3, 6)]],
    7: [[(3, 2), (7, 2), (5, 8)]],
    8: [[(5, 4), (3, 3), (5, 1), (7, 3), (5, 4), (3, 6), (5, 8), (7, 6), (5, 4)]],
    9: [[(7, 3), (5, 1), (3, 3), (5, 5), (7, 3), (6, 8)]],
}
"""The corners (column, row) of each digit's lines."""


def focus_pen(page: Page) -> None:
    """Press Tab until the keyboard pen has focus."""
    focused = """() => {
      let element = document.activeElement;
      while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
      return element.className;
    }"""
    for _ in range(100):
        page.keyboard.press("Tab")
        if page.evaluate(focused) == "keyboard-pen":
            return
    raise AssertionError("Tab does not reach the pen.")


def keys(lines: Sequence[Sequence[Position]], at: Position) -> tuple[list[str], Position]:
    """Return the keys that draw these lines from the pen's position `at`, and its position afterwards."""
    pressed: list[str] = []
    for line in lines:
        for index, corner in enumerate(line):
            right, down = corner[0] - at[0], corner[1] - at[1]
            pressed += ["ArrowRight" if right > 0 else "ArrowLeft"] * abs(right)
            pressed += ["ArrowDown" if down > 0 else "ArrowUp"] * abs(down)
            pressed.append("Enter" if index == len(line) - 1 else "Space")
            at = corner
    return pressed, at


def press(page: Page, pressed: Sequence[str]) -> None:
    """Press keys one after the other."""
    for key in pressed:
        page.keyboard.press(key)
