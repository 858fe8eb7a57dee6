"""All text on a page, taken from the messages that Streamlit sends to the browser."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

_MARKDOWN = {"body", "text", "label", "help", "delta", "delta_description", "content", "caption", "title"}
"""Names of the fields that Streamlit renders as Markdown."""


def _messages(page: AppTest) -> Iterator[Message]:
    for node in page._tree:
        if isinstance(proto := getattr(node, "proto", None), Message):
            yield proto


def sent(page: AppTest) -> bytes:
    """Return everything that is sent to the browser, as bytes."""
    return b"\n".join(message.SerializeToString() for message in _messages(page))


def markdown(page: AppTest) -> list[str]:
    """Return every text that is rendered as Markdown: paragraphs, labels, help, and the cells of static tables."""
    texts = [text for message in _messages(page) for text in _texts(message)]
    for table in page.table:
        texts += map(str, [*table.value.columns, *table.value.index, *table.value.to_numpy().ravel()])
    return texts


def _texts(message: Message) -> Iterator[str]:
    for field, value in message.ListFields():
        for part in value if isinstance(value, list) or hasattr(value, "append") else [value]:
            if isinstance(part, Message):
                yield from _texts(part)
            elif isinstance(part, str) and field.name in _MARKDOWN:
                yield part
