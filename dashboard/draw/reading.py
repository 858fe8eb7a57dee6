"""A reading on the page: the answer with its ten probabilities, and the five steps from ink to the model's image."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.classifier.predictor import Reading, format_confidence
from core.ink.drawing import BOX_SIZE, IMAGE_SIZE, Drawing, Pixels
from dashboard.parts.png import png_data_uri

_ASSETS = Path(__file__).resolve().parents[1] / "assets"
# Components instead of charts: they are updated in place, so nothing flickers from stroke to stroke.
# Without a shadow root their text is part of the page, for the browser's search and for tests.
_answer, _steps = (
    st.components.v2.component(
        f"trazo_{name}",
        html=f'<div class="trazo-{name}"></div>',
        css=(_ASSETS / f"{name}.css").read_text(),
        js=(_ASSETS / f"{name}.js").read_text(),
        isolate_styles=False,
    )
    for name in ("answer", "steps")
)


def show_answer(reading: Reading | None, prompt: str) -> None:
    """Show the digit, both digits of a close call, or "Not a digit", with ten probabilities.

    Without a reading show `prompt`, at the same height. The reading must not be of a blank.
    """
    refused = reading is not None and reading.verdict == "not_a_digit"
    _answer(
        key="answer",
        data={
            "digit": " or ".join(map(str, reading.shown_digits)) if reading and not refused else None,
            "prompt": "Not a digit" if refused else prompt,
            "verdict": reading.verdict if reading else None,
            "sentence": reading.sentence if reading else "",
            "bars": _bars(reading),
            "title": "If it were a digit" if refused else "Probability of each digit",
        },
    )


def _bars(reading: Reading | None) -> list[dict[str, object]]:
    if reading is None or reading.probabilities is None:
        return [{"digit": str(digit), "share": 0.0, "value": "", "best": False} for digit in range(10)]
    named = reading.shown_digits
    return [
        {"digit": str(digit), "share": float(share), "value": format_confidence(share), "best": digit in named}
        for digit, share in enumerate(reading.probabilities)
    ]


def show_steps(drawing: Drawing | None) -> None:
    """Show the five steps from ink to the model's image, each with a sentence; empty frames without a drawing."""
    ink = _source(drawing.ink) if drawing else None
    crop = _source(drawing.crop) if drawing else None
    scaled = _source(drawing.scaled) if drawing else None
    image = _source(drawing.image) if drawing else None
    _steps(
        key="steps",
        data=[
            _step("Ink", "Your drawing as white ink on black. The frame marks the digit.", ink, _frame(drawing)),
            _step("Crop", "The empty margin and stray dots are cut off.", crop),
            _step(
                "20×20 box",
                "The digit is scaled until its longer side is 20 pixels. Its strokes become about as wide as MNIST's.",
                scaled,
                {"kind": "frame", "size": [BOX_SIZE, BOX_SIZE], "frame": [0, 0, BOX_SIZE, BOX_SIZE]},
            ),
            _step(
                "Centre of mass",
                "The digit moves until its centre of mass is the centre of a 28×28 image.",
                image,
                {"kind": "cross", "size": [IMAGE_SIZE, IMAGE_SIZE]},
            ),
            _step(
                "Final image",
                "The model sees only these 784 pixels, in MNIST's format.",
                image,
                {"kind": "grid", "size": [IMAGE_SIZE, IMAGE_SIZE]},
            ),
        ],
    )


def _source(image: Pixels | None) -> str | None:
    return None if image is None else png_data_uri(image)


def _step(title: str, sentence: str, source: str | None, mark: dict[str, object] | None = None) -> dict[str, object]:
    return {"title": title, "sentence": sentence, "source": source, "mark": mark if source else None}


def _frame(drawing: Drawing | None) -> dict[str, object] | None:
    """Return the frame of the crop in the ink, None if there is none."""
    if drawing is None or drawing.box is None:
        return None
    top, left, bottom, right = drawing.box
    height, width = drawing.ink.shape
    return {"kind": "frame", "size": [width, height], "frame": [left, top, right - left, bottom - top]}
