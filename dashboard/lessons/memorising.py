"""Lesson 5: memorising is not learning."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.config import AugmentationConfig
from core.data.augmentation import augment
from core.data.datasets import Dataset, dataset_version
from core.language import Message, number, tr
from core.lessons.learner import BATCH, Training, first_images, train
from core.lessons.results import Result
from dashboard.lessons.charts import accuracy_chart
from dashboard.lessons.lesson import Lesson, ask, finish, to_do, verdict
from dashboard.lessons.material import images
from dashboard.parts.digit_grid import digit_grid
from dashboard.parts.glossary import term, text_with_terms
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, metric_tile
from dashboard.parts.show_chart import show_chart
from dashboard.parts.theme import text_colour
from dashboard.session.language import Spinner
from dashboard.session.state import workspace

_FEW_IMAGES = 100
_COUNTS = (100, 300, 1000)
_RATE = 0.1
_STEPS = 1500
_GOAL = 0.85
"""Validation accuracy to reach; 100 images do not reach it, with or without augmentation."""

_AUGMENTATION = AugmentationConfig(rotation=12, shift=0.08, zoom=0.1, elastic=1)
_RANGES = {"poor": (0.0, 0.3), "half": (0.3, 0.8), "good": (0.8, 1.01)}
_OPTIONS = {
    "poor": Message("At most 3 in 10"),
    "half": Message("Between 3 and 8 in 10"),
    "good": Message("At least 8 in 10"),
}


def _show() -> None:
    text_with_terms(
        tr(
            "A network learns from its {training_set}. Whether it has understood anything shows only on images that "
            "it has never seen: the {validation} images. A network that does well on the first but not on the second "
            "has learned by heart. That is {overfitting}.",
            training_set=term("training set", tr("training set")),
            validation=term("validation", tr("validation")),
            overfitting=term("overfitting", tr("overfitting")),
        )
    )
    question = tr(
        "A network learns {images} images until it knows every one of them. How many new images will it then read "
        "correctly?",
        images=_FEW_IMAGES,
    )
    guess = ask("memorising", question, _OPTIONS)
    if guess is None:
        return
    data = images()
    first_training = _train_on(data, _FEW_IMAGES, augmented=False)
    st.markdown(tr("A real training run on **{images} images**, computed on this machine:", images=_FEW_IMAGES))
    _show_training(first_training)
    st.markdown(
        tr(
            "It has seen each image about {times} times and knows it by heart. New handwriting is another matter.",
            times=_STEPS * BATCH // _FEW_IMAGES,
        )
    )
    text_with_terms(
        tr(
            "**Now do better.** There are two remedies: more images, and {augmentation}, which shows every image a "
            "little changed each time. Reach at least **{goal:.0%}** on the validation images.",
            augmentation=term("augmentation", tr("augmentation")),
            goal=_GOAL,
        )
    )
    _show_own(guess, data, first_training)


def _show_own(guess: str, data: Dataset, first_training: Training) -> None:
    """Let the visitor train with more images or augmentation. `first_training`: the training run on a few images."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
        count = st.segmented_control(
            tr("Training images"), _COUNTS, default=_FEW_IMAGES, required=True, key="lesson_images"
        )
        augmented = st.toggle(tr("Augmentation"), key="lesson_augmentation")
    if augmented:
        _show_augmented(data)
    if count == _FEW_IMAGES and not augmented:
        to_do(tr("Choose more images, or turn augmentation on."))
        return
    own_training = _train_on(data, count, augmented=augmented)
    _show_training(own_training)
    if own_training.validation[-1] < _GOAL:
        to_do(
            tr(
                "It reads {accuracy:.1%} of the new images. That is not enough yet.",
                accuracy=own_training.validation[-1],
            )
        )
        return
    low, high = _RANGES[guess]
    finding = tr(
        "With {images} images learned by heart, it read {accuracy:.0%} of the new ones.",
        images=_FEW_IMAGES,
        accuracy=first_training.validation[-1],
    )
    improvement = tr("Now it reads {accuracy:.0%}.", accuracy=own_training.validation[-1])
    finish(
        "memorising",
        guess,
        f"{finding} {verdict(right=low <= first_training.validation[-1] < high)} {improvement}",
        few_train=first_training.train[-1],
        few=first_training.validation[-1],
        better=own_training.validation[-1],
        images=count,
    )


def _show_augmented(data: Dataset) -> None:
    copies = np.repeat(data.train.images[:1], 8, axis=0)
    digit_grid(
        augment(copies, _AUGMENTATION, np.random.default_rng(0)),
        key="lesson_augmented",
        titles=[tr("The same image, changed")] * len(copies),
        tile=72,
        clickable=False,
    )
    st.caption(tr("One training image, as the network sees it in eight different steps."))


def _show_training(training: Training) -> None:
    numbers, curve = st.columns([1, 1.6], gap="large")
    with numbers, st.grid(2, min_column_width=MIN_TILE_WIDTH):
        metric_tile(tr("Training images"), number(training.train[-1], ".0%"), tr("read correctly"))
        metric_tile(tr("New images"), number(training.validation[-1], ".1%"), tr("read correctly"))
    with curve:
        show_chart(
            accuracy_chart(training, text_colour()),
            alt=tr(
                "The accuracy over {steps} steps. At the end it is {train:.0%} on the training images and "
                "{validation:.0%} on new images.",
                steps=training.steps[-1],
                train=training.train[-1],
                validation=training.validation[-1],
            ),
        )


def _train_on(data: Dataset, count: int, *, augmented: bool) -> Training:
    """Train on the first `count` images; the first time takes up to two seconds."""
    return _cached_training(data.id, dataset_version(data.id, workspace()), count, augmented, data)


@st.cache_data(show_spinner=Spinner(Message("Training…")), max_entries=20)
def _cached_training(dataset: str, version: str, count: int, augmented: bool, _data: Dataset) -> Training:  # noqa: ARG001
    return train(
        first_images(_data.train, count),
        _data.validation,
        learning_rate=_RATE,
        steps=_STEPS,
        augmentation=_AUGMENTATION if augmented else None,
    )


def _report(result: Result) -> str:
    return tr(
        "A network that knew {few_images} images by heart read {few:.0%} of new ones. With {images:,.0f} images, I "
        "brought it to {better:.0%}.",
        few_images=_FEW_IMAGES,
        few=result.measured.get("few", 0),
        images=result.measured.get("images", 0),
        better=result.measured.get("better", 0),
    )


LESSON = Lesson(
    "memorising",
    Message("Memorising is not learning"),
    Message("A network can know its images by heart and still fail on new ones."),
    ":material/psychology:",
    _OPTIONS,
    _show,
    _report,
)
