"""Lesson 6: the confusion matrix and you."""

from __future__ import annotations

from typing import cast

import numpy as np
import streamlit as st

from core.classifier.evaluation import count_confusions
from core.data.datasets import CLASSES, Split
from core.language import Message, tr
from core.lessons.examples import hardest
from core.lessons.results import Result
from dashboard.lessons.lesson import Lesson, ask, finish, to_do, verdict
from dashboard.lessons.material import images, predictions
from dashboard.parts.chart_text import confusions_text
from dashboard.parts.charts import confusion_heatmap
from dashboard.parts.digit_grid import digit_grid
from dashboard.parts.glossary import term, text_with_terms
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, metric_tile
from dashboard.parts.png import image_html
from dashboard.parts.show_chart import show_chart
from dashboard.parts.theme import text_colour
from dashboard.session.hands import current_model
from dashboard.session.lessons import WORK

_COUNT = 20
_SEED = 6
"""Fixed, so that everybody in a class reads the same digits in the same order."""

_MAX_BY_GUESSING = 0.3
"""Fraction of correct answers that random guessing hardly ever exceeds; on average, it gets a tenth right."""

_OPTIONS = {"me": Message("I will"), "model": Message("The model will"), "equal": Message("Both the same")}
_RESULTS = {
    "me": Message("You read more of them correctly."),
    "model": Message("The model reads more of them correctly."),
    "equal": Message("You and the model read the same number correctly."),
}
_READ = f"{WORK}read_digits"
_COUNTED = "lesson_counted"


def _show() -> None:
    text_with_terms(
        tr(
            "Some digits are hard to read, for people as well as for models. A {confusion_matrix} shows which digits "
            "are mistaken for which. Here are the {count} {validation} images that the model is least sure about.",
            confusion_matrix=term("confusion matrix", tr("confusion matrix")),
            count=_COUNT,
            validation=term("validation", tr("validation")),
        )
    )
    question = tr("Who will read more of these {count} digits correctly?", count=_COUNT)
    guess = ask("confusion", question, _OPTIONS)
    if guess is None:
        return
    data = images()
    evaluation = predictions(data)
    chosen = hardest(evaluation, _COUNT, _SEED)
    hard_digits = Split(data.validation.images[chosen], data.validation.labels[chosen])
    answers = _answers(current_model()[1].version + data.fingerprint)
    if len(answers) < len(hard_digits):
        _show_reading(hard_digits, answers)
    else:
        _show_comparison(guess, hard_digits, np.array(answers[: len(hard_digits)]), evaluation.predictions[chosen])
        st.button(tr("Read them again"), icon=":material/replay:", key="read_again", on_click=answers.clear)


def _answers(version: str) -> list[int]:
    """Return the visitor's answers, a list to be changed in place; it is empty for another model or dataset."""
    entry = st.session_state.get(_READ)
    if entry is None or entry[0] != version:
        entry = st.session_state[_READ] = (version, list[int]())
    return cast("list[int]", entry[1])


def _show_reading(hard_digits: Split, answers: list[int]) -> None:
    st.markdown(
        tr("**Digit {position} of {count}.** What do you read?", position=len(answers) + 1, count=len(hard_digits))
    )
    st.html(image_html(hard_digits.images[len(answers)], 224, tr("a handwritten digit")))
    with st.container(horizontal=True, gap="xsmall", key="read_buttons"):
        for digit in range(CLASSES):
            st.button(str(digit), key=f"read_{digit}", on_click=_add, args=(answers, len(answers), digit))
    if answers:
        st.button(tr("Undo the last answer"), type="tertiary", key="read_back", on_click=_take_back, args=(answers,))


def _add(answers: list[int], position: int, digit: int) -> None:
    # A double click counts as one answer.
    if position == len(answers):
        answers.append(digit)


def _take_back(answers: list[int]) -> None:
    del answers[-1:]


def _show_comparison(guess: str, hard_digits: Split, own_digits: np.ndarray, model_digits: np.ndarray) -> None:
    labels = hard_digits.labels.astype(int)
    right, model_right = int((own_digits == labels).sum()), int((model_digits == labels).sum())
    with st.grid(2, min_column_width=MIN_TILE_WIDTH):
        _show_score(tr("You"), right, len(labels))
        _show_score(tr("The model"), model_right, len(labels))
    st.markdown(
        tr(
            "Each row is the true digit, and each column the digit that was read. **Green** cells lie on the diagonal: "
            "read correctly. **Orange** cells are mistakes."
        )
    )
    matrices = ((tr("You"), own_digits), (tr("The model"), model_digits))
    for column, (title, digits) in zip(st.columns(2, gap="medium"), matrices, strict=True):
        with column:
            st.markdown(f"**{title}**")
            matrix = count_confusions(labels, digits)
            chart = confusion_heatmap(matrix, percentages=False, text_colour=text_colour())
            show_chart(chart, alt=confusions_text(matrix))
    _show_misread(hard_digits, own_digits, model_digits)
    wrong = len(labels) - model_right
    counted = st.number_input(
        tr("Add up the orange cells in the model's matrix. How many mistakes does it make?"),
        min_value=0,
        max_value=len(labels),
        value=None,
        key=_COUNTED,
    )
    if right <= _MAX_BY_GUESSING * len(labels):
        to_do(tr("That is hardly better than guessing. Read them again, and take your time."))
    elif counted is None:
        to_do(tr("Read the matrix: the number in an orange cell says how often it happened."))
    elif counted != wrong:
        to_do(tr("Not quite. Green cells do not count; add the numbers in all orange cells."))
    else:
        better = "me" if right > model_right else "model" if right < model_right else "equal"
        handicap = tr(
            "But these digits were chosen because the model is unsure about them, so the race is harder for it."
        )
        finish(
            "confusion",
            guess,
            f"{tr(_RESULTS[better])} {verdict(right=guess == better)} {handicap}",
            right=right,
            model_right=model_right,
            count=len(labels),
        )


def _show_score(title: str, right: int, count: int) -> None:
    metric_tile(
        title,
        tr("{right} of {count}", right=right, count=count),
        tr("{fraction:.0%} read correctly", fraction=right / count),
    )


def _show_misread(hard_digits: Split, own_digits: np.ndarray, model_digits: np.ndarray) -> None:
    positions = np.flatnonzero((own_digits != hard_digits.labels) | (model_digits != hard_digits.labels))
    if not len(positions):
        return
    with st.expander(tr("See the digits that you or the model misread"), icon=":material/visibility:"):
        digit_grid(
            hard_digits.images[positions],
            key="lesson_misread",
            captions=[
                tr(
                    "a {digit}: you {own}, model {model}",
                    digit=hard_digits.labels[position],
                    own=own_digits[position],
                    model=model_digits[position],
                )
                for position in positions
            ],
            tile=110,
            clickable=False,
        )


def _report(result: Result) -> str:
    return tr(
        "Of {count:.0f} hard digits, I read {right:.0f} correctly, and the model {model_right:.0f}.",
        count=result.measured.get("count", _COUNT),
        right=result.measured.get("right", 0),
        model_right=result.measured.get("model_right", 0),
    )


LESSON = Lesson(
    "confusion",
    Message("The confusion matrix and you"),
    Message("Mistakes have a pattern. Read hard digits yourself, and compare your mistakes with the model's."),
    ":material/grid_view:",
    _OPTIONS,
    _show,
    _report,
)
