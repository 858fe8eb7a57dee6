"""A run's progress, outcome, start and end, and the machine that trained it."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import pandas as pd
import streamlit as st

from core.classifier.bundle import Card
from core.errors import RunError
from core.language import Message, ntr, number, tr
from core.runs.run import Run
from core.runs.status import Start, Status
from dashboard.parts.component import text_component
from dashboard.parts.dates import LONG, date_text
from dashboard.parts.metric_tiles import MIN_TILE_WIDTH, metric_tile
from dashboard.parts.units import duration
from dashboard.session.markdown import plain
from dashboard.session.permission import safe_text

_COMPONENT_TITLES: dict[str, str] = {
    "machine": Message("Machine"),
    "python": "Python",
    "tensorflow": "TensorFlow",
    "keras": "Keras",
    "numpy": "NumPy",
    "ai-edge-litert": "LiteRT",
}


_START_TITLES: dict[Start, Message] = {
    "python": Message("Starting Python"),
    "tensorflow": Message("Loading TensorFlow"),
    "images": Message("Preparing images"),
    "network": Message("Compiling"),
    "step": Message("First step"),
}

_start_steps = text_component("start_steps", "ol")


def show_progress(run: Run, status: Status) -> None:
    """Show the progress, speed and accuracy of a run in progress, or the message of a queued run.

    Once the trained network has been evaluated, show its test accuracy instead of the speed.
    """
    _show_position(run, status)
    if status.state == "queued":
        return
    rate = status.images_per_second
    steps = history = pd.DataFrame()
    may_end_early = False
    with suppress(RunError):  # the page shows the error with the curves
        history = run.history()
        steps = run.steps()
        may_end_early = run.config().patience > 0
    with st.grid(4, min_column_width=MIN_TILE_WIDTH):
        if status.test_accuracy is not None:
            metric_tile(tr("Test accuracy"), number(status.test_accuracy, ".2%"), tr("of the trained network"))
        else:
            _time_left_tile(run, status, may_end_early=may_end_early)
            metric_tile(tr("Images per second"), number(rate, ",.0f") if rate else "–", tr("during training"))
        for label, column in ((tr("Training accuracy"), "accuracy"), (tr("Validation accuracy"), "val_accuracy")):
            metric_tile(label, *latest_value(steps, history, column))


def _time_left_tile(run: Run, status: Status, *, may_end_early: bool) -> None:
    if run.stop_requested:
        metric_tile(tr("Time left"), "–", tr("the run is stopping"))
        return
    metric_tile(
        tr("Time left"),
        tr("Estimating") if status.seconds_left is None else duration(status.seconds_left),
        tr("for all epochs"),
        tr("Training may end earlier if the validation accuracy stops improving.") if may_end_early else None,
    )


def latest_value(steps: pd.DataFrame, history: pd.DataFrame, column: str) -> tuple[str, str]:
    """Return the latest accuracy, measured during an epoch or at its end, and the time of the measurement, in words.

    `steps` and `history`: the run's tables.
    """
    recent = steps.dropna(subset=[column]) if len(steps) else steps
    if len(history) and not (len(recent) and recent["step"].iloc[-1] > history["step"].iloc[-1]):
        epoch = int(history["epoch"].iloc[-1])
        return number(history[column].iloc[-1], ".2%"), tr("after epoch {epoch}", epoch=epoch)
    if len(recent):
        step = int(recent["step"].iloc[-1])
        return number(recent[column].iloc[-1], ".1%"), tr("at step {step:,}", step=step)
    return "–", tr("after a few steps")


def _show_position(run: Run, status: Status) -> None:
    """Show what a new process does before its first step, and a progress bar from then on."""
    if status.start:
        detail = tr(status.message).removesuffix(".") if status.start == "images" else ""
        _start_steps(
            key=f"start_steps_{run.id}",
            data={
                "steps": list(map(tr, _START_TITLES.values())),
                "current": list(_START_TITLES).index(status.start),
                # Drawing synthetic digits takes long enough to need a progress display.
                "detail": detail,
            },
        )
        return
    in_epoch = status.phase in ("training", "validating") and status.epoch
    st.progress(status.progress, position(status) if in_epoch else safe_text(status.message))


def position(status: Status) -> str:
    """Return the position of a run in words: the step in its epoch, or the completed epochs if it is between two."""
    if status.epochs_done == status.epoch:
        if status.phase == "validating":
            return ntr(
                "{epoch} of {count:,} epoch completed; measuring the validation accuracy",
                "{epoch} of {count:,} epochs completed; measuring the validation accuracy",
                status.epochs,
                epoch=status.epoch,
            )
        return ntr(
            "{epoch} of {count:,} epoch completed",
            "{epoch} of {count:,} epochs completed",
            status.epochs,
            epoch=status.epoch,
        )
    return tr(
        "Epoch {epoch} of {epochs}, step {step:,} of {steps:,}",
        epoch=status.epoch,
        epochs=status.epochs,
        step=status.step,
        steps=status.steps,
    )


def stopping_point(status: Status) -> str:
    """Return a sentence about the completed epochs of a run and the step, if any, at which the next epoch stopped."""
    if status.epochs_done == status.epoch:
        return ntr(
            "{done} of {count:,} epoch completed.",
            "{done} of {count:,} epochs completed.",
            status.epochs,
            done=status.epochs_done,
        )
    return ntr(
        "{done} of {count:,} epoch completed; epoch {epoch} stopped at step {step:,} of {steps:,}.",
        "{done} of {count:,} epochs completed; epoch {epoch} stopped at step {step:,} of {steps:,}.",
        status.epochs,
        done=status.epochs_done,
        epoch=status.epoch,
        step=status.step,
        steps=status.steps,
    )


def show_outcome(status: Status) -> None:
    """Show the message of a run that failed, was interrupted or was stopped, and the point at which it stopped."""
    if status.state == "failed":
        st.error(safe_text(status.message), icon=":material/error:")
    elif status.state == "interrupted":
        st.warning(safe_text(status.message), icon=":material/power_off:")
    elif status.state == "stopped":
        st.caption(f"{safe_text(status.message)} {stopping_point(status) if status.epoch else ''}".strip())


def start_and_end(status: Status) -> list[str]:
    """Return the times at which the run started and ended, in the time zone of this machine."""
    times = []
    if status.started is not None:
        times.append(tr("started {time}", time=_format_time(status.started)))
    if status.has_ended and status.ended is not None:
        times.append(tr("ended {time}", time=_format_time(status.ended)))
    return times


def _format_time(timestamp: float) -> str:
    return date_text(datetime.fromtimestamp(timestamp).astimezone(), "d MMM y, HH:mm:ss")


def machine_and_versions(card: Card) -> None:
    """Show the machine and the software versions that trained a model."""
    created = f"{date_text(card.created, LONG)} {card.created:%Z}"
    with st.expander(tr("Machine and versions"), icon=":material/memory:", key="made_with"):
        st.table(
            pd.DataFrame(
                {tr("Trained with"): [*map(plain, card.versions.values()), created]},
                index=[
                    *(tr(_COMPONENT_TITLES.get(name, plain(name))) for name in card.versions),
                    tr("Model created"),
                ],
            )
        )
