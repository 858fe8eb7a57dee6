"""The checkpoint of a run: one file with everything needed to resume the run, replaced at the end of each epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import keras
import numpy as np

from core.arrays import read_arrays
from core.errors import RunError
from core.language import Message
from core.runs.run import Run
from core.storage import atomic_write


@dataclass(frozen=True)
class EarlyStoppingState:
    """The state of early stopping.

    `wait`: epochs since the best one. `best_accuracy`: the best validation accuracy. `best_epoch` is counted from 0.
    """

    wait: int
    best_accuracy: float
    best_epoch: int
    best_weights: list[np.ndarray]


@dataclass(frozen=True)
class Checkpoint:
    """The state of a run after a completed epoch.

    `seconds`: training time so far. `done`: True if no epochs remain. `pen_digits`: number of distinct pen digits that
    were trained on. `variables`: the variables of the network, including the state of its dropout, then those of the
    optimizer, including the step on which the learning rate depends.
    """

    epoch: int
    seconds: float
    done: bool
    variables: list[np.ndarray]
    early_stopping: EarlyStoppingState | None
    pen_digits: int = 0

    @property
    def best_epoch(self) -> int:
        """The epoch, counted from 1, whose weights are kept if no better epoch follows."""
        return self.early_stopping.best_epoch + 1 if self.early_stopping else self.epoch

    def restore(self, model: keras.Model) -> None:
        """Restore the state of a compiled model; raises ValueError if the checkpoint belongs to another network."""
        model.optimizer.build(model.trainable_variables)
        for variable, value in zip(_variables(model), self.variables, strict=True):
            variable.assign(value)


def write_checkpoint(
    run: Run,
    model: keras.Model,
    epoch: int,
    seconds: float,
    done: bool,
    early_stopping: EarlyStoppingState | None,
    pen_digits: int = 0,
) -> None:
    """Replace the run's checkpoint; the previous one is kept if this raises StorageError."""
    arrays = {f"variable_{index}": np.asarray(value) for index, value in enumerate(_variables(model))}
    if early_stopping:
        arrays |= {"memory": np.array([early_stopping.wait, early_stopping.best_accuracy, early_stopping.best_epoch])}
        arrays |= {f"best_{index}": value for index, value in enumerate(early_stopping.best_weights)}
    with atomic_write(run.checkpoint_file) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, progress=np.array([epoch, seconds, done, pen_digits]), **arrays)


def read_checkpoint(run: Run) -> Checkpoint | None:
    """Return the run's checkpoint, or None before the end of its first epoch; raises RunError if it is damaged."""
    try:
        arrays = read_arrays(run.checkpoint_file)
        # Checkpoints from earlier versions have no pen digits.
        epoch, seconds, done, *pen_digits = arrays["progress"]
        variables, early_stopping = _read_numbered(arrays, "variable"), _read_early_stopping(arrays)
        return Checkpoint(int(epoch), float(seconds), bool(done), variables, early_stopping, int(sum(pen_digits)))
    except FileNotFoundError:
        return None
    except (OSError, KeyError, ValueError) as error:
        raise RunError(
            Message(
                "The checkpoint of run {run} is damaged, so the run cannot be resumed. Train again with the "
                "same settings.",
                run=run.id,
            ),
            run.id,
        ) from error


class ResumableEarlyStopping(keras.callbacks.EarlyStopping):
    """Early stopping on the validation accuracy, with a state that can be saved and restored."""

    def __init__(self, patience: int, state: EarlyStoppingState | None) -> None:
        super().__init__(monitor="val_accuracy", mode="max", patience=patience, restore_best_weights=True)
        self._restored_state = state

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        super().on_train_begin(logs)
        if state := self._restored_state:
            self.wait, self.best = state.wait, state.best_accuracy
            self.best_epoch, self.best_weights = state.best_epoch, state.best_weights

    @property
    def state(self) -> EarlyStoppingState | None:
        """The state to save, or None before the end of the first epoch."""
        if self.best_weights is None:
            return None
        return EarlyStoppingState(self.wait, float(self.best), self.best_epoch, self.best_weights)


def _variables(model: keras.Model) -> list[keras.Variable]:
    return [*model.variables, *model.optimizer.variables]


def _read_early_stopping(arrays: Mapping[str, np.ndarray]) -> EarlyStoppingState | None:
    if "memory" not in arrays:
        return None
    wait, accuracy, epoch = arrays["memory"]
    return EarlyStoppingState(int(wait), float(accuracy), int(epoch), _read_numbered(arrays, "best"))


def _read_numbered(arrays: Mapping[str, np.ndarray], name: str) -> list[np.ndarray]:
    count = sum(key.startswith(f"{name}_") for key in arrays)
    return [arrays[f"{name}_{index}"] for index in range(count)]
