"""Lesson 7: sure is not right."""

from __future__ import annotations

from typing import cast

import numpy as np
import streamlit as st

from core.classifier.calibration import reliability
from core.classifier.evaluation import Evaluation
from core.classifier.predictor import format_confidence
from core.data.datasets import Dataset
from core.lessons.betting import LOSS_FACTOR, STAKES, points, sure_answers
from core.lessons.examples import bets
from core.lessons.results import Result
from dashboard.lessons.lesson import Lesson, ask, finish, to_do
from dashboard.lessons.material import images, predictions
from dashboard.parts.chart_text import reliability_text
from dashboard.parts.charts import reliability_diagram
from dashboard.parts.digit_grid import digit_grid
from dashboard.parts.glossary import term, text_with_terms
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, metric_tile
from dashboard.parts.png import image_html
from dashboard.parts.theme import text_colour
from dashboard.session.hands import current_model
from dashboard.session.lessons import WORK

_COUNT = 10
_SURE = 0.9
_OPTIONS = {"none": "None of them", "fewer": "Fewer than 1 in 10", "more": "1 in 10 or more"}
_BETS = f"{WORK}bets"
_SEED = 7
"""Fixed, so that everybody in a class bets on the same answers; the next turn has other ones."""


def _show() -> None:
    text_with_terms(
        f"With every answer, the model says how sure it is: its {term('confidence')}. Being sure is not the same as "
        "being right."
    )
    guess = ask("calibration", f"Of the answers that are at least {_SURE:.0%} sure, how many are wrong?", _OPTIONS)
    if guess is None:
        return
    data = images()
    found = predictions(data)
    turn, placed = _bets(current_model()[1].version + data.fingerprint)
    chosen = bets(found, _COUNT, _SEED + turn)
    if len(placed) < len(chosen):
        _show_bet(data, found, chosen, placed)
    else:
        _show_outcome(guess, data, found, chosen, np.array(placed[: len(chosen)]))
        st.button("Bet on other answers", icon=":material/replay:", key="bet_again", on_click=_bet_again)


def _bets(version: str) -> tuple[int, list[int]]:
    """Return the number of the turn, and its bets, to be changed in place; none for another model or dataset."""
    kept = st.session_state.get(_BETS)
    if kept is None or kept[0] != version:
        kept = st.session_state[_BETS] = (version, 0, list[int]())
    return cast("tuple[int, list[int]]", kept[1:])


def _bet_again() -> None:
    version, turn, _ = st.session_state[_BETS]
    st.session_state[_BETS] = (version, turn + 1, list[int]())


def _show_bet(data: Dataset, found: Evaluation, chosen: np.ndarray, placed: list[int]) -> None:
    index = chosen[len(placed)]
    st.markdown(
        f"**Bet {len(placed) + 1} of {len(chosen)}.** Is the model right? A bet that is right wins its points. A bet "
        f"that is wrong loses {LOSS_FACTOR} times as many."
    )
    picture, answer = st.columns([1, 1.4], gap="large")
    with picture:
        st.html(image_html(data.validation.images[index], 224, "a handwritten digit"))
    with answer:
        st.metric(
            "The model says",
            str(found.predictions[index]),
            delta_description=f"{format_confidence(float(found.confidences[index]))} sure",
        )
        with st.container(horizontal=True, gap="small", key="bet_buttons"):
            for stake in STAKES:
                label = f"Bet {stake} points" if stake else "No bet"
                st.button(label, key=f"bet_{stake}", on_click=_add, args=(placed, len(placed), stake))


def _add(placed: list[int], position: int, stake: int) -> None:
    # A double click is one bet.
    if position == len(placed):
        placed.append(stake)


def _show_outcome(guess: str, data: Dataset, found: Evaluation, chosen: np.ndarray, placed: np.ndarray) -> None:
    right = found.predictions[chosen] == found.labels[chosen]
    won = [points(int(stake), bool(correct)) for stake, correct in zip(placed, right, strict=True)]
    blind = sum(points(max(STAKES), bool(correct)) for correct in right)
    with st.grid(2, min_column_width=MIN_TILE_WIDTH):
        metric_tile("Your points", f"{sum(won):+d}", f"from {int((placed > 0).sum())} bets")
        metric_tile("Betting 10 on every answer", f"{blind:+d}", f"{int(right.sum())} of {len(right)} were right")
    digit_grid(
        data.validation.images[chosen],
        key="lesson_bets_grid",
        captions=[
            f"a {found.labels[index]}, read {found.predictions[index]} ({found.confidences[index]:.0%}): {gain:+d}"
            for index, gain in zip(chosen, won, strict=True)
        ],
        marked=np.flatnonzero(~right).tolist(),
        tile=110,
        clickable=False,
    )
    st.caption(
        "An orange frame marks a mistake of the model. These answers were picked because many are wrong; most are not."
    )
    _show_diagram(found)
    if sum(won) > 0:
        _finish(guess, found, sum(won))
    else:
        to_do("You need more than 0 points. Bet on other answers: read the digit first, and bet only if you agree.")


def _show_diagram(found: Evaluation) -> None:
    st.markdown(
        f"**All {len(found.labels):,} answers.** Each bar gathers the answers with about the same confidence; its "
        "height is the part of them that is right. If confidence can be trusted, the bars end at the orange ticks."
    )
    bins = reliability(found)
    st.altair_chart(reliability_diagram(bins, text_colour()), width="stretch", alt=reliability_text(bins))


def _finish(guess: str, found: Evaluation, won: int) -> None:
    sure = sure_answers(found, _SURE)
    answer = "none" if not sure.wrong else "fewer" if sure.wrong < 0.1 * sure.count else "more"
    finish(
        "calibration",
        guess,
        f"{sure.count:,} answers are at least {_SURE:.0%} sure, and {sure.wrong} of them are wrong. Their confidences "
        f"announce {sure.expected_wrong:.1f} mistakes. "
        + ("You guessed it." if guess == answer else "Your guess was different."),
        points=won,
        sure=sure.count,
        wrong=sure.wrong,
    )


def _report(result: Result) -> str:
    return (
        f"I won {result.measured.get('points', 0):.0f} points by betting on answers. Of "
        f"{result.measured.get('sure', 0):,.0f} answers that were at least {_SURE:.0%} sure, "
        f"{result.measured.get('wrong', 0):.0f} were wrong."
    )


LESSON = Lesson(
    "calibration",
    "Sure is not right",
    "A model can be sure and wrong. Good confidence tells you how often.",
    ":material/casino:",
    _OPTIONS,
    _show,
    _report,
)
