"""The measurements of a sweep's runs on the validation split; a search run has them instead of a bundle."""

from __future__ import annotations

import time
from statistics import median
from tempfile import TemporaryDirectory

import keras

from core.classifier.bundle import Card
from core.classifier.export import export_model
from core.classifier.network import Network
from core.classifier.robustness import measure_redrawn_accuracy
from core.data.datasets import Dataset, Split
from core.runs.run import Run
from core.runs.trial import TrialMark, TrialResult, write_trial_result
from core.storage import storage_errors
from core.training.optimizer import compile_for_labels

_TIMED_PREDICTIONS = 300
"""Number of timed predictions, of which the median is reported; together, they take about 20 ms."""
_WARM_UP_PREDICTIONS = 30


def write_measurements(model: keras.Model, run: Run, mark: TrialMark, dataset: Dataset, accuracy: float) -> None:
    """Measure a trained network and write the run's trial result; `accuracy`: the validation accuracy.

    The test set is not read, so that no choice depends on it.
    """
    result = TrialResult(validation_accuracy=accuracy, parameters=model.count_params())
    if mark.measurements:
        compile_for_labels(model)
        # The prefix lets `remove_leftovers` find the folder of a worker that was killed.
        with storage_errors(run.folder), TemporaryDirectory(prefix=".model-", dir=run.folder) as folder:
            bundle = export_model(model, run.folder / folder, dataset.validation.images)
            result = _with_measurements(result, mark, Network(bundle.tflite_file), dataset.validation)
    write_trial_result(run.trial_result_file, result)
    print(f"trial {mark.trial} of sweep {mark.sweep}: {result.model_dump_json()}", flush=True)


def write_winner_measurements(run: Run, mark: TrialMark, card: Card, dataset: Dataset) -> None:
    """Repeat a trial's measurements on the bundle of a run that retrained its settings; write the result."""
    result = TrialResult(validation_accuracy=card.metrics.validation_accuracy, parameters=card.parameters)
    network = Network(run.bundle.tflite_file)
    write_trial_result(run.trial_result_file, _with_measurements(result, mark, network, dataset.validation))


def _with_measurements(result: TrialResult, mark: TrialMark, network: Network, validation: Split) -> TrialResult:
    values: dict[str, float] = {}
    if "redrawn_accuracy" in mark.measurements:
        values["redrawn_accuracy"] = measure_redrawn_accuracy(network, validation)
    if "milliseconds" in mark.measurements:
        values["milliseconds"] = _milliseconds(network, validation)
    return result.model_copy(update=values)


def _milliseconds(network: Network, validation: Split) -> float:
    """Return the median time to predict a single image with one thread, in milliseconds."""
    seconds = []
    for index in range(_WARM_UP_PREDICTIONS + _TIMED_PREDICTIONS):
        first = index % len(validation)
        image = validation.images[first : first + 1]
        start = time.perf_counter()
        network(image)
        seconds.append(time.perf_counter() - start)
    return round(1000 * median(seconds[_WARM_UP_PREDICTIONS:]), 4)
