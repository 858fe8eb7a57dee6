"""Lesson 5: memorising is not learning."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.config import AugmentationConfig
from core.data.augmentation import augment
from core.data.datasets import Dataset, dataset_version
from core.lessons.learner import BATCH, Training, first_images, train
from core.lessons.results import Result
from dashboard.lessons.charts import accuracy_chart
from dashboard.lessons.lesson import Lesson, ask, finish, to_do
from dashboard.lessons.material import images
from dashboard.parts.digit_grid import digit_grid
from dashboard.parts.glossary import term, text_with_terms
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, metric_tile
from dashboard.parts.theme import text_colour
from dashboard.session.state import workspace

_FEW = 100
_COUNTS = (100, 300, 1000)
_RATE = 0.1
_STEPS = 1500
_GOAL = 0.85
"""Validation accuracy to reach; 100 images reach it neither with augmentation nor without."""

_AUGMENTATION = AugmentationConfig(rotation=12, shift=0.08, zoom=0.1, elastic=1)
_RANGES = {"poor": (0.0, 0.3), "half": (0.3, 0.8), "good": (0.8, 1.01)}
_OPTIONS = {"poor": "At most 3 in 10", "half": "Between 3 and 8 in 10", "good": "At least 8 in 10"}


def _show() -> None:
    text_with_terms(
        f"A network learns from its {term('training set')}. Whether it has understood anything shows only on images "
        f"that it has never seen: the {term('validation')} images. A network that does well on the first but not on "
        f"the second has learned by heart. That is {term('overfitting')}."
    )
    guess = ask(
        "memorising",
        f"A network learns {_FEW} images until it knows every one of them. How many new images will it then read?",
        _OPTIONS,
    )
    if guess is None:
        return
    data = images()
    few = _train_on(data, _FEW, augmented=False)
    st.markdown(f"A real training on **{_FEW} images**, computed on this machine:")
    _show_training(few)
    st.markdown(
        f"It has seen each image about {_STEPS * BATCH // _FEW} times and knows it by heart. "
        "New handwriting is another matter."
    )
    text_with_terms(
        f"**Now do better.** There are two remedies: more images, and {term('augmentation')}, which shows every image "
        f"a little changed each time. Reach at least **{_GOAL:.0%}** on the validation images."
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
        count = st.segmented_control("Training images", _COUNTS, default=_FEW, required=True, key="lesson_images")
        augmented = st.toggle("Augmentation", key="lesson_augmentation")
    if augmented:
        _show_augmented(data)
    if count == _FEW and not augmented:
        to_do("Choose more images, or turn augmentation on.")
        return
    own = _train_on(data, count, augmented=augmented)
    _show_training(own)
    if own.validation[-1] < _GOAL:
        to_do(f"It reads {own.validation[-1]:.0%} of the new images. More is needed.")
        return
    low, high = _RANGES[guess]
    verdict = "You guessed it." if low <= few.validation[-1] < high else "Your guess was different."
    finish(
        "memorising",
        guess,
        f"With {_FEW} images learned by heart, it read {few.validation[-1]:.0%} of the new ones. {verdict} Now it "
        f"reads {own.validation[-1]:.0%}.",
        few_train=few.train[-1],
        few=few.validation[-1],
        better=own.validation[-1],
        images=count,
    )


def _show_augmented(data: Dataset) -> None:
    first = np.repeat(data.train.images[:1], 8, axis=0)
    digit_grid(
        augment(first, _AUGMENTATION, np.random.default_rng(0)),
        key="lesson_augmented",
        titles=["The same image, changed"] * len(first),
        tile=72,
        clickable=False,
    )
    st.caption("One training image, as the network sees it in eight different steps.")


def _show_training(training: Training) -> None:
    numbers, curve = st.columns([1, 1.6], gap="large")
    with numbers, st.grid(2, min_column_width=MIN_TILE_WIDTH):
        metric_tile("Training images", f"{training.train[-1]:.0%}", "read correctly")
        metric_tile("New images", f"{training.validation[-1]:.0%}", "read correctly")
    with curve:
        st.altair_chart(
            accuracy_chart(training, text_colour()),
            width="stretch",
            alt=f"The accuracy over {training.steps[-1]} steps. At the end it is {training.train[-1]:.0%} on the "
            f"training images and {training.validation[-1]:.0%} on new images.",
        )


def _train_on(data: Dataset, count: int, *, augmented: bool) -> Training:
    """Return the training on the first images, which takes up to two seconds the first time."""
    return _cached(data.id, dataset_version(data.id, workspace()), count, augmented, data)


@st.cache_data(show_spinner="Training…", max_entries=20)
def _cached(dataset: str, version: str, count: int, augmented: bool, _data: Dataset) -> Training:  # noqa: ARG001
    return train(
        first_images(_data.train, count),
        _data.validation,
        learning_rate=_RATE,
        steps=_STEPS,
        augmentation=_AUGMENTATION if augmented else None,
    )


def _report(result: Result) -> str:
    return (
        f"A network that knew {_FEW} images by heart read {result.measured.get('few', 0):.0%} of new ones. With "
        f"{result.measured.get('images', 0):,.0f} images, I brought it to {result.measured.get('better', 0):.0%}."
    )


LESSON = Lesson(
    "memorising",
    "Memorising is not learning",
    "A network can know its images by heart and still fail on new ones.",
    ":material/psychology:",
    _OPTIONS,
    _show,
    _report,
)
