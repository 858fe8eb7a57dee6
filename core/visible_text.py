"""Text that people type, without its invisible characters."""

from __future__ import annotations

import re
import unicodedata

_JOINERS = "\u200c\u200d"
"""The zero-width non-joiner and joiner: Persian, Sinhala and emoji such as a teacher's are misspelt without them."""

# Between ASCII letters a joiner does nothing, so it would only hide that two names are the same.
_IDLE_JOINER = re.compile(rf"(?<![^\s\0-\x7f{_JOINERS}])[{_JOINERS}]|[{_JOINERS}](?![^\s\0-\x7f{_JOINERS}])")


def drop_invisible(text: str) -> str:
    """Remove control characters, text-direction marks, lone surrogates, and joiners that join nothing."""
    visible = (
        character
        for character in text
        if character in _JOINERS or unicodedata.category(character) not in ("Cc", "Cf", "Cs")
    )
    return _IDLE_JOINER.sub("", "".join(visible))


def visible_line(text: str) -> str:
    """Return the text in one line, without invisible characters or superfluous spaces."""
    return " ".join(filter(None, map(drop_invisible, text.split())))
