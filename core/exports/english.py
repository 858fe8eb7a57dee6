"""A substitute for Trazo's translation module, with English sentences only."""

from __future__ import annotations


class Message(str):
    """A sentence with the values of its placeholders."""

    def __new__(cls, text: str, /, **values: object) -> Message:
        return super().__new__(cls, text.format(**values) if values else text)
