"""Keras callbacks that write a run's files during training and stop training on request."""

from __future__ import annotations

import math
import time
from typing import Any

import keras

from core.config import TrainingConfig
from core.errors import RunError, RunNotFound
from core.language import Message
from core.runs.run import Run
from core.runs.status import Phase, Start, Status
from core.runs.tables import HISTORY_COLUMNS, STEP_COLUMNS, append_row, truncate_after_epoch
from core.training.checkpoint import Checkpoint, ResumableEarlyStopping, write_checkpoint
from core.training.live_curve import LiveCurve
from core.training.validation import Validation

MIN_STATUS_SECONDS = 0.4
"""Minimum time between two status updates, because the browser does not refresh more often."""

MIN_TIMED_SECONDS = 2.0
"""Minimum training time after the first step before the remaining time is estimated.

The first step takes seconds, because TensorFlow compiles the network; the next few are fast, because their batches have
already been prepared.
"""


class StopOnRequest(keras.callbacks.Callback):
    """Stops training after the current step if the run's stop file exists.

    Raises RunNotFound if the run was deleted.
    """

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self.requested = False

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if not self._run.config_file.exists():
            raise RunNotFound(self._run.id)
        if self._run.stop_file.exists():
            self.requested = True
            self.model.stop_training = True


class FailOnNonFiniteLoss(keras.callbacks.Callback):
    """Raises RunError if the loss becomes infinite or NaN."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run_id = run.id

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if logs and not math.isfinite(logs["loss"]):
            raise RunError(
                Message("The loss became infinite or NaN. Train again with a lower learning rate."), self._run_id
            )


class Journal(keras.callbacks.Callback):
    """Writes a run's history, live curve and status during training."""

    def __init__(
        self,
        run: Run,
        validation: Validation,
        config: TrainingConfig,
        images: int,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        """`images`: number of images per epoch. Rows for epochs after the checkpoint are removed from the CSV files."""
        super().__init__()
        self._run = run
        self._epochs = config.epochs
        self._steps_per_epoch = math.ceil(images / config.batch_size)
        self._epoch = checkpoint.epoch if checkpoint else 0
        self._steps_done = self._steps_per_epoch if checkpoint else 0  # in the current epoch
        self._checkpoint_seconds = checkpoint.seconds if checkpoint else 0.0
        truncate_after_epoch(run.history_file, HISTORY_COLUMNS, self._epoch)
        truncate_after_epoch(run.steps_file, STEP_COLUMNS, self._epoch)
        self._train_start_clock = time.perf_counter()
        self._timed_from: tuple[int, float] | None = None  # steps and seconds at the end of this process's first step
        self._worker_start_time = run.started or time.time()
        self._last_write_seconds = 0.0
        self._curve = LiveCurve(run, config.batch_size, images, validation.evaluate_sample, validation.watch)

    @property
    def epoch(self) -> int:
        """The current or last epoch, counted from 1; 0 before the first."""
        return self._epoch

    @property
    def epoch_fraction(self) -> float:
        """The completed fraction of the current or last epoch, 0..1."""
        return self._steps_done / self._steps_per_epoch

    @property
    def seconds(self) -> float:
        """Seconds of training so far."""
        return self._checkpoint_seconds + time.perf_counter() - self._train_start_clock

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self._train_start_clock = time.perf_counter()
        self.write_status("training", Message("Training."))

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._epoch = epoch + 1
        self._steps_done = 0
        self._curve.begin_epoch(epoch + 1, epoch * self._steps_per_epoch, self.seconds)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self._steps_done = batch + 1
        self._timed_from = self._timed_from or (self._steps_so_far, self.seconds)
        last = self._steps_done == self._steps_per_epoch or self.model.stop_training
        if logs:
            self._curve.add_step(self._steps_done, self.seconds, logs, last=last)
        if last or self.seconds - self._last_write_seconds >= MIN_STATUS_SECONDS:
            self.write_status("validating" if last else "training", Message("Training."))

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        values: dict[str, Any] = {
            **(logs or {}),
            "epoch": epoch + 1,
            "step": self._steps_so_far,
            "seconds": self.seconds,
            "learning_rate": float(self.model.optimizer.learning_rate),
        }
        # The row is written before the checkpoint, so a checkpoint is never ahead of the history.
        row = (values.get(name) for name in HISTORY_COLUMNS)
        append_row(self._run.history_file, HISTORY_COLUMNS, row, durable=True)
        print(
            f"epoch {epoch + 1}/{self._epochs}  loss {values['loss']:.4f}  accuracy {values['accuracy']:.4f}  "
            f"val_loss {values['val_loss']:.4f}  val_accuracy {values['val_accuracy']:.4f}  {self.seconds:.1f} s",
            flush=True,
        )
        self.write_status("training", Message("Training."))

    def write_status(self, phase: Phase, message: Message, test_accuracy: float | None = None) -> None:
        """Write the status of the run in progress, and trim its log."""
        self._run.trim_log()
        self._run.write_status(
            Status(
                state="running",
                phase=phase,
                message=message,
                start=self._start_stage(phase),
                started=self._worker_start_time,
                epoch=self._epoch,
                epochs=self._epochs,
                step=self._steps_done,
                steps=self._steps_per_epoch,
                seconds=self.seconds,
                seconds_left=self._seconds_left(),
                images_per_second=self._curve.images_per_second,
                test_accuracy=test_accuracy,
            ),
            durable=False,
        )
        self._last_write_seconds = self.seconds

    def _start_stage(self, phase: Phase) -> Start | None:
        """Return the start-up stage of this process, or None once its first step is complete."""
        if self._timed_from is not None:
            return None
        return {"starting": "network", "training": "step"}.get(phase)  # type: ignore[return-value]

    def _seconds_left(self) -> float | None:
        """Return the estimated remaining training time, including validation, or None if too little has been timed."""
        if self._timed_from is None:
            return None
        steps, seconds = self._steps_so_far - self._timed_from[0], self.seconds - self._timed_from[1]
        steps_left = self._epochs * self._steps_per_epoch - self._steps_so_far
        if steps_left <= 0:
            return 0.0
        return seconds / steps * steps_left if steps and seconds >= MIN_TIMED_SECONDS else None

    @property
    def _steps_so_far(self) -> int:
        return max(self._epoch - 1, 0) * self._steps_per_epoch + self._steps_done


class SaveCheckpoint(keras.callbacks.Callback):
    """Saves a checkpoint at the end of each completed epoch."""

    def __init__(
        self,
        run: Run,
        config: TrainingConfig,
        steps: int,
        journal: Journal,
        early_stopping: ResumableEarlyStopping | None,
        pen_digits: int = 0,
    ) -> None:
        """`steps`: number of steps in an epoch. `journal` and `early_stopping` supply the training time and the state
        saved in the checkpoint. `pen_digits`: number of distinct pen digits.
        """
        super().__init__()
        self._run = run
        self._epochs = config.epochs
        self._steps_per_epoch = steps
        self._journal = journal
        self._early_stopping = early_stopping
        self._pen_digits = pen_digits
        self._steps_done = 0
        self.training_complete = False

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self._steps_done = batch + 1

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if self._steps_done < self._steps_per_epoch:  # stopped before the end of the epoch
            return
        stopped_early = bool(self._early_stopping and self._early_stopping.stopped_epoch)
        self.training_complete = epoch + 1 == self._epochs or stopped_early
        state = self._early_stopping.state if self._early_stopping else None
        seconds, done = self._journal.seconds, self.training_complete
        write_checkpoint(self._run, self.model, epoch + 1, seconds, done, state, self._pen_digits)
