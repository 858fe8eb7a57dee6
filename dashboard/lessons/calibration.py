"""Lesson 7: sure is not right."""

from __future__ import annotations

from typing import cast

import numpy as np
import streamlit as st

from core.classifier.calibration import reliability
from core.classifier.evaluation import Evaluation
from core.classifier.predictor import format_confidence
from core.data.datasets import Dataset
from core.language import Message, ntr, number, tr
from core.lessons.betting import LOSS_FACTOR, STAKES, points, sure_answers
from core.lessons.examples import bets
from core.lessons.results import Result
from dashboard.lessons.lesson import Lesson, ask, finish, to_do, verdict
from dashboard.lessons.material import images, predictions
from dashboard.parts.chart_text import reliability_text
from dashboard.parts.charts import reliability_diagram
from dashboard.parts.digit_grid import digit_grid
from dashboard.parts.glossary import term, text_with_terms
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, metric_tile
from dashboard.parts.png import image_html
from dashboard.parts.show_chart import show_chart
from dashboard.parts.theme import text_colour
from dashboard.session.hands import current_model
from dashboard.session.lessons import WORK

_COUNT = 10
_SURE = 0.9
_OPTIONS = {
    "none": Message("None of them"),
    "fewer": Message("Fewer than 1 in 10"),
    "more": Message("1 in 10 or more"),
}
_BETS = f"{WORK}bets"
_SEED = 7
"""Fixed, so that everybody in a class bets on the same answers; each turn has different ones."""


def _show() -> None:
    text_with_terms(
        tr(
            "With every answer, the model says how sure it is: its {confidence}. Being sure is not the same as being "
            "right.",
            confidence=term("confidence", tr("confidence")),
        )
    )
    question = tr("Of the answers that are at least {sure:.0%} sure, how many are wrong?", sure=_SURE)
    guess = ask("calibration", question, _OPTIONS)
    if guess is None:
        return
    data = images()
    evaluation = predictions(data)
    turn, stakes = _bets(current_model()[1].version + data.fingerprint)
    chosen = bets(evaluation, _COUNT, _SEED + turn)
    if len(stakes) < len(chosen):
        _show_bet(data, evaluation, chosen, stakes)
    else:
        _show_outcome(guess, data, evaluation, chosen, np.array(stakes[: len(chosen)]))
        st.button(tr("Bet on other answers"), icon=":material/replay:", key="bet_again", on_click=_bet_again)


def _bets(version: str) -> tuple[int, list[int]]:
    """Return the turn number and its stakes, to be changed in place; both are reset for another model or dataset."""
    entry = st.session_state.get(_BETS)
    if entry is None or entry[0] != version:
        entry = st.session_state[_BETS] = (version, 0, list[int]())
    return cast("tuple[int, list[int]]", entry[1:])


def _bet_again() -> None:
    version, turn, _ = st.session_state[_BETS]
    st.session_state[_BETS] = (version, turn + 1, list[int]())


def _show_bet(data: Dataset, evaluation: Evaluation, chosen: np.ndarray, stakes: list[int]) -> None:
    index = chosen[len(stakes)]
    st.markdown(
        tr(
            "**Bet {position} of {count}.** Is the model right? If it is, you win the points that you bet. If not, "
            "you lose {factor} times as many.",
            position=len(stakes) + 1,
            count=len(chosen),
            factor=LOSS_FACTOR,
        )
    )
    picture, answer = st.columns([1, 1.4], gap="large")
    with picture:
        st.html(image_html(data.validation.images[index], 224, tr("a handwritten digit")))
    with answer:
        st.metric(
            tr("The model says"),
            str(evaluation.predictions[index]),
            delta_description=tr(
                "{confidence} sure", confidence=format_confidence(float(evaluation.confidences[index]))
            ),
        )
        with st.container(horizontal=True, gap="small", key="bet_buttons"):
            for stake in STAKES:
                label = tr("Bet {stake} points", stake=stake) if stake else tr("No bet")
                st.button(label, key=f"bet_{stake}", on_click=_add, args=(stakes, len(stakes), stake))


def _add(stakes: list[int], position: int, stake: int) -> None:
    # A double click counts as one bet.
    if position == len(stakes):
        stakes.append(stake)


def _show_outcome(guess: str, data: Dataset, evaluation: Evaluation, chosen: np.ndarray, stakes: np.ndarray) -> None:
    right = evaluation.predictions[chosen] == evaluation.labels[chosen]
    gains = [points(int(stake), bool(correct)) for stake, correct in zip(stakes, right, strict=True)]
    blind_points = sum(points(max(STAKES), bool(correct)) for correct in right)
    with st.grid(2, min_column_width=MIN_TILE_WIDTH):
        bets_placed = int((stakes > 0).sum())
        metric_tile(
            tr("Your points"),
            number(sum(gains), "+d"),
            ntr("from {count} bet", "from {count} bets", bets_placed),
        )
        metric_tile(
            tr("Betting {stake} on every answer", stake=max(STAKES)),
            number(blind_points, "+d"),
            tr("{right} of {count} were right", right=int(right.sum()), count=len(right)),
        )
    digit_grid(
        data.validation.images[chosen],
        key="lesson_bets_grid",
        captions=[
            tr(
                "a {digit}, read as {read} ({confidence}): {gain:+d}",
                digit=evaluation.labels[index],
                read=evaluation.predictions[index],
                confidence=format_confidence(float(evaluation.confidences[index])),
                gain=gain,
            )
            for index, gain in zip(chosen, gains, strict=True)
        ],
        marked=np.flatnonzero(~right).tolist(),
        tile=110,
        clickable=False,
    )
    st.caption(
        tr(
            "An orange frame marks one of the model's mistakes. These answers were picked because many of them are "
            "wrong; most of the model's answers are right."
        )
    )
    _show_diagram(evaluation)
    if sum(gains) > 0:
        _finish(guess, evaluation, sum(gains))
    else:
        to_do(tr("You need more than 0 points. Bet on other answers: read the digit first, and bet only if you agree."))


def _show_diagram(evaluation: Evaluation) -> None:
    st.markdown(
        tr(
            "**All {count:,} answers.** Each bar groups answers with about the same confidence; its height is the "
            "fraction of them that is right. If confidence can be trusted, the bars end at the orange ticks.",
            count=len(evaluation.labels),
        )
    )
    bins = reliability(evaluation)
    show_chart(reliability_diagram(bins, text_colour()), alt=reliability_text(bins))


def _finish(guess: str, evaluation: Evaluation, won_points: int) -> None:
    sure = sure_answers(evaluation, _SURE)
    answer = "none" if not sure.wrong else "fewer" if sure.wrong < 0.1 * sure.count else "more"
    outcome = ntr(
        "{answers:,} answers are at least {sure:.0%} sure, and {count:,} of them is wrong. Their confidences predict "
        "{expected:.1f} mistakes.",
        "{answers:,} answers are at least {sure:.0%} sure, and {count:,} of them are wrong. Their confidences predict "
        "{expected:.1f} mistakes.",
        sure.wrong,
        answers=sure.count,
        sure=_SURE,
        expected=sure.expected_wrong,
    )
    finish(
        "calibration",
        guess,
        f"{outcome} {verdict(right=guess == answer)}",
        points=won_points,
        sure=sure.count,
        wrong=sure.wrong,
    )


def _report(result: Result) -> str:
    return ntr(
        "I won {points:.0f} points by betting on answers. Of {answers:,.0f} answers that were at least {sure:.0%} "
        "sure, {count:,} was wrong.",
        "I won {points:.0f} points by betting on answers. Of {answers:,.0f} answers that were at least {sure:.0%} "
        "sure, {count:,} were wrong.",
        int(result.measured.get("wrong", 0)),
        points=result.measured.get("points", 0),
        answers=result.measured.get("sure", 0),
        sure=_SURE,
    )


LESSON = Lesson(
    "calibration",
    Message("Sure is not right"),
    Message("A model can be sure and wrong. Good confidence tells you how often."),
    ":material/casino:",
    _OPTIONS,
    _show,
    _report,
)
