"""The files of a run that can be downloaded."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from core.errors import RunError
from core.language import Message
from core.runs.run import MAX_LOG_BYTES, Run
from core.storage import file_state, open_file

_DESCRIPTIONS = {
    "mnist_model.keras": Message("the network, for Keras"),
    "mnist_model.tflite": Message("the network, for LiteRT"),
    "card.json": Message("the model card, with its metrics"),
    "evaluation.npz": Message("the predictions on the test set"),
    "novelty.npz": Message("the novelty detector"),
    "config.json": Message("the settings"),
    "history.csv": Message("metrics during training, one row per epoch"),
    "steps.csv": Message("metrics during training, one row every few steps"),
    "answers.npz": Message("the prediction for each validation image after each epoch"),
    "train.log": Message("the output of the training process"),
}


@dataclass(frozen=True)
class RunFile:
    """A file of a run. `description` names its contents; `size` is in bytes."""

    run_id: str
    name: str
    description: Message
    path: Path
    size: int

    def contents(self) -> bytes:
        """Return the file's bytes, or the last MAX_LOG_BYTES of a log; raises RunError if it cannot be read."""
        try:
            with open_file(self.path) as file:
                if self.name.endswith(".log"):
                    file.seek(max(0, os.fstat(file.fileno()).st_size - MAX_LOG_BYTES))
                content: bytes = file.read()
                return content
        except OSError as error:
            message = Message(
                "{name} of run {run} can no longer be read. Reload the page.", name=self.name, run=self.run_id
            )
            raise RunError(message, self.run_id) from error


def run_files(run: Run) -> list[RunFile]:
    """Return the files that exist: first the model's, then the settings and the output of training."""
    bundle = run.bundle
    paths = [
        *(bundle.keras_file, bundle.tflite_file, bundle.card_file, bundle.evaluation_file, bundle.novelty_file),
        *(run.config_file, run.history_file, run.steps_file, run.epoch_predictions_file, run.log_file),
    ]
    return [
        RunFile(run.id, path.name, _DESCRIPTIONS[path.name], path, state.st_size)
        for path in paths
        if (state := file_state(path)) and S_ISREG(state.st_mode)
    ]
