"""A second model that reads the same drawing, beside the active one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core.classifier.number_reader import read_digit
from core.classifier.predictor import Predictor, Reading
from core.errors import TrazoError
from core.ink.canvas_strokes import Stroke
from core.ink.drawing import Pixels
from core.ink.picture_ink import PictureInk
from core.language import tr
from dashboard.parts.prediction import show_prediction
from dashboard.session import cache
from dashboard.session.permission import safe_text


@dataclass(frozen=True)
class SecondModel:
    """A model with its display name, and the active model's display name."""

    title: str
    active_title: str
    predictor: Predictor

    def read(self, ink: Pixels | PictureInk, strokes: Sequence[Stroke] | None) -> Reading:
        """Read one digit; the parameters are those of `read_digit`."""
        return read_digit(self.predictor, ink, strokes)


def choose_second_model(titles: Mapping[str, str], active: str) -> SecondModel | None:
    """Let the visitor choose a second model; return None if there is none, or if it cannot be loaded.

    `titles`: the display names of all models, read when the page was opened, so that no stroke waits for them.
    """
    others = [name for name in titles if name != active]
    if not others:
        return None
    chosen = st.selectbox(
        tr("Second model"),
        others,
        index=None,
        format_func=titles.__getitem__,
        placeholder=tr("Second model"),
        key="second_model",
        persist_state="session",
        label_visibility="collapsed",
    )
    if chosen is None or chosen == active:
        return None
    bundle = cache.models().get(chosen)
    if bundle is None:  # deleted in the meantime
        return None
    try:
        return SecondModel(titles[chosen], titles.get(active, active), cache.bundle_predictor(bundle))
    except TrazoError as error:
        st.toast(safe_text(error), icon=":material/error:")
        return None


def show_answers(
    reading: Reading | None, second_reading: Reading | None, prompt: str, second: SecondModel | None
) -> None:
    """Show the active model's reading as `show_prediction` does, and the second model's beside it if there is one."""
    with st.container(key="answers"):
        show_prediction(reading, prompt, model=second.active_title if second else None)
        if second:
            show_prediction(second_reading, prompt, "second_answer", second.title)
