"""The words of the pen for people without a mouse (assets/keyboard_pen.js)."""

from __future__ import annotations

from core.language import tr


def pen_words() -> dict[str, str]:
    """Return the words that the pen shows and that screen readers say; {column} and {row} are filled in the browser."""
    return {
        "help": tr(
            "Draw with the keyboard. The arrow keys move the pen. Space puts it down and sets a corner. Enter lifts "
            "it. Backspace takes back the last corner or line."
        ),
        "keys": tr("arrows · Space: pen down, corner · Enter: pen up"),
        "position": tr("Column {column}, row {row}"),
        "down": tr("Pen down"),
        "corner": tr("Corner"),
        "up": tr("Pen up"),
        "taken_back": tr("Taken back"),
        "corner_taken_back": tr("Corner taken back"),
    }
