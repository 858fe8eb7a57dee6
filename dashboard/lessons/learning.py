"""Lesson 4: learning, and how far to step."""

from __future__ import annotations

import streamlit as st

from core.data.datasets import Dataset, dataset_version
from core.lessons.learner import Training, first_images, train
from core.lessons.results import Result
from dashboard.lessons.charts import loss_chart
from dashboard.lessons.lesson import Lesson, ask, finish, to_do
from dashboard.lessons.material import images
from dashboard.parts.glossary import term, text_with_terms
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, metric_tile
from dashboard.parts.theme import text_colour
from dashboard.session.state import workspace

_RATES = {"small": 0.0005, "middle": 0.05, "large": 5.0}
_OPTIONS = {"small": "0.0005", "middle": "0.05", "large": "5"}
_IMAGES = 5000
_STEPS = 400
_OWN_RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
_GOAL = 0.8
"""Validation accuracy that three of the rates reach, and the others do not."""


def _show() -> None:
    text_with_terms(
        f"A network starts with random {term('weight', 'weights')} and answers at random. Training then moves all "
        f"weights a little, again and again, so that the {term('loss')} falls. The {term('learning rate')} says how "
        "far they move in one step."
    )
    guess = ask("learning", "Three networks start the same. With which learning rate does one learn best?", _OPTIONS)
    if guess is None:
        return
    data = images()
    st.markdown(
        f"These are **three real trainings**, computed on this machine: {_STEPS} steps each, on "
        f"{min(_IMAGES, len(data.train)):,} handwritten digits."
    )
    trainings = {name: train_at(data, rate) for name, rate in _RATES.items()}
    _show_trainings({f"{_RATES[name]:g}": training for name, training in trainings.items()})
    best = max(trainings, key=lambda name: trainings[name].validation[-1])
    st.markdown("Steps that are too small hardly get anywhere. Steps that are too large jump over the goal each time.")
    st.markdown(f"**Now you.** Find a learning rate that reads at least **{_GOAL:.0%}** of the validation images.")
    rate = st.select_slider(
        "Your learning rate", _OWN_RATES, value=_OWN_RATES[0], format_func=lambda value: f"{value:g}", key="own_rate"
    )
    own = train_at(data, rate)
    _show_trainings({f"{rate:g}": own})
    if own.validation[-1] < _GOAL:
        to_do(f"With {rate:g}, it reads {own.validation[-1]:.0%}. Try another learning rate.")
    else:
        finish(
            "learning",
            guess,
            f"With {rate:g}, it reads {own.validation[-1]:.1%} of images that it never learned from. "
            + (
                "You guessed the best of the three."
                if guess == best
                else f"The best of the three was {_OPTIONS[best]}."
            ),
            rate=rate,
            accuracy=own.validation[-1],
        )


def train_at(data: Dataset, rate: float) -> Training:
    """Return the training with a learning rate, which takes about half a second the first time."""
    return _train_at(data.id, dataset_version(data.id, workspace()), rate, data)


@st.cache_data(show_spinner="Training…", max_entries=40)
def _train_at(dataset: str, version: str, rate: float, _data: Dataset) -> Training:  # noqa: ARG001
    return train(first_images(_data.train, _IMAGES), _data.validation, learning_rate=rate, steps=_STEPS)


def _show_trainings(trainings: dict[str, Training]) -> None:
    with st.grid(3, min_column_width=MIN_TILE_WIDTH + 60):
        for name, training in trainings.items():
            with st.container():
                metric_tile(
                    f"Learning rate {name}", f"{training.validation[-1]:.1%}", "of the validation images read correctly"
                )
                st.altair_chart(
                    loss_chart(training, text_colour()),
                    width="stretch",
                    alt=f"The loss over {training.steps[-1]} steps. At first it is {training.losses[0]:.2f}, at the "
                    f"end {training.losses[-1]:.2f}.",
                )


def _report(result: Result) -> str:
    return (
        f"I trained a network with the learning rate {result.measured.get('rate', 0):g}. It reads "
        f"{result.measured.get('accuracy', 0):.1%} of the validation images."
    )


LESSON = Lesson(
    "learning",
    "Learning, step by step",
    "Training walks downhill, and its steps must be neither too small nor too large.",
    ":material/stairs:",
    _OPTIONS,
    _show,
    _report,
)
