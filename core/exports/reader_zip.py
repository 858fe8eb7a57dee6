"""A ZIP archive with the LiteRT model, its card, and `read.py`, which reads a picture as Trazo does.

`read.py` and the modules that it imports are this package's own files, so that they cannot diverge from it. Only the
package name in their imports changes, and sentences are not translated.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from core.classifier.bundle import INCOMPLETE, Bundle
from core.errors import BundleError
from core.language import Message
from core.storage import read_file

FOLDER = "mnist_model"
"""Name of the folder in the archive."""

MODULES = (
    "brightness",
    "depth",
    "drawing",
    "even",
    "photo",
    "picture_file",
    "picture_ink",
    "ruled_lines",
    "sheet",
    "surroundings",
    "uneven",
)
"""The modules of core.ink needed to read a picture."""

_CORE = Path(__file__).resolve().parents[1]


def reader_zip(bundle: Bundle) -> bytes:
    """Return the archive; raises BundleError if a file of the bundle is missing or damaged."""
    bundle.card()  # raises BundleError
    buffer = io.BytesIO()
    try:
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in (bundle.tflite_file, bundle.card_file, bundle.novelty_file):
                if path.is_file() or path != bundle.novelty_file:  # models from earlier versions have no detector
                    archive.writestr(f"{FOLDER}/{path.name}", read_file(path))
            for name, source in sources().items():
                archive.writestr(f"{FOLDER}/{name}", source)
    except OSError as error:
        raise BundleError(Message(INCOMPLETE, folder=bundle.folder), bundle.folder) from error
    return buffer.getvalue()


def sources() -> dict[str, str]:
    """Return `read.py` and the modules in the folder `ink`, by name."""
    files = {
        "read.py": _CORE / "exports" / "read.py",
        "ink/errors.py": _CORE / "errors.py",
        "ink/language.py": _CORE / "exports" / "english.py",
    }
    files |= {f"ink/{name}.py": _CORE / "ink" / f"{name}.py" for name in ("__init__", *MODULES)}
    return {name: _rename_package(path.read_text(encoding="utf-8")) for name, path in files.items()}


def _rename_package(source: str) -> str:
    """Replace the package `core.ink`, and the two modules of `core` beside it, with `ink`."""
    for old, new in (("core.ink.", "ink."), ("core.errors", "ink.errors"), ("core.language", "ink.language")):
        source = source.replace(old, new)
    return source
