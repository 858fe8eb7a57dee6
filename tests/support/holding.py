"""Workers that stand still in a phase of their training, for a test to kill them just there."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

StandStill = Callable[[], NoReturn]


def hold_in(phase: str, reached: Path) -> None:
    """Called in the worker before it begins: once in this phase, it leaves the file `reached` and stands still."""

    def stand_still() -> NoReturn:
        reached.touch()
        while True:
            signal.pause()

    PHASES[phase](stand_still)


def _start(stand_still: StandStill) -> None:
    _before("core.training.worker", "load_dataset", stand_still)


def _step(stand_still: StandStill) -> None:
    """In the second epoch of the worker's life: the first one is whole."""
    from core.training.callbacks import Journal

    begin, done, begun = Journal.on_epoch_begin, Journal.on_train_batch_end, []

    def on_epoch_begin(journal: Journal, epoch: int, logs: dict[str, float] | None = None) -> None:
        begin(journal, epoch, logs)
        begun.append(epoch)

    def on_train_batch_end(journal: Journal, batch: int, logs: dict[str, float] | None = None) -> None:
        done(journal, batch, logs)
        if len(begun) == 2 and batch == 20:
            stand_still()

    Journal.on_epoch_begin, Journal.on_train_batch_end = on_epoch_begin, on_train_batch_end


def _validation(stand_still: StandStill) -> None:
    """Between two of its batches."""
    from core.training.validation import BATCH, Validation

    measure = Validation._measure

    def measure_some(validation: Validation, count: int) -> Any:
        if count == len(validation._labels):
            measure(validation, BATCH // 10)
            stand_still()
        return measure(validation, count)

    Validation._measure = measure_some


def _checkpoint(stand_still: StandStill) -> None:
    """While half of it is written."""
    from core.training import checkpoint

    atomic_write = checkpoint.atomic_write

    @contextmanager
    def half(path: Path, durable: bool = True) -> Iterator[Path]:
        with atomic_write(path, durable) as temporary:
            yield temporary
            os.truncate(temporary, temporary.stat().st_size // 2)
            stand_still()

    checkpoint.atomic_write = half


def _export(stand_still: StandStill) -> None:
    """When the network is written, in both forms, and nothing else of the model."""
    _before("core.training.result", "fit_calibration_and_detector", stand_still)


def _evaluation(stand_still: StandStill) -> None:
    _before("core.training.result", "evaluate_bundle", stand_still)


def _end(stand_still: StandStill) -> None:
    """When the model is in its place, and no last state says so."""
    from core.runs.run import Run

    Run.write_last_status = lambda *_: stand_still()


PHASES: dict[str, Callable[[StandStill], None]] = {
    "start": _start,
    "step": _step,
    "validation": _validation,
    "checkpoint": _checkpoint,
    "export": _export,
    "evaluation": _evaluation,
    "end": _end,
}


def _before(module: str, name: str, stand_still: StandStill) -> None:
    """Stand still where the module would call this function."""
    from importlib import import_module

    setattr(import_module(module), name, lambda *_, **__: stand_still())
