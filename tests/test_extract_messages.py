"""The extractor of sentences to translate."""

from __future__ import annotations

import io

from scripts.extract_messages import extract

CODE = """
# Translators: a greeting
tr("Hello {name}", name=term("weight", tr("weights")))
f"{tr('You')} and {me}"
ntr("{count} image", "{count} images", count)
tr(LABELS["x"])
tr("")
"""


def test_calls_inside_calls_and_f_strings_are_found() -> None:
    found = [(name, arguments, comments) for _, name, arguments, comments in sorted(_extract(CODE))]

    assert found == [
        ("tr", ["Hello {name}"], ["Translators: a greeting"]),
        ("tr", ["weights"], ["Translators: a greeting"]),
        ("tr", ["You"], []),
        ("ntr", ["{count} image", "{count} images", None], []),
        ("tr", [None], []),
        ("tr", [None], []),
    ]


def _extract(code: str) -> list[tuple[int, str, list[str | None], list[str]]]:
    return list(extract(io.BytesIO(code.encode()), {"tr", "ntr"}, ["Translators:"], {}))
