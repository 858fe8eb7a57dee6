"""Finds the sentences to translate in Python code, for Babel.

Babel's own extractor reads tokens and misses calls that are nested deeper, such as
`tr("All {weights}.", weights=term("weight", tr("weights")))`, and those within an f-string.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from typing import IO


def extract(
    file: IO[bytes],
    keywords: Collection[str],
    comment_tags: Collection[str],
    options: Mapping[str, object],  # noqa: ARG001 - Babel passes it by name
) -> Iterator[tuple[int, str, list[str | None], list[str]]]:
    """Yield the line, the function's name, its arguments and the translators' comments for each call of a keyword.

    An argument that is not a literal string is None.
    """
    source = file.read().decode()
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in keywords:
            arguments = [_literal(argument) for argument in node.args]
            yield node.lineno, node.func.id, arguments or [None], _comments(lines, node.lineno, comment_tags)


def _literal(node: ast.expr) -> str | None:
    # gettext keeps the empty sentence for the header of the file.
    return (node.value or None) if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _comments(lines: list[str], line: int, tags: Collection[str]) -> list[str]:
    """Return the comment directly above a line, starting at its tag."""
    comments: list[str] = []
    for text in reversed(lines[: line - 1]):
        if not text.strip().startswith("#"):
            break
        comments.insert(0, text.strip().lstrip("# "))
        if comments[0].startswith(tuple(tags)):
            return comments
    return []
