"""Files of digits written with a pen: gzipped JSON lines, and the UNIPEN text of UCI's pen digits."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable
from pathlib import Path

from core.errors import DataError
from core.handwriting.pen_digits import PenDigit
from core.language import Message
from core.storage import atomic_write, read_file, unpack

_TABLET_HEIGHT = 500
"""Height of UCI's tablet in its own units; UNIPEN's y-axis points up, ours points down."""

_MAX_BYTES = 2**24
"""Size limit in bytes of a decompressed file; UCI's digits take 3.3 MB, but a hostile file might fill the memory."""


def read_pen_file(path: Path) -> list[PenDigit]:
    """Read a file in either format, gzipped or not; raises DataError, even for a missing file."""
    try:
        content = read_file(path)
    except PermissionError as error:
        raise DataError(Message("Permission denied for {path}. Change its permissions.", path=path), path) from error
    except OSError as error:
        raise DataError(Message("{path} is missing, damaged or not a file of pen digits.", path=path), path) from error
    return parse_pen_file(content, str(path))


def parse_pen_file(content: bytes, name: str) -> list[PenDigit]:
    """Return the digits in a file of either format, gzipped or not; `name` is the file's name in errors.

    A JSON line is `{"label": 0..9, "writer": 1.., "strokes": [[[x, y], ...], ...]}`, with the y-axis
    pointing down. Raises DataError if the file is damaged or in another format.
    """
    try:
        content = unpack(content, _MAX_BYTES)
        lines = content.decode("utf-8").splitlines()
        return [_parse_json(line) for line in lines] if content[:1] == b"{" else _parse_unipen(lines)
    except (OSError, EOFError, ValueError, LookupError, TypeError, RecursionError, zlib.error) as error:
        raise DataError(Message("{name} is missing, damaged or not a file of pen digits.", name=name)) from error


def write_pen_file(path: Path, digits: Iterable[PenDigit]) -> None:
    """Write gzipped JSON lines atomically; raises StorageError."""
    lines = "".join(f"{json_line(digit)}\n" for digit in digits)
    with atomic_write(path) as temporary:
        # Without a timestamp, the same digits give the same file.
        temporary.write_bytes(gzip.compress(lines.encode(), mtime=0))


def json_line(digit: PenDigit) -> str:
    """Return the digit as one compact JSON line without a line break."""
    return json.dumps(vars(digit), separators=(",", ":"))


def _parse_json(line: str) -> PenDigit:
    digit = json.loads(line)
    return PenDigit(digit["label"], digit["writer"], [[(x, y) for x, y in stroke] for stroke in digit["strokes"]])


def _parse_unipen(lines: Iterable[str]) -> list[PenDigit]:
    """Parse UNIPEN as UCI's pen digits use it: `.COMMENT` gives the digit's label, writer and number."""
    digits: list[PenDigit] = []
    for line in lines:
        match line.split():
            case [".COMMENT", label, writer, _]:
                digits.append(PenDigit(int(label), int(writer), []))
            case [".PEN_DOWN"]:
                digits[-1].strokes.append([])
            case [x, y] if not x.startswith("."):
                digits[-1].strokes[-1].append((int(x), _TABLET_HEIGHT - int(y)))
    if not digits:
        raise ValueError("no digits")
    return digits
