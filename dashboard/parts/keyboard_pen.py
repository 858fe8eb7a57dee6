"""The texts of the keyboard pen, for people without a mouse (assets/keyboard_pen.js)."""

from __future__ import annotations

from core.language import tr


def pen_words() -> dict[str, str]:
    """Return the texts that the pen shows and screen readers say; the browser fills in {column} and {row}."""
    return {
        "help": tr(
            "Draw with the keyboard. The arrow keys move the pen. Space puts it down and sets a corner. Enter lifts "
            "it. Backspace undoes the last corner or line."
        ),
        "keys": tr("arrows · Space: pen down, corner · Enter: pen up"),
        "position": tr("Column {column}, row {row}"),
        "down": tr("Pen down"),
        "corner": tr("Corner"),
        "up": tr("Pen up"),
        "taken_back": tr("Undone"),
        "corner_taken_back": tr("Corner undone"),
    }
