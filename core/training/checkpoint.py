"""The checkpoint of a run: one file, replaced at the end of each epoch, with all that a resumed training needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import keras
import numpy as np

from core.arrays import read_arrays
from core.errors import RunError
from core.runs.run import Run
from core.storage import atomic_write


@dataclass(frozen=True)
class Memory:
    """The state of early stopping: epochs waited, best validation accuracy, its epoch (from 0) and its weights."""

    waited: int
    best: float
    best_epoch: int
    best_weights: list[np.ndarray]


@dataclass(frozen=True)
class Checkpoint:
    """A training after a whole number of epochs; `seconds` of training so far, `done` if no epoch follows.

    `variables`: those of the network, with the state of its dropout, and those of the optimizer, with the step that the
    learning rate depends on.
    """

    epoch: int
    seconds: float
    done: bool
    variables: list[np.ndarray]
    memory: Memory | None

    @property
    def kept(self) -> int:
        """The epoch, counted from 1, whose weights are kept if no better one follows."""
        return self.memory.best_epoch + 1 if self.memory else self.epoch

    def restore(self, model: keras.Model) -> None:
        """Give a compiled model the state of the checkpoint; raises ValueError if it is another network."""
        model.optimizer.build(model.trainable_variables)
        for variable, value in zip(_variables(model), self.variables, strict=True):
            variable.assign(value)


def write_checkpoint(
    run: Run, model: keras.Model, epoch: int, seconds: float, done: bool, memory: Memory | None
) -> None:
    """Replace the run's checkpoint; if that raises StorageError, the former one stays."""
    arrays = {f"variable_{index}": np.asarray(value) for index, value in enumerate(_variables(model))}
    if memory:
        arrays |= {"memory": np.array([memory.waited, memory.best, memory.best_epoch])}
        arrays |= {f"best_{index}": value for index, value in enumerate(memory.best_weights)}
    with atomic_write(run.checkpoint_file) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, progress=np.array([epoch, seconds, done]), **arrays)


def read_checkpoint(run: Run) -> Checkpoint | None:
    """Read the run's checkpoint; None before the end of its first epoch. Raises RunError if it is damaged."""
    try:
        arrays = read_arrays(run.checkpoint_file)
        epoch, seconds, done = arrays["progress"]
        return Checkpoint(int(epoch), float(seconds), bool(done), _numbered(arrays, "variable"), _memory(arrays))
    except FileNotFoundError:
        return None
    except (OSError, KeyError, ValueError) as error:
        raise RunError(
            f"Run {run.id} has a damaged checkpoint and cannot be resumed. Train again with the same settings.", run.id
        ) from error


class Patience(keras.callbacks.EarlyStopping):
    """Early stopping on the validation accuracy whose state can be saved and restored."""

    def __init__(self, patience: int, memory: Memory | None) -> None:
        super().__init__(monitor="val_accuracy", mode="max", patience=patience, restore_best_weights=True)
        self._restored = memory

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        super().on_train_begin(logs)
        if self._restored:
            self.wait, self.best = self._restored.waited, self._restored.best
            self.best_epoch, self.best_weights = self._restored.best_epoch, self._restored.best_weights

    @property
    def memory(self) -> Memory | None:
        """The state to save; None before the end of the first epoch."""
        if self.best_weights is None:
            return None
        return Memory(self.wait, float(self.best), self.best_epoch, self.best_weights)


def _variables(model: keras.Model) -> list[keras.Variable]:
    return [*model.variables, *model.optimizer.variables]


def _memory(arrays: Mapping[str, np.ndarray]) -> Memory | None:
    if "memory" not in arrays:
        return None
    waited, best, epoch = arrays["memory"]
    return Memory(int(waited), float(best), int(epoch), _numbered(arrays, "best"))


def _numbered(arrays: Mapping[str, np.ndarray], name: str) -> list[np.ndarray]:
    count = sum(key.startswith(f"{name}_") for key in arrays)
    return [arrays[f"{name}_{index}"] for index in range(count)]
