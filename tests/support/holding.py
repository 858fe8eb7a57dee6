"""Workers that pause in a phase of their training, so that a test can kill them there."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

Pause = Callable[[], NoReturn]


def pause_in(phase: str, reached: Path) -> None:
    """Make this worker pause in a phase, after creating the file `reached`. Call this before the worker starts."""

    def pause() -> NoReturn:
        reached.touch()
        while True:
            signal.pause()

    PHASES[phase](pause)


def _start(pause: Pause) -> None:
    _pause_instead_of("core.training.engines.local", "load_dataset", pause)


def _step(pause: Pause) -> None:
    """Pause in the second epoch of this worker, after completing the first one."""
    from core.training.callbacks import Journal

    begin_epoch, end_batch, epochs = Journal.on_epoch_begin, Journal.on_train_batch_end, []

    def on_epoch_begin(journal: Journal, epoch: int, logs: dict[str, float] | None = None) -> None:
        begin_epoch(journal, epoch, logs)
        epochs.append(epoch)

    def on_train_batch_end(journal: Journal, batch: int, logs: dict[str, float] | None = None) -> None:
        end_batch(journal, batch, logs)
        if len(epochs) == 2 and batch == 20:
            pause()

    Journal.on_epoch_begin, Journal.on_train_batch_end = on_epoch_begin, on_train_batch_end


def _validation(pause: Pause) -> None:
    """Pause between two batches of validation."""
    from core.training.validation import BATCH_SIZE, Validation

    predict_first = Validation._predict_first

    def predict_or_pause(validation: Validation, count: int) -> Any:
        if count == len(validation._labels):
            predict_first(validation, BATCH_SIZE // 10)
            pause()
        return predict_first(validation, count)

    Validation._predict_first = predict_or_pause


def _checkpoint(pause: Pause) -> None:
    """Pause when half of the checkpoint has been written."""
    from core.training import checkpoint

    atomic_write = checkpoint.atomic_write

    @contextmanager
    def write_half(path: Path, durable: bool = True) -> Iterator[Path]:
        with atomic_write(path, durable) as temporary:
            yield temporary
            os.truncate(temporary, temporary.stat().st_size // 2)
            pause()

    checkpoint.atomic_write = write_half


def _export(pause: Pause) -> None:
    """Pause when both files of the network have been written, but no other file of the bundle."""
    _pause_instead_of("core.training.result", "fit_calibration", pause)


def _evaluation(pause: Pause) -> None:
    _pause_instead_of("core.training.result", "evaluate_bundle", pause)


def _detector(pause: Pause) -> None:
    """Pause when the test accuracy is known."""
    _pause_instead_of("core.training.result", "fit_novelty", pause)


def _end(pause: Pause) -> None:
    """Pause when the bundle is in place, but before the final status is written."""
    from core.runs.run import Run

    Run.write_final_status = lambda *_: pause()


def _tuning(pause: Pause) -> None:
    """Pause before the last layer is fine-tuned to a hand."""
    from core.personal.tuning import Rehearsal

    Rehearsal.tune = lambda *_: pause()


def _tuned(pause: Pause) -> None:
    """Pause when both files of the fine-tuned network have been written, but no other file of the bundle."""
    _pause_instead_of("core.training.result", "fit_calibration", pause)


PHASES: dict[str, Callable[[Pause], None]] = {
    "start": _start,
    "step": _step,
    "validation": _validation,
    "checkpoint": _checkpoint,
    "export": _export,
    "evaluation": _evaluation,
    "detector": _detector,
    "end": _end,
    "tuning": _tuning,
    "tuned": _tuned,
}


def _pause_instead_of(module: str, name: str, pause: Pause) -> None:
    """Pause instead of calling this function of the module."""
    from importlib import import_module

    setattr(import_module(module), name, lambda *_, **__: pause())
