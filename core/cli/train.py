"""Command `train`: start a run and show its progress."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tqdm import tqdm

from core.classifier.bundle import copy_bundle
from core.cli.card import print_card
from core.cli.folds import train_folds
from core.config import LIMITS, TrainingConfig, preset, replace_settings
from core.data.sources import find_mnist
from core.errors import ConfigError, DataMissing, RunError
from core.language import Message, tr
from core.launcher.control import request_stop
from core.launcher.queue import advance, submit
from core.launcher.teachers import pending_teachers
from core.runs.run import Run
from core.runs.snapshot import Snapshot
from core.runs.status import Status
from core.storage import make_folder
from core.workspace import Workspace

_POLL_SECONDS = 0.3
"""Seconds between status checks: responsive for the user, with negligible CPU load."""


def train(options: argparse.Namespace, workspace: Workspace) -> int:
    """Train a network; return 0 if the run finished or was stopped."""
    config = config_from_options(options)
    if config.dataset == "mnist" and find_mnist(workspace) is None:
        raise DataMissing(
            Message("MNIST is not on this machine. Run python -m core data download, or use --dataset digits.")
        )
    if options.folds is not None:
        return _train_folds(options, config, workspace)
    if options.output:
        make_folder(options.output)
    run = submit(workspace, config)
    print(tr("run {run}", run=run.id), flush=True)
    for teacher in pending_teachers(Snapshot.of(workspace), run, config):
        print(tr("waiting for teacher run {run}, which is trained first", run=teacher.id), flush=True)
    status = watch(run, workspace)
    print(tr(status.message))
    if run.bundle.complete:
        print_card(run.bundle.card())
        if options.output:
            copy_bundle(run.bundle, options.output, run.epoch_predictions_file)
            print(tr("The model was copied to {folder}", folder=options.output))
    elif status.state == "failed":
        print(tr("log: {file}", file=run.log_file), file=sys.stderr)
    return 0 if status.state in ("finished", "stopped") else 1


def _train_folds(options: argparse.Namespace, config: TrainingConfig, workspace: Workspace) -> int:
    if options.output:
        raise ConfigError(
            Message(
                "--output copies one model, but --folds trains several and keeps none. Leave out one of these options."
            )
        )
    return train_folds(config, options.folds, workspace)


def config_from_options(options: argparse.Namespace) -> TrainingConfig:
    """Return the preset with the settings from the command line; raises ConfigError."""
    values = {name: getattr(options, name) for name in (*LIMITS, "dataset", "optimizer", "schedule")}
    if options.filters is not None:
        values["filters"] = options.filters.split(",")
    return replace_settings(
        preset(options.preset, options.dataset or "mnist"),
        **{name: value for name, value in values.items() if value is not None},
    )


def watch(run: Run, workspace: Workspace) -> Status:
    """Show the progress of a run, preceded by that of its teachers, until the run ends; Ctrl-C stops the run."""
    config = run.config()
    display = _progress_bar() if sys.stderr.isatty() else _print_line_per_epoch(run)
    stop_requested = False
    with _catch_ctrl_c() as interrupted, display as show:
        while True:
            status = run.status()
            if interrupted.is_set() and not stop_requested and not status.has_ended:
                stop_requested = True
                with suppress(RunError):  # the run has just ended
                    request_stop(workspace, run)
                _stop_teachers(run, config, workspace)
            if status.has_ended:
                show(status)
                return status
            if status.state == "queued":
                advance(workspace)
                status = _teacher_status(run, config, workspace) or status
            show(status)
            time.sleep(_POLL_SECONDS)


@contextmanager
def _catch_ctrl_c() -> Iterator[threading.Event]:
    """Yield an event that Ctrl-C sets instead of raising KeyboardInterrupt."""
    interrupted = threading.Event()

    def interrupt(signum: int, frame: object) -> None:
        if not interrupted.is_set():
            interrupted.set()
            tqdm.write(tr("Stopping. If training has begun, the model is saved as it is now."), file=sys.stderr)

    previous_handler = signal.signal(signal.SIGINT, interrupt)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, previous_handler)


def _teacher_status(run: Run, config: TrainingConfig, workspace: Workspace) -> Status | None:
    """Return the status of this run's teacher that is being trained, or None if there is none."""
    for teacher in pending_teachers(Snapshot.of(workspace), run, config):
        status = teacher.status()
        if status.state == "running":
            return status
    return None


def _stop_teachers(run: Run, config: TrainingConfig, workspace: Workspace) -> None:
    """Stop this run's teachers, unless another run is waiting for them."""
    snapshot = Snapshot.of(workspace)
    needed: list[Run] = []
    for other in snapshot.in_state("queued"):
        if other.run == run:
            continue
        with suppress(RunError):  # a damaged run has no teachers
            needed += pending_teachers(snapshot, other.run, other.config())
    # Stop in reverse order; otherwise the next teacher would start as soon as the running one ends.
    for teacher in reversed(pending_teachers(snapshot, run, config)):
        if teacher not in needed:
            with suppress(RunError):  # the teacher has just ended
                request_stop(workspace, teacher)


@contextmanager
def _progress_bar() -> Iterator[Callable[[Status], None]]:
    """Yield a function that shows a status as a progress bar in a terminal."""
    with tqdm(total=1.0, bar_format="{desc} {percentage:3.0f}%|{bar}| {elapsed}") as bar:

        def show(status: Status) -> None:
            bar.set_description_str(_progress_line(status))
            bar.update(status.progress - bar.n)

        yield show


@contextmanager
def _print_line_per_epoch(run: Run) -> Iterator[Callable[[Status], None]]:
    """Yield a function that prints one line per epoch, for output that is not a terminal."""
    rows_printed = 0

    def show(status: Status) -> None:
        nonlocal rows_printed
        for row in run.history()[rows_printed:].itertuples():
            line = tr(
                "epoch {epoch}/{epochs}: loss {loss:.4f}, accuracy {accuracy:.2%}, "
                "validation loss {validation_loss:.4f}, accuracy {validation_accuracy:.2%}",
                epoch=row.epoch,
                epochs=status.epochs,
                loss=row.loss,
                accuracy=row.accuracy,
                validation_loss=row.val_loss,
                validation_accuracy=row.val_accuracy,
            )
            print(line, file=sys.stderr, flush=True)
            rows_printed += 1

    yield show


def _progress_line(status: Status) -> str:
    if status.phase != "training" or not status.steps:
        message = tr(status.message)
        if status.test_accuracy is None:
            return message
        return f"{message} {tr('Test accuracy: {accuracy:.2%}.', accuracy=status.test_accuracy)}"
    position = tr(
        "epoch {epoch}/{epochs}  step {step}/{steps}",
        epoch=status.epoch,
        epochs=status.epochs,
        step=status.step,
        steps=status.steps,
    )
    rate = tr("{rate:,.0f} images/s", rate=status.images_per_second) if status.images_per_second else ""
    return f"{position}  {rate}"
