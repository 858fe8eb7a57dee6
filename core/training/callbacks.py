"""What happens beside the training: curves, status, and the request to stop."""

from __future__ import annotations

import time
from typing import Any

import keras

from core.config import TrainingConfig
from core.errors import RunError, RunNotFound
from core.runs.run import Run
from core.runs.status import Phase, Status
from core.runs.tables import HISTORY_COLUMNS, STEP_COLUMNS, append_row, keep_epochs
from core.training.checkpoint import Checkpoint, Patience, write_checkpoint
from core.training.validation import Validation

POINT_SECONDS = 0.4
"""Least time between two points of the live curve; it grows with the run, so that the file stays small."""
VALIDATION_SAMPLE = 500
"""Images of the live validation points. The split is in the dataset's order, which is no particular one for MNIST: its
head is a fair sample."""
VALIDATION_SHARE = 0.05
"""Largest share of the time that the live validation points may cost."""


def started(run: Run) -> float:
    """When the run's worker began, in seconds since 1970: as its status has it, or now."""
    try:
        return run.status().started or time.time()
    except RunError:  # damaged; the training mends it
        return time.time()


class StopRequested(keras.callbacks.Callback):
    """Ends the training at the next step once the run's stop file exists, or its folder was deleted."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self.stopped = False

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if not self._run.config_file.exists():
            raise RunNotFound(self._run.id)
        if self._run.stop_file.exists():
            self.stopped = True
            self.model.stop_training = True


class Journal(keras.callbacks.Callback):
    """Writes a run's history, live curve and status while it trains."""

    def __init__(
        self, run: Run, validation: Validation, config: TrainingConfig, steps: int, checkpoint: Checkpoint | None = None
    ) -> None:
        """`steps`: of an epoch. Where the training goes on after a checkpoint, its files are cut back to that point."""
        super().__init__()
        self._run = run
        self._batch_size = config.batch_size
        self._epochs, self._steps = config.epochs, steps
        self.epochs_before = checkpoint.epoch if checkpoint else 0
        self.memory_before = checkpoint.memory if checkpoint else None
        self._seconds_before = checkpoint.seconds if checkpoint else 0.0
        keep_epochs(run.history_file, HISTORY_COLUMNS, self.epochs_before)
        keep_epochs(run.steps_file, STEP_COLUMNS, self.epochs_before)
        self._epoch, self._done = self.epochs_before, 0
        self._began = time.perf_counter()
        self._started = started(run)
        self._point = _Point(step=steps if checkpoint else 0)
        self._validation = validation
        self._next_validation = 0.0
        self._rate: float | None = None

    @property
    def epoch(self) -> int:
        """The epoch that the training is in, or ended with, counted from 1; 0 before the first."""
        return self._epoch

    @property
    def whole(self) -> bool:
        """Whether no step of this epoch is to follow."""
        return self._done == self._steps

    @property
    def seconds(self) -> float:
        """Of training so far."""
        return self._seconds_before + time.perf_counter() - self._began

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self._began = time.perf_counter()
        self.write("training", "Training.")

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._epoch, self._done = epoch + 1, 0
        self._point = _Point(time=self.seconds)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        done, now = batch + 1, self.seconds
        self._done = done
        if now - self._point.time < max(POINT_SECONDS, now / 1000) and done != self._steps:
            return
        current = _Point(done, now, logs["loss"], logs["accuracy"]) if logs else self._point
        loss, accuracy, rate = current.since(self._point, self._batch_size)
        self._rate = rate
        append_row(
            self._run.steps_file,
            STEP_COLUMNS,
            (self._step(done), self._epoch, now, loss, accuracy, *self._validate(now), rate),
        )
        # Time spent here is not time spent training.
        self._point = _Point(done, self.seconds, current.loss, current.accuracy)
        phase: Phase = "validating" if done == self._steps else "training"
        self.write(phase, "Training.")

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        values: dict[str, Any] = {
            **(logs or {}),
            "epoch": epoch + 1,
            "step": self._step(self._done),
            "seconds": self.seconds,
            "learning_rate": float(self.model.optimizer.learning_rate),
        }
        # Before the checkpoint, which a training that goes on counts its epochs by.
        row = (values.get(name) for name in HISTORY_COLUMNS)
        append_row(self._run.history_file, HISTORY_COLUMNS, row, durable=True)
        print(
            f"epoch {epoch + 1}/{self._epochs}  loss {values['loss']:.4f}  accuracy {values['accuracy']:.4f}  "
            f"val_loss {values['val_loss']:.4f}  val_accuracy {values['val_accuracy']:.4f}  {self.seconds:.1f} s",
            flush=True,
        )
        self.write("training", "Training.")

    def write(self, phase: Phase, message: str) -> None:
        """Write the status of a run at work, and keep its log short."""
        self._run.cut_log()
        step = self._point.step
        done = self._step(step)
        # From the whole time so far, validation and compilation included: rather too long than too short.
        left = self.seconds / done * (self._epochs * self._steps - done) if done else None
        self._run.write_status(
            Status(
                state="running",
                phase=phase,
                message=message,
                started=self._started,
                epoch=self._epoch,
                epochs=self._epochs,
                step=step,
                steps=self._steps,
                seconds=self.seconds,
                seconds_left=left,
                images_per_second=self._rate,
            ),
            durable=False,
        )

    def _step(self, step_in_epoch: int) -> int:
        return max(self._epoch - 1, 0) * self._steps + step_in_epoch

    def _validate(self, now: float) -> tuple[float | None, float | None]:
        """Loss and accuracy on a sample of the validation split, always the same, when it is time for it."""
        if now < self._next_validation:
            return None, None
        began = time.perf_counter()
        measured = self._validation.on_sample(VALIDATION_SAMPLE)
        cost = time.perf_counter() - began
        self._next_validation = now + max(1.5, cost / VALIDATION_SHARE)
        return measured


class SaveCheckpoint(keras.callbacks.Callback):
    """Saves all that a resumed training needs at the end of each whole epoch."""

    def __init__(self, run: Run, epochs: int, journal: Journal, stop: StopRequested, patience: Patience | None) -> None:
        super().__init__()
        self._run, self._epochs = run, epochs
        self._journal, self._stop, self._patience = journal, stop, patience

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if self._stop.stopped and not self._journal.whole:  # in the middle of the epoch
            return
        # A stop by hand is no end, as the training may go on; and where this is the end, it stopped nothing.
        done = epoch + 1 == self._epochs or bool(self._patience and self._patience.stopped_epoch)
        self._stop.stopped &= not done
        memory = self._patience.memory if self._patience else None
        write_checkpoint(self._run, self.model, epoch + 1, self._journal.seconds, done, memory)


class _Point:
    """Running means of an epoch after some steps, as Keras reports them."""

    def __init__(self, step: int = 0, time: float = 0.0, loss: float = 0.0, accuracy: float = 0.0) -> None:
        self.step, self.time, self.loss, self.accuracy = step, time, loss, accuracy

    def since(self, earlier: _Point, batch_size: int) -> tuple[float, float, float]:
        """Mean loss and accuracy of the steps since an earlier point, and images per second."""
        steps = max(self.step - earlier.step, 1)
        loss = (self.loss * self.step - earlier.loss * earlier.step) / steps
        accuracy = (self.accuracy * self.step - earlier.accuracy * earlier.step) / steps
        rate = steps * batch_size / max(self.time - earlier.time, 1e-9)
        return max(loss, 0.0), min(max(accuracy, 0.0), 1.0), rate
