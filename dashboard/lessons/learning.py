"""Lesson 4: learning, and how far to step."""

from __future__ import annotations

import streamlit as st

from core.data.datasets import Dataset, dataset_version
from core.language import Message, number, tr
from core.lessons.learner import Training, first_images, train
from core.lessons.results import Result
from dashboard.lessons.charts import loss_chart
from dashboard.lessons.lesson import Lesson, ask, finish, to_do
from dashboard.lessons.material import images
from dashboard.parts.glossary import term, text_with_terms
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, metric_tile
from dashboard.parts.show_chart import show_chart
from dashboard.parts.theme import text_colour
from dashboard.session.language import Spinner
from dashboard.session.state import workspace

_RATES = {"small": 0.0005, "middle": 0.05, "large": 5.0}
_OPTIONS = {name: Message("{rate:g}", rate=rate) for name, rate in _RATES.items()}
_IMAGES = 5000
_STEPS = 400
_OWN_RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
_GOAL = 0.8
"""Validation accuracy that only three of the learning rates reach."""


def _show() -> None:
    text_with_terms(
        tr(
            "A network starts with random {weights} and answers at random. Training then moves all weights a little, "
            "again and again, so that the {loss} falls. The {learning_rate} says how far they move in one step.",
            weights=term("weight", tr("weights")),
            loss=term("loss", tr("loss")),
            learning_rate=term("learning rate", tr("learning rate")),
        )
    )
    question = tr("Three networks start out the same. Which learning rate works best?")
    guess = ask("learning", question, _OPTIONS)
    if guess is None:
        return
    data = images()
    st.markdown(
        tr(
            "These are **three real training runs**, computed on this machine: {steps} steps each, on {images:,} "
            "handwritten digits.",
            steps=_STEPS,
            images=min(_IMAGES, len(data.train)),
        )
    )
    trainings = {name: train_at(data, rate) for name, rate in _RATES.items()}
    _show_trainings({_RATES[name]: training for name, training in trainings.items()})
    best = max(trainings, key=lambda name: trainings[name].validation[-1])
    st.markdown(
        tr("Steps that are too small hardly get anywhere. Steps that are too large jump over the goal each time.")
    )
    st.markdown(
        tr(
            "**Now you.** Find a learning rate with which the network reads at least **{goal:.0%}** of the validation "
            "images.",
            goal=_GOAL,
        )
    )
    rate = st.select_slider(
        tr("Your learning rate"),
        _OWN_RATES,
        value=_OWN_RATES[0],
        format_func=lambda value: number(value, "g"),
        key="own_rate",
    )
    own_training = train_at(data, rate)
    _show_trainings({rate: own_training})
    accuracy = own_training.validation[-1]
    if accuracy < _GOAL:
        to_do(tr("With {rate:g}, it reads {accuracy:.1%}. Try another learning rate.", rate=rate, accuracy=accuracy))
        return
    finding = tr(
        "With {rate:g}, it reads {accuracy:.1%} of images that it never learned from.", rate=rate, accuracy=accuracy
    )
    if guess == best:
        best_sentence = tr("You guessed the best of the three.")
    else:
        best_sentence = tr("The best of the three was {rate:g}.", rate=_RATES[best])
    finish("learning", guess, f"{finding} {best_sentence}", rate=rate, accuracy=accuracy)


def train_at(data: Dataset, rate: float) -> Training:
    """Train with a learning rate; the first time takes about half a second."""
    return _train_at(data.id, dataset_version(data.id, workspace()), rate, data)


@st.cache_data(show_spinner=Spinner(Message("Training…")), max_entries=40)
def _train_at(dataset: str, version: str, rate: float, _data: Dataset) -> Training:  # noqa: ARG001
    return train(first_images(_data.train, _IMAGES), _data.validation, learning_rate=rate, steps=_STEPS)


def _show_trainings(trainings: dict[float, Training]) -> None:
    """Show training runs, keyed by learning rate."""
    with st.grid(3, min_column_width=MIN_TILE_WIDTH + 60):
        for rate, training in trainings.items():
            with st.container():
                metric_tile(
                    tr("Learning rate {rate:g}", rate=rate),
                    number(training.validation[-1], ".1%"),
                    tr("of the validation images read correctly"),
                )
                show_chart(
                    loss_chart(training, text_colour()),
                    alt=tr(
                        "The loss over {steps} steps. At first it is {first:.2f}, at the end {last:.2f}.",
                        steps=training.steps[-1],
                        first=training.losses[0],
                        last=training.losses[-1],
                    ),
                )


def _report(result: Result) -> str:
    return tr(
        "I trained a network with the learning rate {rate:g}. It reads {accuracy:.1%} of the validation images.",
        rate=result.measured.get("rate", 0),
        accuracy=result.measured.get("accuracy", 0),
    )


LESSON = Lesson(
    "learning",
    Message("Learning, step by step"),
    Message("Training walks downhill, and its steps must be neither too small nor too large."),
    ":material/stairs:",
    _OPTIONS,
    _show,
    _report,
)
