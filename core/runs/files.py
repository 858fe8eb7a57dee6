"""The files of a run that can be downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import RunError
from core.runs.run import MAX_LOG_BYTES, Run
from core.storage import open_file

_DESCRIPTIONS = {
    "mnist_model.keras": "the network, for Keras",
    "mnist_model.tflite": "the network, for LiteRT",
    "card.json": "the model card, with its metrics",
    "evaluation.npz": "the predictions on the test set",
    "novelty.npz": "the novelty detector",
    "config.json": "the settings",
    "history.csv": "one row per epoch",
    "steps.csv": "one row every few steps",
    "answers.npz": "the prediction for each validation image after each epoch",
    "train.log": "the output of the training process",
}


@dataclass(frozen=True)
class RunFile:
    """A file of a run. `description` names its contents; `size` is in bytes."""

    run_id: str
    name: str
    description: str
    path: Path
    size: int

    def contents(self) -> bytes:
        """Return the file's bytes, or the last MAX_LOG_BYTES of a log; raises RunError if it cannot be read."""
        try:
            with open_file(self.path) as file:
                if self.name.endswith(".log"):
                    file.seek(max(0, self.path.stat().st_size - MAX_LOG_BYTES))
                content: bytes = file.read()
                return content
        except OSError as error:
            message = f"{self.name} of run {self.run_id} can no longer be read. Reload the page."
            raise RunError(message, self.run_id) from error


def run_files(run: Run) -> list[RunFile]:
    """Return the files that exist: first the model's, then the settings and the output of training."""
    bundle = run.bundle
    paths = [
        *(bundle.keras_file, bundle.tflite_file, bundle.card_file, bundle.evaluation_file, bundle.novelty_file),
        *(run.config_file, run.history_file, run.steps_file, run.epoch_predictions_file, run.log_file),
    ]
    return [
        RunFile(run.id, path.name, _DESCRIPTIONS[path.name], path, path.stat().st_size)
        for path in paths
        if path.is_file()
    ]
