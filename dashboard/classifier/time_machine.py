"""The time machine: a network's predictions on the validation split after each epoch."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.classifier.bundle import Bundle
from core.classifier.learning import (
    NEVER,
    EpochPredictions,
    class_accuracies,
    first_learned,
    forgetting_events,
    forgotten_since,
    learned_since,
)
from core.data.datasets import Split
from core.errors import BundleError, TrazoError
from core.runs.run import Run
from dashboard.classifier.test_images import available_images, cell_heading
from dashboard.parts import charts
from dashboard.parts.digit_grid import digit_grid
from dashboard.parts.figures import FIGURE_WIDTH, figure
from dashboard.parts.theme import text_colour
from dashboard.session import address, cache
from dashboard.session.permission import safe_text

SHOWN = 48


def expander(run: Run, dataset: str) -> None:
    """The time machine on the page of a run, once an epoch has ended; read when it is opened."""
    if run.epoch_predictions_file.exists():
        with st.expander("Time machine", icon=":material/history:", key="time_machine", on_change="rerun") as machine:
            if machine.open:
                show(run, run.id, dataset)


@st.fragment
def show(source: Run | Bundle, name: str, dataset: str) -> None:
    """A slider over the epochs, the confusion matrix of each, and the images learned and forgotten in it.

    `name`: id of the run or name of the model. `dataset`: id of its training data.
    """
    try:
        answers = cache.answers(source)
    except TrazoError as error:
        st.warning(safe_text(error), icon=":material/warning:")
        return
    if answers is None or not len(answers):
        st.info(
            "The predictions after each epoch were not recorded for this model.",
            icon=":material/history_toggle_off:",
        )
        return
    st.markdown(
        "After each epoch the network classifies the validation split, on which it is never trained. "
        "**Move the slider** to see its predictions at that time. Click a cell of the matrix to see its images."
    )
    position = _choose_epoch(name, answers)
    images = available_images(dataset, "validation", answers.labels, _fingerprint(source))
    _figures(answers, position)
    _matrix(name, answers, position, images)
    _stories(name, answers, position, images)


def _choose_epoch(name: str, answers: EpochPredictions) -> int:
    """Let the visitor choose an epoch, the last one at first; return its position. The page's address keeps it."""
    epochs = [int(epoch) for epoch in answers.epochs]
    if len(epochs) == 1:
        st.caption(f"Only epoch {epochs[0]} so far.")
        return 0
    # During training, a slider at the last epoch follows to the next one, and a slider elsewhere stays.
    key = f"epoch_{name}_{epochs[-1]}"
    if key not in st.session_state:
        asked = address.value("epoch")
        st.session_state[key] = next((epoch for epoch in epochs if str(epoch) == asked), epochs[-1])
    chosen = st.select_slider("Epoch", epochs, key=key)
    address.keep(epoch=str(chosen) if chosen != epochs[-1] else None)
    return epochs.index(chosen)


def _fingerprint(source: Run | Bundle) -> str | None:
    """Return the fingerprint of the model's data; None without a card, as before the end of training."""
    bundle = source.bundle if isinstance(source, Run) else source
    try:
        return cache.card(bundle).data.fingerprint
    except BundleError:
        return None


def _figures(answers: EpochPredictions, position: int) -> None:
    right = answers.correct
    accuracy, before = right[position].mean(), right[position - 1].mean() if position else None
    change = 0.0 if before is None else (accuracy - before) * 100
    first = "in the first epoch" if answers.epochs[0] == 1 else f"by epoch {answers.epochs[0]}, the first recorded"
    since = f"since epoch {answers.epochs[position - 1]}" if position else first
    with st.grid(4, min_column_width=FIGURE_WIDTH):
        st.metric(
            "Validation accuracy",
            f"{accuracy:.2%}",
            None if before is None else f"{change:+.2f} points",
            delta_color="normal" if change else "off",
            delta_arrow="auto" if change else "off",
            delta_description=since if before is None else None,
            help=f"The change is that {since}." if before is not None else None,
            border=True,
            height="stretch",
        )
        for label, value, note, explanation in (
            ("Mistakes", (~right[position]).sum(), f"of {len(answers.labels):,} images", None),
            (
                "Learned",
                len(learned_since(answers, position)),
                since,
                "Images that are correct now and were wrong one epoch before. After the first epoch: all correct ones.",
            ),
            (
                "Forgotten",
                len(forgotten_since(answers, position)),
                since,
                "Images that are wrong now and were correct one epoch before.",
            ),
        ):
            figure(label, f"{value:,}", note, explanation)


def _matrix(name: str, answers: EpochPredictions, position: int, images: Split | None) -> None:
    """The confusion matrix of one epoch, the accuracy of each digit, and the images of the selected cell."""
    left, right = st.columns([1.15, 1])
    with left:
        event = st.altair_chart(
            charts.confusion_heatmap(answers.matrix(position), shares=False, text_colour=text_colour()),
            width="stretch",
            on_select="rerun",
            selection_mode=["cell"],
            key=f"epoch_matrix_{name}",
        )
    with right:
        st.altair_chart(
            charts.digit_accuracies(class_accuracies(answers), position, text_colour()),
            width="stretch",
            alt="Accuracy of each digit in this epoch",
        )
        st.caption("Dots: this epoch. Rings: the epoch before. Bars: lowest to highest over all epochs.")
        picked = event.selection.get("cell") or []
        if picked:
            _cell(answers, position, images, int(picked[0]["true"]), int(picked[0]["predicted"]))


def _cell(answers: EpochPredictions, position: int, images: Split | None, true: int, predicted: int) -> None:
    members = answers.cell_members(position, true, predicted)
    cell_heading(true, predicted, len(members), f" after epoch {answers.epochs[position]}")
    if images is not None and len(members):
        _grid(answers, images, members, f"epoch_cell_{true}_{predicted}", [""] * len(members), tile=56)


def _stories(name: str, answers: EpochPredictions, position: int, images: Split | None) -> None:
    """Images that were learned or forgotten, in the whole run and in the chosen epoch."""
    st.subheader("Learned and forgotten", anchor=False)
    learned, events = first_learned(answers), forgetting_events(answers)
    epoch = answers.epochs[position]
    known, forgotten = np.flatnonzero(learned != NEVER), np.flatnonzero(events)
    first = answers.epochs[0]
    stories = {
        "Learned first": (
            np.flatnonzero(learned == first),
            f"correct after epoch {first} and ever since",
        ),
        "Learned last": (
            known[np.argsort(-learned[known], kind="stable")],
            "correct at the end; those that became correct last come first",
        ),
        "Forgotten": (
            forgotten[np.argsort(-events[forgotten], kind="stable")],
            "correct once and wrong later; the most often forgotten come first "
            "([Toneva et al., 2019](https://arxiv.org/abs/1812.05159))",
        ),
        "Never learned": (np.flatnonzero(learned == NEVER), "wrong at the end"),
        "Learned in this epoch": (learned_since(answers, position), f"correct after epoch {epoch}, wrong before"),
        "Forgotten in this epoch": (forgotten_since(answers, position), f"wrong after epoch {epoch}, correct before"),
    }
    story = st.segmented_control(
        "Which images",
        list(stories),
        default="Forgotten",
        required=True,
        key=f"story_{name}",
        label_visibility="collapsed",
    )
    members, meaning = stories[story]
    part = f", the first {SHOWN} shown" if len(members) > SHOWN else ""
    st.caption(f"{len(members):,} of {len(answers.labels):,} images{part}: {meaning}.")
    if images is not None and len(members):
        captions = [_story_caption(answers, learned, events, index) for index in members[:SHOWN]]
        _grid(answers, images, members, f"story_grid_{story}", captions, tile=112)


def _story_caption(answers: EpochPredictions, learned: np.ndarray, events: np.ndarray, index: int) -> str:
    """Return an image's label, since when it is correct or its last prediction, and how often it was forgotten."""
    end = (
        f"predicted {answers.predictions[-1, index]}"
        if learned[index] == NEVER
        else f"correct from epoch {learned[index]}"
    )
    lapses = f"\nforgotten {events[index]}\N{MULTIPLICATION SIGN}" if events[index] else ""
    return f"{answers.labels[index]}: {end}{lapses}"


def _grid(
    answers: EpochPredictions, images: Split, members: np.ndarray, key: str, captions: list[str], *, tile: int
) -> None:
    shown = members[:SHOWN]
    digit_grid(
        images.images[shown],
        key=key,
        captions=captions[:SHOWN],
        titles=[
            f"validation image {index}, label {answers.labels[index]}; predicted "
            + " ".join(str(predicted) for predicted in answers.predictions[:, index])
            for index in shown
        ],
        tile=tile,
        clickable=False,
    )
