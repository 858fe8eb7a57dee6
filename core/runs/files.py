"""A run's files as a person may take them away."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import RunError
from core.runs.run import LOG_BYTES, Run

_MEANINGS = {
    "mnist_model.keras": "the network, for Keras",
    "mnist_model.tflite": "the network, for LiteRT",
    "card.json": "what the model is, with its figures",
    "evaluation.npz": "its answers on the test set",
    "novelty.npz": "what tells digits from other things",
    "config.json": "the settings",
    "history.csv": "a line for each epoch",
    "steps.csv": "a line every few steps",
    "answers.npz": "what was said of each validation image after each epoch",
    "train.log": "what the training printed",
}


@dataclass(frozen=True)
class RunFile:
    """One file: its name, what it is for, where it lies, and how many bytes it has."""

    run_id: str
    name: str
    meaning: str
    path: Path
    size: int

    def contents(self) -> bytes:
        """The file's bytes, of a log the last LOG_BYTES; raises RunError when it is gone."""
        try:
            with self.path.open("rb") as file:
                if self.name.endswith(".log"):
                    file.seek(max(0, self.path.stat().st_size - LOG_BYTES))
                return file.read()
        except OSError as error:
            message = f"{self.name} of run {self.run_id} cannot be read any more; load the page again."
            raise RunError(message, self.run_id) from error


def run_files(run: Run) -> list[RunFile]:
    """The files of a run that there are: its model's first, then what it was told and what it wrote."""
    bundle = run.bundle
    paths = [
        *(bundle.keras_file, bundle.tflite_file, bundle.card_file, bundle.evaluation_file, bundle.novelty_file),
        *(run.config_file, run.history_file, run.steps_file, run.answers_file, run.log_file),
    ]
    return [
        RunFile(run.id, path.name, _MEANINGS[path.name], path, path.stat().st_size) for path in paths if path.is_file()
    ]
