"""A pad for writing one prompted digit after another, as fast as a person writes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st
from pydantic import ValidationError

from core.data.datasets import CLASSES
from core.errors import HandError, TrazoError
from core.handwriting.pen_digits import BRUSH_WIDTH, CANVAS_SIZE
from core.language import Message, tr
from core.personal.hand import Hand
from core.personal.written import MAX_POINTS, MAX_STROKES, WrittenDigit, WrittenStroke, ink_of
from dashboard.parts.component import component
from dashboard.parts.keyboard_pen import pen_words
from dashboard.session.permission import require_permission, safe_text

_component = component(
    "writing_pad",
    '<div class="pad"><div class="prompt" role="status"></div><div class="progress"></div>'
    f'<div class="sheet"><canvas class="paper" width="{CANVAS_SIZE}" height="{CANVAS_SIZE}" tabindex="-1" role="img">'
    '</canvas></div><div class="hint"></div><button class="back" type="button"></button></div>',
    scripts=["keyboard_pen"],
)


def writing_pad(
    hand: Hand,
    key: str,
    prompts: Sequence[int],
    done: int,
    on_written: Callable[[int, WrittenDigit], None],
    on_taken_back: Callable[[int], None],
    done_text: str,
) -> None:
    """Show the pad, on which a person writes in a hand, starting after the first `done` prompts.

    `on_written(position, written)` and `on_taken_back(position)` are called in order, once for each action; `position`
    is the number of digits written before it. If they raise TrazoError, the visitor sees the error, and the pad goes
    back to that digit. `done_text`: the text after the last prompt.
    """
    handled_key = f"{key}_handled"

    def handle() -> None:
        for action in st.session_state[key]["actions"] or []:
            if action["sequence"] <= st.session_state.get(handled_key, 0):
                continue
            st.session_state[handled_key] = action["sequence"]
            try:
                require_permission(hand)
                if action["kind"] == "written":
                    on_written(action["position"], _written(action, prompts))
                else:
                    on_taken_back(action["position"])
            except TrazoError as error:
                st.toast(safe_text(error), icon=":material/error:", duration="long")

    _component(
        key=key,
        data={
            "words": _words(),
            "prompts": list(prompts),
            "done": done,
            "handled": st.session_state.get(handled_key, 0),
            "brush": BRUSH_WIDTH,
            "done_text": done_text,
            "pen": pen_words(),
        },
        on_actions_change=handle,
    )


def _words() -> dict[str, str | list[str]]:
    """Return the texts of the pad. `prompts`: one for each digit."""
    return {
        "prompts": [tr("Write a {digit}", digit=digit) for digit in range(CLASSES)],
        "progress": tr("{done} of {count}"),
        "pad": tr("Writing pad"),
        "hint": tr("Lift the pen for a second or press Enter to go to the next digit."),
        "clear": tr("Clear"),
        "takeBack": tr("Undo the last digit"),
    }


def _written(action: dict[str, Any], prompts: Sequence[int]) -> WrittenDigit:
    """Return the digit that the browser sent; raises HandError if it is damaged, is too large or has no ink."""
    try:
        if len(action["strokes"]) > MAX_STROKES or sum(map(len, action["strokes"])) > MAX_POINTS:
            raise HandError(Message("This drawing is too large to be kept. Write one digit."))
        strokes = [WrittenStroke(points=points, width=BRUSH_WIDTH) for points in action["strokes"]]
        written = WrittenDigit(
            strokes=tuple(strokes), label=prompts[action["position"]], predicted=None, model="", time=time.time()
        )
    except (ValidationError, IndexError, TypeError) as error:
        raise HandError(Message("This digit arrived incomplete. Write it once more.")) from error
    if not ink_of(written).any():
        raise HandError(Message("This digit arrived without ink. Write it once more."))
    return written
