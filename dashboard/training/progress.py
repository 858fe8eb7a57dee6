"""The state of a run: its progress, its end, its times, and the machine it ran on."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import pandas as pd
import streamlit as st

from core.classifier.bundle import Card
from core.errors import RunError
from core.runs.run import Run
from core.runs.status import Status
from dashboard.parts.figures import FIGURE_WIDTH, figure
from dashboard.parts.units import duration
from dashboard.session.markdown import plain
from dashboard.session.permission import safe_text

_PARTS = {
    "machine": "Machine",
    "python": "Python",
    "tensorflow": "TensorFlow",
    "keras": "Keras",
    "numpy": "NumPy",
    "ai-edge-litert": "LiteRT",
}


def at_work(run: Run, status: Status) -> None:
    """The progress, the speed and the last complete epoch of a running training; for a queued one, only its message."""
    where = f"Epoch {status.epoch} of {status.epochs}, step {status.step:,} of {status.steps:,}"
    in_epoch = status.phase in ("training", "validating") and status.epoch
    st.progress(status.progress, where if in_epoch else safe_text(status.message))
    if status.state == "queued":
        return
    history, rate, patient = pd.DataFrame(), status.images_per_second, False
    with suppress(RunError):  # shown with the curves
        history, patient = run.history(), run.config().patience > 0
    with st.grid(4, min_column_width=FIGURE_WIDTH):
        figure(
            "Time left",
            duration(status.seconds_left),
            "for all epochs",
            "Training may end earlier, if the validation accuracy stops improving." if patient else None,
        )
        figure("Images per second", f"{rate:,.0f}" if rate else "–", "in training")
        for label, column in (("Training accuracy", "accuracy"), ("Validation accuracy", "val_accuracy")):
            if len(history):
                figure(label, f"{history[column].iloc[-1]:.2%}", f"after epoch {len(history)}")
            else:
                figure(label, "–", "after epoch 1")


def ending(status: Status) -> None:
    """The message of a run that failed, was interrupted or was stopped."""
    if status.state == "failed":
        st.error(safe_text(status.message), icon=":material/error:")
    elif status.state == "interrupted":
        st.warning(safe_text(status.message), icon=":material/power_off:")
    elif status.state == "stopped":
        st.caption(safe_text(status.message))


def times(status: Status) -> list[str]:
    """Return when it started and ended, in the time zone of this machine."""
    moments = {"started": status.started, "ended": status.ended if status.over else None}
    return [f"{what} {_clock(moment)}" for what, moment in moments.items() if moment is not None]


def _clock(moment: float) -> str:
    time = datetime.fromtimestamp(moment).astimezone()
    return f"{time.day} {time:%b %Y, %H:%M:%S}"


def made_with(card: Card) -> None:
    """The machine and the software versions that trained a model."""
    with st.expander("Machine and versions", icon=":material/memory:", key="made_with"):
        st.table(
            pd.DataFrame(
                {"Made with": [*map(plain, card.versions.values()), f"{card.created:%d %B %Y, %H:%M %Z}"]},
                index=[*(_PARTS.get(name, plain(name)) for name in card.versions), "Model created"],
            )
        )
