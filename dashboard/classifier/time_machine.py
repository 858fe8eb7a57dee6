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
    forgotten_in_epoch,
    learned_in_epoch,
)
from core.errors import BundleError, TrazoError
from core.language import Message, number, tr
from core.runs.run import Run
from dashboard.classifier.cell_box import choose_cell
from dashboard.classifier.test_images import available_images, cell_heading
from dashboard.parts import charts
from dashboard.parts.chart_text import by_digit, confusions_text
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, metric_tile
from dashboard.parts.sample_grid import Samples, sample_grid
from dashboard.parts.show_chart import show_chart
from dashboard.parts.theme import text_colour
from dashboard.session import address, cache
from dashboard.session.permission import safe_text

MAX_SHOWN = 48
_FORGOTTEN = Message("Forgotten")


def expander(run: Run, dataset: str) -> None:
    """Show the time machine in an expander once an epoch is complete; read its file only while the expander is open."""
    if run.epoch_predictions_file.exists():
        machine = st.expander(tr("Time machine"), icon=":material/history:", key="time_machine", on_change="rerun")
        with machine:
            if machine.open:
                show(run, run.id, dataset)


@st.fragment
def show(source: Run | Bundle, name: str, dataset: str) -> None:
    """Show a slider over the epochs, and the confusion matrix and the learned and forgotten images of the chosen epoch.

    `name`: id of the run or name of the model. `dataset`: id of its training data.
    """
    try:
        recorded = cache.epoch_predictions(source)
    except TrazoError as error:
        st.warning(safe_text(error), icon=":material/warning:")
        return
    if recorded is None or not len(recorded):
        st.info(
            tr("The predictions after each epoch were not recorded for this model."),
            icon=":material/history_toggle_off:",
        )
        return
    st.markdown(
        tr(
            "After each epoch, the network classifies the validation split, which it never trains on. "
            "**Move the slider** to see the predictions after an epoch."
        )
    )
    index = _choose_epoch(name, recorded)
    images = available_images(dataset, "validation", recorded.labels, _fingerprint(source))
    samples = None if images is None else Samples(images.images, "validation", dataset, name)
    _metrics(recorded, index)
    _matrix(name, recorded, index, samples)
    _learned_and_forgotten(name, recorded, index, samples)


def _choose_epoch(name: str, recorded: EpochPredictions) -> int:
    """Let the visitor choose an epoch, by default the last one; write the choice to the URL and return its index."""
    epochs = [int(epoch) for epoch in recorded.epochs]
    if len(epochs) == 1:
        st.caption(tr("The predictions after epoch {epoch}, the only one recorded.", epoch=epochs[0]))
        return 0
    # During training, a slider at the last epoch follows each new epoch, and a slider at another epoch stays there.
    key = f"epoch_{name}_{epochs[-1]}"
    if key not in st.session_state:
        requested = address.value("epoch")
        st.session_state[key] = next((epoch for epoch in epochs if str(epoch) == requested), epochs[-1])
    chosen = st.select_slider(tr("Epoch"), epochs, key=key)
    address.keep(epoch=str(chosen) if chosen != epochs[-1] else None)
    return epochs.index(chosen)


def _fingerprint(source: Run | Bundle) -> str | None:
    """Return the fingerprint of the model's data, or None before the end of training, when the card is written."""
    bundle = source.bundle if isinstance(source, Run) else source
    try:
        return cache.card(bundle).data.fingerprint
    except BundleError:
        return None


def _metrics(recorded: EpochPredictions, index: int) -> None:
    """Show the accuracy and the numbers of mistakes, learned images and forgotten images in one epoch."""
    period = _period(recorded, index)
    mistakes = ~recorded.correct[index]
    with st.grid(4, min_column_width=MIN_TILE_WIDTH):
        _accuracy_metric(recorded, index, period)
        for label, value, note, explanation in (
            (tr("Mistakes"), mistakes.sum(), tr("of {count:,} images", count=len(recorded.labels)), None),
            (
                tr("Learned"),
                len(learned_in_epoch(recorded, index)),
                tr(period),
                tr("Images that are classified correctly now but were not one epoch earlier."),
            ),
            (
                tr(_FORGOTTEN),
                len(forgotten_in_epoch(recorded, index)),
                tr(period),
                tr("Images that were classified correctly one epoch earlier but are not now."),
            ),
        ):
            metric_tile(label, number(value, ","), note, explanation)


def _period(recorded: EpochPredictions, index: int) -> Message:
    """Return the period in which the images of one epoch were learned, such as "since epoch 3"."""
    if index:
        return Message("since epoch {epoch}", epoch=int(recorded.epochs[index - 1]))
    first = int(recorded.epochs[0])
    return Message("in the first epoch") if first == 1 else Message("by epoch {epoch}, the first recorded", epoch=first)


def _accuracy_metric(recorded: EpochPredictions, index: int, period: Message) -> None:
    """Show the accuracy after one epoch, with its change since the previous epoch."""
    accuracy = recorded.correct[index].mean()
    if not index:
        metric_tile(tr("Validation accuracy"), number(accuracy, ".2%"), tr(period))
        return
    change = (accuracy - recorded.correct[index - 1].mean()) * 100
    st.metric(
        tr("Validation accuracy"),
        number(accuracy, ".2%"),
        tr("{change:+.2f} points", change=change),
        delta_color="normal" if change else "off",
        delta_arrow="auto" if change else "off",
        help=tr("Change {period}, in percentage points.", period=period),
        height="stretch",
    )


def _matrix(name: str, recorded: EpochPredictions, index: int, samples: Samples | None) -> None:
    """Show the confusion matrix of one epoch, the accuracy of each digit, and the images of the selected cell."""
    matrix = recorded.matrix(index)
    left, right = st.columns([1.15, 1])
    with left:
        event = show_chart(
            charts.confusion_heatmap(matrix, percentages=False, text_colour=text_colour()),
            on_select="rerun",
            selection_mode=["cell"],
            key=f"epoch_matrix_{name}",
            alt=confusions_text(matrix),
        )
    with right:
        accuracies = class_accuracies(recorded)
        numbers = by_digit([number(accuracy, ".1%") for accuracy in accuracies[index]])
        show_chart(
            charts.digit_accuracies(accuracies, index, text_colour()),
            alt=tr("Accuracy of each digit in this epoch: {numbers}.", numbers=numbers),
        )
        legend = [tr("Dots: this epoch. Rings: the previous epoch. Bars: lowest to highest over all epochs.")]
        if samples is not None:
            legend.append(tr("Click a cell of the matrix to see its images."))
        st.caption(" ".join(legend))
        selected = choose_cell(event, matrix, f"epoch_cell_{name}")
        if selected is not None:
            _cell(recorded, index, samples, *selected)


def _cell(recorded: EpochPredictions, index: int, samples: Samples | None, true: int, predicted: int) -> None:
    """Show the images in one cell of the confusion matrix."""
    members = recorded.cell_members(index, true, predicted)
    cell_heading(true, predicted, len(members), int(recorded.epochs[index]))
    if samples is not None and len(members):
        _grid(recorded, samples, members, f"epoch_cell_{true}_{predicted}", [""] * len(members), tile=56)


def _learned_and_forgotten(name: str, recorded: EpochPredictions, index: int, samples: Samples | None) -> None:
    """Show the images that were learned or forgotten during the run or in the chosen epoch."""
    st.subheader(tr("Learned and forgotten"), anchor=False)
    learned_epochs, events = first_learned(recorded), forgetting_events(recorded)
    groups = _groups(recorded, index, learned_epochs, events)
    group = st.segmented_control(
        tr("Images"),
        list(groups),
        default=_FORGOTTEN,
        format_func=tr,
        required=True,
        key=f"story_{name}",
        label_visibility="collapsed",
    )
    members, description = groups[group]
    values = {"count": len(members), "total": len(recorded.labels), "description": description}
    if samples is not None and len(members) > MAX_SHOWN:
        sentence = Message("{count:,} of {total:,} images, the first {shown} shown: {description}.")
        st.caption(tr(sentence, shown=MAX_SHOWN, **values))
    else:
        st.caption(tr("{count:,} of {total:,} images: {description}.", **values))
    if samples is not None and len(members):
        captions = [_caption(recorded, learned_epochs, events, image) for image in members[:MAX_SHOWN]]
        _grid(recorded, samples, members, f"story_grid_{group}", captions, tile=112)


def _groups(
    recorded: EpochPredictions, index: int, learned_epochs: np.ndarray, events: np.ndarray
) -> dict[Message, tuple[np.ndarray, Message]]:
    """Map the label of each group to its image indices and description."""
    first, epoch = int(recorded.epochs[0]), int(recorded.epochs[index])
    learned = np.flatnonzero(learned_epochs != NEVER)
    forgotten = np.flatnonzero(events)
    return {
        Message("Learned first"): (
            np.flatnonzero(learned_epochs == first),
            Message("correct after epoch {epoch} and ever since", epoch=first),
        ),
        Message("Learned, latest first"): (
            learned[np.argsort(-learned_epochs[learned], kind="stable")],
            Message("correct at the end, the most recently learned first"),
        ),
        _FORGOTTEN: (
            forgotten[np.argsort(-events[forgotten], kind="stable")],
            Message(
                "correct at some point, then wrong; the most frequently forgotten first "
                "([Toneva et al., 2019](https://arxiv.org/abs/1812.05159))"
            ),
        ),
        Message("Wrong at the end"): (
            np.flatnonzero(learned_epochs == NEVER),
            Message("wrong after the last epoch"),
        ),
        Message("Learned in this epoch"): (
            learned_in_epoch(recorded, index),
            Message("correct after epoch {epoch}, wrong before", epoch=epoch),
        ),
        Message("Forgotten in this epoch"): (
            forgotten_in_epoch(recorded, index),
            Message("wrong after epoch {epoch}, correct before", epoch=epoch),
        ),
    }


def _caption(recorded: EpochPredictions, learned_epochs: np.ndarray, events: np.ndarray, image: int) -> str:
    """Return the label, the epoch in which the image was learned (or the last prediction), and how often it was
    forgotten.
    """
    if learned_epochs[image] == NEVER:
        outcome = tr(
            "{label}: predicted {predicted}",
            label=recorded.labels[image],
            predicted=recorded.predictions[-1, image],
        )
    else:
        outcome = tr("{label}: correct since epoch {epoch}", label=recorded.labels[image], epoch=learned_epochs[image])
    if not events[image]:
        return outcome
    return "\n".join([outcome, tr("forgotten {times}×", times=events[image])])


def _grid(
    recorded: EpochPredictions, samples: Samples, members: np.ndarray, key: str, captions: list[str], *, tile: int
) -> None:
    shown = members[:MAX_SHOWN]
    sample_grid(
        samples,
        shown,
        key=key,
        captions=captions[:MAX_SHOWN],
        titles=[
            tr(
                "validation image {index}, label {label}; predicted {predictions}",
                index=image,
                label=recorded.labels[image],
                predictions=" ".join(str(predicted) for predicted in recorded.predictions[:, image]),
            )
            for image in shown
        ],
        tile=tile,
    )
