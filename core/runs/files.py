"""Files of a run that a person may download."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import RunError
from core.runs.run import LOG_BYTES, Run
from core.storage import open_file

_MEANINGS = {
    "mnist_model.keras": "the network, for Keras",
    "mnist_model.tflite": "the network, for LiteRT",
    "card.json": "the model card, with its figures",
    "evaluation.npz": "its predictions on the test set",
    "novelty.npz": "the out-of-distribution detector",
    "config.json": "the settings",
    "history.csv": "one line per epoch",
    "steps.csv": "one line every few steps",
    "answers.npz": "the prediction for each validation image after each epoch",
    "train.log": "what the training printed",
}


@dataclass(frozen=True)
class RunFile:
    """One file: `meaning` says what it is for; `size` is in bytes."""

    run_id: str
    name: str
    meaning: str
    path: Path
    size: int

    def contents(self) -> bytes:
        """Return the file's bytes, of a log the last LOG_BYTES; raises RunError if it is gone."""
        try:
            with open_file(self.path) as file:
                if self.name.endswith(".log"):
                    file.seek(max(0, self.path.stat().st_size - LOG_BYTES))
                content: bytes = file.read()
                return content
        except OSError as error:
            message = f"{self.name} of run {self.run_id} cannot be read any more. Load the page again."
            raise RunError(message, self.run_id) from error


def run_files(run: Run) -> list[RunFile]:
    """Return the files that a run has: its model's first, then its settings and what the training wrote."""
    bundle = run.bundle
    paths = [
        *(bundle.keras_file, bundle.tflite_file, bundle.card_file, bundle.evaluation_file, bundle.novelty_file),
        *(run.config_file, run.history_file, run.steps_file, run.answers_file, run.log_file),
    ]
    return [
        RunFile(run.id, path.name, _MEANINGS[path.name], path, path.stat().st_size) for path in paths if path.is_file()
    ]
