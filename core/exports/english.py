"""English sentences only, as a substitute for Trazo's module that translates them."""

from __future__ import annotations


class Message(str):
    """A sentence with the values of its placeholders."""

    def __new__(cls, text: str, /, **values: object) -> Message:
        return super().__new__(cls, text.format(**values) if values else text)
