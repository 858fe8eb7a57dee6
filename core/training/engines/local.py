"""Training in the run's own worker process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from core.config import TrainingConfig
from core.data.datasets import Dataset, load_dataset
from core.environment import prepare_tensorflow
from core.handwriting.pen_digits import PenDigit
from core.language import Message
from core.packages import hide_packages
from core.runs.fine_tuning import FineTuning
from core.runs.run import Run
from core.runs.trial import read_search_marker
from core.training.end_images import DrawingProcess, EndImages, draw_ahead, load_pen_digits
from core.training.start import write_start
from core.workspace import Workspace

if TYPE_CHECKING:  # importing the trainer takes seconds
    from core.training.trainer import Outcome


def train(run: Run, config: TrainingConfig, fine_tuning: FineTuning | None, workspace: Workspace) -> dict[str, str]:
    """Train or fine-tune; return the run's final state and a message that explains it."""
    with draw_ahead(run, config) as process:
        if fine_tuning:
            return _fine_tune(run, config, fine_tuning, workspace, process)
        outcome = _train_and_evaluate(run, config, workspace, process)
    if read_search_marker(run.trial_file):
        return _search_end(run, outcome)
    if outcome.card is None:
        return {"state": "stopped", "message": Message("Stopped before the first step.")}
    print(f"test accuracy {outcome.card.metrics.test_accuracy:.4f}", flush=True)
    if outcome.stopped:
        return {"state": "stopped", "message": Message("Stopped on request. The model from the last step is kept.")}
    return {"state": "finished", "message": Message("Finished.")}


def _search_end(run: Run, outcome: Outcome) -> dict[str, str]:
    """Return the final state and message of a sweep's search run, which has no model."""
    if outcome.stopped:
        return {"state": "stopped", "message": run.stop_reason or Message("Stopped on request.")}
    return {"state": "finished", "message": Message("Finished. Evaluated on the validation images only.")}


def _fine_tune(
    run: Run, config: TrainingConfig, fine_tuning: FineTuning, workspace: Workspace, process: DrawingProcess | None
) -> dict[str, str]:
    """Load the data and TensorFlow, and fine-tune a model."""
    prepare_tensorflow()
    import_trainer()
    from core.training.batches import Stopped
    from core.training.fine_tuning import fine_tune

    dataset, training_digits, held_out_digits = _load_data(config, workspace)
    images = EndImages(dataset, config, training_digits, held_out_digits, process)
    try:
        card = fine_tune(run, config, fine_tuning, dataset, workspace, images)
    except Stopped:
        return {"state": "stopped", "message": Message("Stopped before the new model was saved.")}
    print(f"test accuracy {card.metrics.test_accuracy:.4f}", flush=True)
    return {"state": "finished", "message": Message("Finished.")}


def _train_and_evaluate(
    run: Run, config: TrainingConfig, workspace: Workspace, process: DrawingProcess | None
) -> Outcome:
    """Load the data and TensorFlow, and train."""
    prepare_tensorflow()
    with ThreadPoolExecutor(1) as pool:
        # Read and check the data while TensorFlow loads.
        loading = pool.submit(_load_data, config, workspace)
        # Import the trainer only after the first status is written.
        import_trainer()
        from core.training.trainer import train_and_evaluate
    dataset, training_digits, held_out_digits = loading.result()
    write_start(run, config, "images", Message("Preparing images."))
    if config.pen_digits and not training_digits:
        print("The pen digits are not on this machine, so this run trains without them.", flush=True)
    images = EndImages(dataset, config, training_digits, held_out_digits, process)
    return train_and_evaluate(config, run, dataset, training_digits, images)


def import_trainer() -> None:
    """Import TensorFlow, which takes seconds, and the code that trains with it."""
    # Keras tries to import these two packages for features that training does not need; importing them would account
    # for a quarter of the import time.
    with hide_packages("sklearn", "matplotlib"):
        import core.training.trainer  # noqa: F401


def _load_data(
    config: TrainingConfig, workspace: Workspace
) -> tuple[Dataset, tuple[PenDigit, ...], tuple[PenDigit, ...]]:
    """Load the dataset, and the pen digits for training and for evaluation."""
    return load_dataset(config.dataset, workspace), *load_pen_digits(config, workspace)
